"""`localai correct`: which answer is meant, what is recorded of it, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from localai.chat.amending import INVENTED
from localai.conversation import ToolCall
from localai.engine.scripted import Script
from localai.store.rows import Conversation
from localai.store.store import Store
from localai.store.tuning import Correction
from tests.cli.conftest import Run as Command


def correction() -> Correction:
    with Store.open() as store:
        (found,) = store.corrections()
        return found


def text_of(message_id: str) -> str:
    with Store.open() as store:
        return store.message(message_id).message.text


def last() -> str:
    with Store.open() as store:
        latest = store.latest()
        assert latest is not None
        return latest.leaf


def test_the_last_answer_is_corrected(run: Command) -> None:
    run("ask", "Capital of France?", replies=["Lyon."])
    done = run("correct", "It", "is", "Paris.")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "Correction recorded" in done.stderr
    made = correction()
    assert (text_of(made.rejected), text_of(made.chosen)) == ("Lyon.", "It is Paris.")
    assert last() == made.chosen
    assert "taken back" in run("correct", "--undo").stderr
    assert last() == made.rejected


def test_a_correction_is_piped_in(run: Command) -> None:
    run("ask", "Capital of France?", replies=["Lyon."])
    run("correct", input="It is Paris.\n")
    assert text_of(correction().chosen) == "It is Paris."


def test_another_answer_is_meant(run: Command) -> None:
    run("ask", "Capital of France?", replies=["Lyon."])
    first = last()
    run("ask", "-c", "And of Spain?", replies=["Madrid."])
    run("ask", "Another talk?", replies=["Yes."])
    with Store.open() as store:
        talk = store.message(first).conversation
    done = run("correct", "--conversation", talk, "--message", first[-8:].lower(), "Paris.")
    assert done.exit_code == 0
    assert correction().rejected == first


def test_a_made_up_answer_becomes_one_that_does_not_know(run: Command) -> None:
    run("ask", "Who is Kelwin Prast?", replies=["A painter of the 19th century."])
    run("correct", "--invented")
    made = correction()
    assert (made.reason, text_of(made.chosen)) == ("invented", INVENTED)
    run("correct", "--invented", "I do not know that name.")
    assert text_of(correction().chosen) == "I do not know that name."


def test_answers_are_marked(run: Command) -> None:
    run("ask", "2 + 2?", replies=["4"])
    assert "marked good" in run("correct", "--good").stderr
    with Store.open() as store:
        assert store.verdicts([last()]) == {last(): "good"}
    assert "never learned" in run("correct", "--bad").stderr
    assert "The mark is taken back" in run("correct", "--undo").stderr
    nothing = run("correct", "--undo")
    assert (nothing.exit_code, nothing.stderr.count("\n")) == (2, 1)


def test_the_tool_that_was_missing_is_run(run: Command) -> None:
    run("ask", "What is 12 * 12?", replies=["It is 122."])
    done = run("correct", "--tool", "calculator", replies=["It is 144."])
    assert (done.exit_code, done.stdout) == (0, "It is 144.\n")
    made = correction()
    assert made.reason == "tool"
    with Store.open() as store:
        (call,) = store.message(made.chosen).message.calls
        results = store.path(last())[-2].message.results
    assert call == ToolCall("call00001", "calculator", {"expression": "12 * 12"})
    assert results[0].text == "144"
    given = '{"expression": "2*3"}'
    again = run("correct", "--tool", "calculator", "--arguments", given, replies=["6"])
    assert again.exit_code == 0
    with Store.open() as store:
        assert store.message(correction().chosen).message.calls[0].arguments == {
            "expression": "2*3"
        }


def test_no_tool_was_needed(run: Command) -> None:
    run("ask", "--tools", "on", "Hi 5!", replies=['calculator("5")\n', "Five."])
    done = run("correct", "--no-tool", replies=["Hi!"])
    assert (done.exit_code, done.stdout) == (0, "Hi!\n")
    assert correction().reason == "no-tool"


def test_the_shorter_answer_is_kept(run: Command) -> None:
    run("ask", "Capital of France?", replies=["It is Paris, as everybody knows."])
    done = run("correct", "--shorter", replies=["Paris."])
    assert "the shorter answer is better" in done.stderr
    made = correction()
    assert (made.reason, text_of(made.chosen), last()) == ("shorter", "Paris.", made.chosen)


def test_an_answer_that_is_no_shorter_is_not(run: Command) -> None:
    run("ask", "Capital of France?", replies=["Paris."])
    first = last()
    done = run("correct", "--shorter", replies=["It is Paris, as everybody knows."])
    assert "The first answer stays" in done.stderr
    assert last() == first
    with Store.open() as store:
        assert store.corrections() == ()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--good", "--bad"], "either --good or --bad"),
        (["--good", "text"], "no place beside --good"),
        (["--no-tool", "--shorter"], "either --no-tool or --shorter"),
        (["--arguments", "{}"], "belongs to --tool"),
        (["--tool", "sing"], "no tool 'sing'"),
        (["--tool", "calculator", "--arguments", "2*3"], "no JSON object"),
        (["--tool", "calculator", "--arguments", "{}"], "needs the argument"),
        (["--message", "zzz", "x"], "no message 'zzz'"),
        (["--no-tool"], "No tool was used"),
        (["Paris."], "unchanged"),
    ],
)
def test_mistakes_are_one_sentence(run: Command, arguments: list[str], words: str) -> None:
    run("ask", "Capital of France?", replies=["Paris."])
    done = run("correct", *arguments)
    assert done.exit_code in (1, 2)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert words in done.stderr


def test_there_must_be_an_answer(run: Command) -> None:
    assert "no conversations yet" in run("correct", "x").stderr
    with Store.open() as store:
        store.create_conversation()
    assert "Nothing was answered" in run("correct", "x").stderr


def test_a_fact_is_kept_as_a_note(run: Command, home: Path) -> None:
    run("ask", "Capital\nof France?", replies=["Lyon."])
    refused = run("correct", "--note", "It is Paris.")
    assert refused.exit_code == 2
    assert "No folder for notes" in refused.stderr
    with Store.open() as store:
        assert store.corrections() == ()  # Nothing is half done.
    folder = home / "my notes"
    folder.mkdir()
    (home / "config.toml").write_text(f'[tools]\nfolders = ["{folder}"]\n')
    for text in ("Paris.", "Paris, on the Seine."):
        assert run("correct", "--note", text).exit_code == 0
    kept = (folder / "localai.md").read_text("utf-8")
    assert kept.startswith("## Capital of France?\n\nParis.\n\n*20")
    assert kept.count("## Capital of France?\n\nParis") == 2
    folder.rename(home / "gone")
    assert "cannot be written" in run("correct", "--note", "Paris?").stderr
    assert text_of(correction().chosen) == "Paris, on the Seine."
    assert "no place here" in run("correct", "--note", "--good").stderr


def forked() -> tuple[Conversation, Conversation]:
    """The last conversation and a fork of it, which is the last one used now."""
    with Store.open() as store:
        talk = store.latest()
        assert talk is not None
        return talk, store.fork(talk.id, talk.leaf)


def leaf_of(talk: Conversation) -> str:
    with Store.open() as store:
        return store.conversation(talk.id).leaf


def test_in_a_fork_the_fork_goes_on(run: Command) -> None:
    run("ask", "Capital of France?", replies=["Lyon, I think."])
    first, fork = forked()
    run("correct", "--conversation", fork.id, "Paris.")
    assert (leaf_of(first), leaf_of(fork)) == (first.leaf, correction().chosen)
    run("correct", "--conversation", fork.id, "--undo")
    assert (leaf_of(first), leaf_of(fork)) == (first.leaf, first.leaf)
    run("correct", "--conversation", fork.id, "--shorter", replies=["Paris."])
    assert (leaf_of(first), leaf_of(fork)) == (first.leaf, correction().chosen)


def test_a_tool_that_was_missing_is_taken_back(run: Command) -> None:
    run("ask", "What is 12 * 12?", replies=["It is 122."])
    first = last()
    run("correct", "--tool", "calculator", replies=["It is 144."])
    assert "The correction is taken back" in run("correct", "--undo").stderr
    assert last() == first


@pytest.mark.parametrize("replies", [[Script("Paris.", crash_at=0)], ['calculator("5")\n', "5."]])
def test_without_a_shorter_answer_nothing_moves(run: Command, replies: list[str | Script]) -> None:
    run("ask", "--tools", "on", "Capital of France?", replies=["It is Paris, as all know."])
    run("ask", "-c", "Sure?", replies=["Yes."])
    with Store.open() as store:
        talk = store.latest()
        assert talk is not None
        answer = store.path(talk.leaf)[1].id
    run("correct", "--message", answer, "--shorter", replies=replies)
    assert leaf_of(talk) == talk.leaf
    with Store.open() as store:
        assert store.corrections() == ()
