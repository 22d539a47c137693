"""`localai ask` with a model that calls tools: what is printed, what may run."""

from __future__ import annotations

import json
from pathlib import Path

from localai.engine.scripted import ScriptedEngine
from tests.cli.conftest import Engine, Run
from tests.cli.program import OnTerminal, environment

TEMPLATE = "{{ tools }}<tool_call>"


def call(name: str, **arguments: str) -> str:
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


SUM = call("calculator", expression="3748 * 291")
FETCH = call("web_fetch", url="http://127.0.0.1/")


def engine(*replies: str) -> ScriptedEngine:
    return Engine(replies, template=TEMPLATE)


def test_only_the_answer_goes_to_a_pipe(run: Run) -> None:
    result = run("ask", "How much?", engine=engine("Let me see." + SUM, "1,090,668."))
    assert (result.stdout, result.stderr) == ("Let me see.\n\n1,090,668.\n", "")
    assert result.exit_code == 0


def test_json_tells_the_calls(run: Run) -> None:
    found = json.loads(run("ask", "--json", "x", engine=engine(SUM, "Done.")).stdout)
    (asked,) = found["tool_calls"]
    assert asked.pop("seconds") > 0
    assert asked == {
        "id": "call00001",
        "name": "calculator",
        "arguments": {"expression": "3748 * 291"},
        "ok": True,
        "result": "1090668",
    }
    assert found["answer"] == "Done."


def test_a_failed_call_is_told_on_stderr(run: Run) -> None:
    result = run("ask", "x", engine=engine(call("calculator", expression="1/0"), "Sorry."))
    assert result.stdout == "Sorry.\n"
    assert result.stderr.startswith('calculator(expression="1/0") ✗ ')


def test_tools_can_be_switched_off(run: Run) -> None:
    result = run("ask", "--tools", "off", "x", engine=engine(SUM))
    assert result.stdout.strip() == SUM


def test_what_leaves_the_machine_needs_to_be_allowed_by_name(run: Run, home: Path) -> None:
    (home / "config.toml").write_text("[tools]\nweb_fetch = true\n")
    denied = run("ask", "x", engine=engine(FETCH, "No."))
    assert "The user did not allow this call of web_fetch." in denied.stderr
    allowed = run("ask", "--allow", "web_fetch", "x", engine=engine(FETCH, FETCH, "No."))
    first, second = allowed.stderr.splitlines()
    assert first.endswith("✗ 127.0.0.1 leads to an address that is not public.")
    assert "did not allow" in second  # text from elsewhere was read


def test_allowing_what_is_off_or_not_there_is_refused(run: Run) -> None:
    off = run("ask", "--allow", "web_fetch", "x", engine=engine("x"))
    assert off.exit_code == 2
    assert off.stderr.startswith("web_fetch is off; ")
    unknown = run("ask", "--allow", "web_fetsch", "x", engine=engine("x"))
    assert unknown.exit_code == 1
    assert "did you mean web_fetch?" in unknown.stderr


def test_a_turn_of_calls_alone_says_so(run: Run) -> None:
    result = run("ask", "x", engine=engine(SUM))
    assert "used all its calls and gave no answer" in result.stderr


def test_history_shows_calls_and_results(run: Run) -> None:
    run("ask", "How much?", engine=engine(SUM, "1,090,668."))
    text = run("history", "show", "latest").stdout
    assert 'calculator(expression="3748 * 291")' in text
    assert "→ 1090668" in text
    messages = json.loads(run("history", "show", "latest", "--json").stdout)["messages"]
    assert messages[1]["tool_calls"][0]["name"] == "calculator"
    assert messages[2]["tool_results"][0]["result"] == "1090668"


def test_on_a_terminal_each_call_leaves_one_line(home: Path) -> None:
    env = environment([SUM, "It is **so**."], SCRIPTED_TEMPLATE=TEMPLATE)
    with OnTerminal(["ask", "How much?"], env) as terminal:
        assert terminal.wait() == 0
    assert 'calculator(expression="3748 * 291") → 1090668 · ' in terminal.screen
    assert "tool_call" not in terminal.screen
