"""The command line on a real terminal."""

from __future__ import annotations

import signal

from localai.store.store import Store
from tests.cli.emulator import Emulator
from tests.cli.program import OnTerminal, environment


def shown(raw: str, columns: int = 80, rows: int = 24) -> str:
    """What a terminal shows for these bytes."""
    emulator = Emulator(columns, rows)
    emulator.write(raw)
    return emulator.text


def test_markdown_is_rendered() -> None:
    with OnTerminal(["ask", "Hi"], environment(["It is **so**:\n\n- one\n- two\n"])) as terminal:
        assert terminal.wait() == 0
    assert "\x1b[1mso\x1b[0m" in terminal.screen
    assert shown(terminal.screen) == "It is so:\n\n • one\n • two\n"


def test_ctrl_c_keeps_the_answer_and_the_screen_in_order() -> None:
    env = environment([{"text": "one **two** three", "hold_at": 4}], SCRIPTED_PACE="0.05")
    with OnTerminal(["ask", "Count"], env) as terminal:
        terminal.read_until(lambda screen: "two" in screen)
        terminal.press(b"\x03")
        assert terminal.wait() == 130
    assert shown(terminal.screen) == "one two\n"
    with Store.open() as store:
        latest = store.latest()
        assert latest is not None
        assert store.message(latest.leaf).status == "cancelled"


def test_a_resize_in_the_middle() -> None:
    env = environment([{"text": "one two three four", "hold_at": 2}], SCRIPTED_PACE="0.05")
    with OnTerminal(["ask", "Count"], env) as terminal:
        terminal.read_until(lambda screen: "two" in screen)
        terminal.resize(20, 5)
        terminal.signal(signal.SIGINT)
        assert terminal.wait() == 130
    assert shown(terminal.screen, 20, 5) == "one two\n"


def test_a_terminal_that_goes_away_costs_nothing() -> None:
    env = environment([{"text": "one two three four", "hold_at": 2}], SCRIPTED_PACE="0.05")
    with OnTerminal(["ask", "Count"], env) as terminal:
        terminal.read_until(lambda screen: "two" in screen)
    assert terminal.exit_code() == 128 + signal.SIGHUP
    with Store.open() as store:
        latest = store.latest()
        assert latest is not None
        answer = store.message(latest.leaf)
    assert (answer.status, answer.message.text) == ("cancelled", "one two")


def test_reasoning_is_folded_to_one_line() -> None:
    env = environment(["<think>hm well</think>It is 4."], SCRIPTED_THINKING="1")
    with OnTerminal(["ask", "2+2?"], env) as terminal:
        assert terminal.wait() == 0
    assert shown(terminal.screen) == "Thought for 3 tokens\nIt is 4.\n"
    with OnTerminal(["ask", "--show-reasoning", "2+2?"], env) as terminal:
        assert terminal.wait() == 0
    assert shown(terminal.screen) == "hm well\n\nIt is 4.\n"


def test_a_dumb_terminal_gets_plain_text() -> None:
    env = environment(["It is **so**."], TERM="dumb")
    with OnTerminal(["ask", "Hi"], env) as terminal:
        assert terminal.wait() == 0
    assert terminal.screen == "It is **so**.\r\n"


def test_no_color_keeps_bold_but_no_colour() -> None:
    env = environment(["It is **so** `new`."], NO_COLOR="1")
    with OnTerminal(["ask", "Hi"], env) as terminal:
        assert terminal.wait() == 0
    assert "\x1b[1mso" in terminal.screen
    assert "\x1b[36m" not in terminal.screen


def test_a_waiting_model_says_so_after_a_while() -> None:
    env = environment([{"text": "one", "hold_at": 0}])
    with OnTerminal(["ask", "Hi"], env) as terminal:
        terminal.read_until(lambda screen: "tokens …" in screen)
        terminal.press(b"\x03")
        assert terminal.wait() == 130
    assert "Reading" not in shown(terminal.screen)


def test_the_history_on_a_terminal() -> None:
    env = environment(["It is **so**."])
    with OnTerminal(["ask", "Why?"], env) as terminal:
        terminal.wait()
    with OnTerminal(["history", "list"], env) as terminal:
        terminal.wait()
    assert shown(terminal.screen).rstrip().endswith("2  Why?")
    with OnTerminal(["history", "show", "latest"], env) as terminal:
        terminal.wait()
    assert shown(terminal.screen) == "Why?\n\nYou\nWhy?\n\nModel (scripted)\nIt is so.\n"
