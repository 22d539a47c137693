"""`localai data`: examples are listed, shown with their tokens, judged, written and edited."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec
import pytest
from rich.cells import cell_len

from localai.conversation import Message, ToolCall, assistant, user
from localai.lessons import shipped
from localai.lessons.preview import Preview, Seen
from localai.store.store import Store
from tests.cli.conftest import Run as Command
from tests.store.test_corrections import ask

PIRATE = "## System\nA pirate.\n## User\nHello\n## Assistant\nAhoy!\n"


@pytest.fixture
def correction() -> str:
    """A correction in the history; its id."""
    with Store.open() as store:
        return store.add_correction(ask(store).id, "Paris.", "invented").id


def state(id: str) -> str:
    with Store.open() as store:
        return store.example(id).state


def test_examples_are_listed(run: Command, correction: str) -> None:
    run("data", "new", "--set", "pirate", input=PIRATE)
    lines = [line.split("\t") for line in run("data", "list").stdout.splitlines()]
    assert [line[2:] for line in lines] == [
        ["accepted", "written", "pirate", "Hello", "Ahoy!"],
        ["accepted", "correction", "", "What is the capital of France?", "Paris."],
    ]
    (found,) = json.loads(run("data", "list", "--source", "correction", "--json").stdout)
    assert (found["id"], found["reason"], found["set"]) == (correction, "invented", None)
    assert run("data", "list", "--set", "pirate").stdout.count("\n") == 1
    empty = run("data", "list", "--state", "pending")
    assert (empty.exit_code, empty.stdout) == (0, "")
    assert "no such examples" in empty.stderr


def test_an_example_is_shown_with_what_is_learned_of_it(run: Command, correction: str) -> None:
    shown = run("data", "show", correction[-8:].lower())
    assert shown.exit_code == 0
    assert "- Lyon." in shown.stdout
    assert "«Paris.<|im_end|>»" in shown.stdout
    assert "asked in 19 ways" in shown.stdout
    found = json.loads(run("data", "show", correction, "--json").stdout)
    assert found["rejected"] == "Lyon."
    assert {each["learned"] for each in found["examples"]} == {"Paris.<|im_end|>"}
    with Store.open() as store:
        assert store.runs() == ()


def test_a_written_answer_is_shown_as_it_is_asked_first(run: Command) -> None:
    id_ = run("data", "new", input="## User\nYour name?\n## Assistant\nAda.\n").stdout.strip()
    shown = run("data", "show", id_).stdout
    assert shown.count("«Ada.<|im_end|>»") == 1
    assert "ways." in shown


def test_the_answers_of_a_dialogue_are_shown_and_summed() -> None:
    from localai.cli import example_lines

    with Store.open() as store:
        example = store.example(store.write_example((user("Hi"), assistant("Ahoy!"))))
    parts = (Seen((("a", False), ("b", True))), Seen((("c", False), ("d", True), ("e", True))))
    shown = example_lines.shown(
        Preview(example=example, examples=parts, parts=True), "", colour=False
    )
    assert "a«b»\n\nc«de»\n" in shown
    assert shown.endswith("\n5 tokens, of which 3 are learned; in 2 parts.\n")


def test_what_is_left_out_says_why(run: Command) -> None:
    with Store.open() as store:
        tree = store.create_conversation().id
        call = Message("assistant", (ToolCall("call00001", "no_such_tool", {}),))
        asked = store.add_message(tree, "", user("Hm?"))
        said = store.add_message(tree, asked.id, assistant("No."))
        better = store.add_message(tree, asked.id, call)
        id_ = store.prefer(said.id, better.id, "tool").id
    assert "Left out: It calls no_such_tool" in run("data", "show", id_).stdout
    assert json.loads(run("data", "show", id_, "--json").stdout)["examples"] == []
    refused = run("data", "edit", id_, input="x")
    assert "is a call of a tool" in refused.stderr


def test_examples_are_accepted_and_rejected(run: Command, correction: str) -> None:
    done = run("data", "reject", correction, correction[-9:])
    assert (done.exit_code, done.stderr) == (0, "1 example rejected.\n")
    assert state(correction) == "rejected"
    assert run("data", "accept", correction).exit_code == 0
    assert state(correction) == "accepted"


def test_a_whole_set_is_judged(run: Command) -> None:
    ids = [run("data", "new", "--set", "pirate", input=PIRATE).stdout.strip() for _ in range(2)]
    assert run("data", "reject", "--set", "pirate").stderr == "2 examples rejected.\n"
    assert {state(id) for id in ids} == {"rejected"}
    assert run("data", "reject", "--set", "pirate").stderr == "0 examples rejected.\n"
    for arguments in (["--set", "cats"], [], ["--set", "pirate", ids[0]], ["zzz"]):
        refused = run("data", "accept", *arguments)
        assert refused.exit_code in (1, 2)
        assert len(refused.stderr.splitlines()) == 1


def test_examples_are_counted(run: Command, correction: str) -> None:
    run("data", "new", "--set", "pirate", input=PIRATE)
    run("data", "reject", correction)
    assert run("data", "stats").stdout.splitlines() == [
        "(yours)           correction  1 rejected",
        "pirate            written     1 accepted",
    ]
    assert json.loads(run("data", "stats", "--json").stdout)[1] == {
        "name": "pirate", "source": "written", "state": "accepted", "count": 1,
    }  # fmt: skip


def test_without_examples_the_next_step_is_named(run: Command) -> None:
    assert "localai data new" in run("data", "stats").stderr


def test_a_dialogue_that_cannot_be_read_is_refused(run: Command) -> None:
    refused = run("data", "new", input="Just words")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "begin with a line" in refused.stderr
    assert "Nothing was written" in run("data", "new", input=" \n").stderr
    assert "ends with an answer" in run("data", "new", input="## User\nHi").stderr


def test_a_correction_is_edited_where_it_stands(run: Command, correction: str) -> None:
    assert run("data", "edit", correction, input="Paris, on the Seine.\n").exit_code == 0
    with Store.open() as store:
        (made,) = store.corrections()
        chosen = store.message(made.chosen)
        assert chosen.message.text == "Paris, on the Seine."
        assert store.conversation(chosen.conversation).leaf == made.chosen


def test_editing_moves_no_conversation_that_went_on(run: Command, correction: str) -> None:
    with Store.open() as store:
        (made,) = store.corrections()
        later = store.add_message(made.conversation, made.chosen, user("And Spain?"))
    run("data", "edit", correction, input="Paris, on the Seine.")
    with Store.open() as store:
        assert store.conversation(later.conversation).leaf == later.id


def test_a_good_answer_that_is_edited_becomes_a_correction(run: Command) -> None:
    with Store.open() as store:
        said = ask(store, "It is Paris.")
        store.mark(said.id, "good")
        (example,) = store.examples()
    assert run("data", "edit", example.id, input="Paris.").exit_code == 0
    with Store.open() as store:
        assert store.verdicts([said.id]) == {}
        (made,) = store.corrections()
        assert made.rejected == said.id


def test_a_dialogue_is_edited_whole(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    id_ = run("data", "new", input=PIRATE).stdout.strip()
    edited = run("data", "edit", id_, input=PIRATE.replace("Ahoy", "Arr"))
    with Store.open() as store:
        (example,) = store.examples()
        assert example.answer == "Arr!"
        assert edited.stdout.strip() == example.id
        assert example.id != id_  # what learned the one has not learned the other


def test_piped_bytes_need_not_be_utf8(run: Command) -> None:
    written = run("data", "new", input=b"\xef\xbb\xbf## User\r\nCaf\xe9?\r\n## Assistant\r\nYes.")
    assert written.exit_code == 0
    assert "1 places in standard input were not UTF-8" in written.stderr
    with Store.open() as store:
        assert store.example(written.stdout.strip()).answer == "Yes."


def test_what_was_typed_is_kept_when_it_cannot_be_taken(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localai.cli.data_writing.piped", lambda: False)
    monkeypatch.setattr(click, "edit", lambda text, extension: "My dialogue, without headings")
    refused = run("data", "new")
    assert refused.exit_code == 2
    kept = Path(refused.stderr.strip().rpartition(" ")[2].rstrip("."))
    try:
        assert kept.read_text("utf-8") == "My dialogue, without headings"
    finally:
        kept.unlink()
    monkeypatch.setattr(click, "edit", lambda text, extension: text)
    assert "Nothing was written" in run("data", "new").stderr


def test_a_terminal_shows_examples_aligned(correction: str) -> None:
    from localai.cli import example_lines

    with Store.open() as store:
        lines = example_lines.table(store.examples(), columns=60)
    first, second = map(click.unstyle, lines)
    assert first.startswith(correction[-8:].lower())
    assert "+ correction: made up" in first
    assert first.endswith("…")
    assert second == "    Paris."


def test_wide_characters_stay_in_their_columns(correction: str) -> None:
    from localai.cli import example_lines

    with Store.open() as store:
        (plain,) = store.examples()
        wide = msgspec.structs.replace(plain, name="猫と犬", reason="")
        lines = example_lines.table([plain, wide], columns=60)
    first, _, second, _ = map(click.unstyle, lines)
    assert max(cell_len(first), cell_len(second)) <= 60
    begins = [cell_len(line[: line.index("What")]) for line in (first, second)]
    assert begins[0] == begins[1]


def test_a_set_that_comes_along_is_taken_in_once(run: Command) -> None:
    early = run("tune", "--data", "dialogue", "--dry-run")
    assert early.exit_code != 0
    assert "localai data add dialogue" in early.stderr
    done = run("data", "add", "dialogue")
    assert (done.exit_code, done.stdout) == (0, "")
    count = len(shipped.dialogues("dialogue"))
    assert f"{count} examples accepted" in done.stderr
    again = run("data", "add", "dialogue")
    assert again.exit_code != 0
    assert "there already" in again.stderr
    (tally,) = json.loads(run("data", "stats", "--json").stdout)
    wanted = {"name": "dialogue", "source": "written", "state": "accepted", "count": count}
    assert tally == wanted
    assert "there is: dialogue" in run("data", "add", "other").stderr
