"""`localai compare`: two answers to one question, the vote on a terminal, how votes came out."""

from __future__ import annotations

import json
import re

import pytest

from localai.engine.base import Thinking
from localai.errors import ModelError
from localai.store.preferred import Vote
from localai.store.store import Store
from tests.cli.conftest import Engine, Run
from tests.cli.program import OnTerminal, environment

STEPWISE = "Two and two.\nAnswer: It is 4."
DONE = "tokens, 0."


def test_both_answers_are_printed_and_stored(run: Run) -> None:
    result = run("compare", "2 + 2?", "--styles", "direct,steps", replies=["4.", STEPWISE])
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if DONE not in line]
    assert lines == ["1  direct", "4.", "", "2  steps", "It is 4."]
    assert result.stdout.count(DONE) == 2
    assert result.stderr == ""
    with Store.open() as store:
        (talk,) = store.conversations()
        question, answer = store.path(talk.leaf)
        assert question.message.text == "2 + 2?"
        assert len(answer.siblings) == 2
        assert store.preferences() == ()


def test_json_names_the_sides(run: Run) -> None:
    result = run("compare", "--json", "2 + 2?", "--styles", "steps,direct", replies=[STEPWISE, "4"])
    found = json.loads(result.stdout)
    assert (found["question"], found["kind"]) == ("2 + 2?", "styles")
    assert [side["side"] for side in found["sides"]] == ["steps", "direct"]
    assert [side["answer"] for side in found["sides"]] == ["It is 4.", "4"]
    assert found["sides"][1]["tokens"]["generated"] == 1


def test_blind_sides_have_no_names(run: Run) -> None:
    result = run("compare", "--blind", "2 + 2?", replies=["4.", "5."])
    assert [line for line in result.stdout.splitlines() if line in ("1", "2")] == ["1", "2"]
    assert "direct" not in result.stdout


def test_how_fast_it_was_tells_nobody_who_it_is(run: Run) -> None:
    timed = re.compile(r"\d tokens, \d+\.\d s")
    replies = ["4.", "5."]
    assert len(timed.findall(run("compare", "2 + 2?", replies=replies).stdout)) == 2
    assert not timed.search(run("compare", "--blind", "2 + 2?", replies=replies).stdout)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to ask"),
        (("Hi", "--styles", "direct,brief"), "direct,steps"),
        (("Hi", "--styles", "direct,steps", "--adapters", "base,current"), "not both"),
        (("Hi", "--blind", "--json"), "leave out --blind"),
        (("Hi", "--votes"), "asks nothing"),
        (("Hi", "--adapters", "base"), "Name two"),
        (("Hi", "--adapters", "base,base"), "Both sides are base"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    run: Run, arguments: tuple[str, ...], words: str
) -> None:
    result = run("compare", *arguments)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert words in result.stderr


def test_a_model_that_cannot_be_loaded_is_told(run: Run) -> None:
    engine = Engine(load_error=ModelError("It is gone; pull it again."))
    result = run("compare", "Hi", engine=engine)
    assert (result.exit_code, result.stderr) == (1, "It is gone; pull it again.\n")


def vote(store: Store, what: Vote) -> None:
    latest = store.latest()
    assert latest is not None
    left, right = store.path(latest.leaf)[-1].siblings
    store.add_preference(left, right, "styles", ("direct", "steps"), what)


def test_votes_are_listed_with_their_interval(run: Run) -> None:
    assert run("compare", "--votes").stderr.startswith("There are no votes yet")
    run("compare", "2 + 2?", replies=["4.", STEPWISE])
    with Store.open() as store:
        vote(store, "right")
        vote(store, "left")
        vote(store, "right")
    told = "direct / steps  named  direct 1, steps 2 (steps 67 %, 95 % interval 21 to 94 %)\n"
    assert run("compare", "--votes").stdout == told
    (found,) = json.loads(run("compare", "--votes", "--json").stdout)
    assert (found["first_won"], found["second_won"], found["blind"]) == (1, 2, False)
    assert found["interval"] == pytest.approx([0.2077, 0.9385], abs=1e-3)


@pytest.mark.parametrize("columns", [100, 60])
def test_a_terminal_asks_which_is_better(columns: int) -> None:
    env = environment(["It is four.", STEPWISE])
    with OnTerminal(["compare", "2 + 2?"], env, columns=columns) as program:
        program.read_until(lambda seen: "leaves it open" in seen)
        assert "direct" in program.screen
        assert "It is 4." in program.screen
        program.press(b"2\r")
        assert program.wait() == 0
        assert "direct 0, steps 1" in program.screen
    with Store.open() as store:
        (made,) = store.preferences()
        assert made.vote == "right"
        latest = store.latest()
        assert latest is not None
        assert latest.leaf == made.right


def test_a_blind_vote_tells_who_was_who() -> None:
    env = environment(["It is four.", "It is four."])
    with OnTerminal(["compare", "--blind", "2 + 2?"], env, columns=100) as program:
        program.read_until(lambda seen: "leaves it open" in seen)
        assert "direct" not in program.screen
        program.press(b"e\r")
        assert program.wait() == 0
        assert "1 was " in program.screen
        assert "1 equal" in program.screen


def test_sure_tells_how_many_say_the_same(run: Run) -> None:
    replies = ["It is Paris.", "Paris.", "It is Rome.", "Paris, of course.", "It is Oslo.", "Paris"]
    result = run("ask", "--sure", "What is the capital of France?", replies=replies)
    assert result.stdout == "It is Paris.\n"
    assert "4 of 6 say the same." in result.stderr
    assert "It is Rome." in result.stderr
    assert "Paris, of course." not in result.stderr


def test_sure_is_part_of_the_json(run: Run) -> None:
    result = run("ask", "--sure", "--json", "Capital of France?", replies=["Paris."])
    found = json.loads(result.stdout)
    assert (found["sure"]["same"], found["sure"]["of"]) == (6, 6)
    assert "sure" not in json.loads(run("ask", "--json", "Hi").stdout)


def test_sure_has_no_place_beside_raw(run: Run) -> None:
    assert "--sure has no place" in run("ask", "--raw", "--sure", "Hi").stderr


def test_reasoning_is_left_out_of_both(run: Run) -> None:
    engine = Engine(["<think>hm</think>4."], thinking=Thinking("<think>", "</think>", True))
    result = run("compare", "2 + 2?", engine=engine)
    assert "hm" not in result.stdout
