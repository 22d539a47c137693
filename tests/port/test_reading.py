"""Whole imports: what lands, what does not, and that nothing lands twice."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from localai.port import reading, records, sources
from localai.port.preview import Preview
from localai.port.reading import Import, Report
from localai.port.sources import PortError
from localai.store.store import Store
from tests.port import samples
from tests.port.conftest import shown
from tests.port.samples import node, openai
from tests.port.test_lossless import export


def skipped(report: Report) -> dict[str, list[str]]:
    return {each.reason: each.places for each in report.skipped.values()}


@pytest.mark.parametrize("kind", ["zip", "folder", "file"])
def test_an_export_as_it_is_downloaded(store: Store, tmp_path: Path, kind: str) -> None:
    if kind == "zip":
        path = samples.zipped(
            tmp_path / "x.zip", conversations=[samples.talk()], user={"id": 1}, feedback=[7]
        )
    else:
        path = tmp_path / "conversations.json"
        path.write_text(json.dumps([samples.talk()]))
    report = Import(store).run(tmp_path if kind == "folder" else path)
    assert (report.added, report.messages, skipped(report)) == (1, 2, {})
    assert report.formats == {"ChatGPT": 1}
    assert shown(store) == [("user", "When is high tide?"), ("assistant", "At noon.")]
    answer = store.path(store.conversations()[0].leaf)[1]
    assert (answer.origin and answer.origin.model, answer.message.learn) == ("gpt-4o", False)


def test_a_second_import_adds_nothing(store: Store, tmp_path: Path) -> None:
    path = samples.lines(
        tmp_path / "x.jsonl", samples.talk(), openai("Hi", "Ho"), openai("Hi", "Hey"),
        samples.claude(samples.said("1", "human", "Hi")),
    )  # fmt: skip
    first = Import(store).run(path)
    before = [store.tree(id_) for id_ in store.conversation_ids()]
    again = Import(store).run(path)
    assert (first.added, first.messages) == (4, 7)
    assert (again.added, again.grown, again.messages) == (0, 0, 0)
    assert (again.known, again.messages_known) == (4, 7)
    assert [store.tree(id_) for id_ in store.conversation_ids()] == before


def test_equal_rows_and_equal_ids_are_one_conversation(store: Store, tmp_path: Path) -> None:
    rows = [openai("Hi", "Ho"), openai("Hi", "Ho"), samples.talk(), samples.talk()]
    report = Import(store).run(samples.lines(tmp_path / "x", *rows))
    assert (report.added, report.known, report.messages) == (2, 2, 4)
    # The same words elsewhere are another conversation.
    other = Import(store).run(samples.lines(tmp_path / "y", samples.talk("c-2")))
    assert (other.added, other.messages) == (1, 2)


def test_a_conversation_that_went_on_grows_where_it_is(store: Store, tmp_path: Path) -> None:
    Import(store).run(samples.lines(tmp_path / "x", samples.talk()))
    more = samples.talk("c-1", node("q2", "a", text="And low tide?"), node("a2", "a", text="?"))
    more["current_node"] = "q2"
    report = Import(store).run(samples.lines(tmp_path / "y", more))
    assert (report.added, report.grown, report.messages) == (0, 1, 2)
    assert [text for _, text in shown(store)] == ["When is high tide?", "At noon.", "And low tide?"]


def test_where_the_user_went_on_here_stays(store: Store, tmp_path: Path) -> None:
    Import(store).run(samples.lines(tmp_path / "x", samples.talk()))
    row = store.conversations()[0]
    said = store.path(row.leaf)[0].message
    here = store.add_message(row.id, row.leaf, said).id
    more = samples.talk("c-1", node("q2", "a", text="And low tide?"))
    assert Import(store).run(samples.lines(tmp_path / "y", more)).messages == 1
    assert store.conversation(row.id).leaf == here


def test_two_identical_answers_stay_two(store: Store, tmp_path: Path) -> None:
    record = samples.talk("c-1", node("b", "q", "assistant", "At noon."))
    path = samples.lines(tmp_path / "x", record)
    assert Import(store).run(path).messages == 3
    assert Import(store).run(path).messages == 0
    assert len(store.path(store.conversations()[0].leaf)[-1].siblings) == 2


def test_a_dry_run_tells_the_same_and_adds_nothing(store: Store, tmp_path: Path) -> None:
    rows = [samples.talk(), openai("Hi", "Ho"), openai("Hi", "Ho"), {"a": 1}]
    path = samples.lines(tmp_path / "x", *rows)
    told = Import(Preview(store)).run(path)
    assert store.conversations() == ()
    assert Import(store).run(path) == told
    assert Import(Preview(store)).run(path) == Import(store).run(path)


def test_a_dry_run_tells_how_many_would_wait_in_a_data_set(store: Store, tmp_path: Path) -> None:
    asks = {"messages": [{"role": "user", "content": "Hi?"}]}
    rows = [samples.talk(), openai("Hi", "Ho"), openai("Hi", "Ho"), asks, openai("A", "B")]
    one, two = (samples.lines(tmp_path / f"{n}", *rows[:n]) for n in (4, 5))
    more = samples.lines(tmp_path / "more", samples.talk("c-1", node("q2", "a", text="And?")))
    for path, number in ((one, 2), (one, 0), (two, 1), (more, 0)):
        told = Import(Preview(store), name="set").run(path)
        assert told.examples == number
        assert Import(store, name="set").run(path) == told
    own = export(store, tmp_path / "own")
    with Store.memory() as other:
        for number in (3, 0):
            told = Import(Preview(other), name="new").run(own)
            assert told.examples == number
            assert Import(other, name="new").run(own) == told


def test_broken_records_cost_themselves_alone(store: Store, tmp_path: Path) -> None:
    good, other = openai("Hi", "Ho"), openai("A", "B")
    rows: list[samples.Json | str] = [good, '{"messages": [bad', "", "[]", other, '{"messages": 5}']
    report = Import(store).run(samples.lines(tmp_path / "x", *rows))
    assert report.added == 2
    places = sorted(place for each in skipped(report).values() for place in each)
    assert places == ["line 2", "line 4", "line 6"]
    array = tmp_path / "y"
    array.write_text(json.dumps([samples.talk(), "odd", {"mapping": 7}, samples.talk("c-2")]))
    report = Import(store).run(array)
    assert report.added == 2
    assert sorted(place for each in skipped(report).values() for place in each) == [
        "conversation 2",
        "conversation 3",
    ]


@pytest.mark.parametrize(
    "content",
    [b"\x00\x01\x02", b"42", b"<html>", b'"text"', "[]é".encode("utf-16"), b"[" * 100_000,
     b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b'{"a": 1}', b"# Notes",
     b"[1, 2, 3]", b'{"format": "localai", "version": 2, "conversations": []}',
     b'[{"mapping": {"a": {"message": {"author": {"role": "user"}, "content'],
)  # fmt: skip
def test_what_holds_no_conversation_is_told(store: Store, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    report = Import(store).run(path)
    assert (report.read, store.conversations()) == (0, ())
    assert len(report.skipped) == 1


@pytest.mark.parametrize("text", ["\\ud83d", "a\\u0000b", "\\udc00\\ud800", "\x7f\x9b"])
def test_characters_that_are_none(store: Store, tmp_path: Path, text: str) -> None:
    row = f'{{"messages": [{{"role": "user", "content": "{text}", "score": NaN}}]}}'
    path = samples.lines(tmp_path / "x", row)
    assert Import(store).run(path).messages == 1
    assert Import(store).run(path).messages == 0
    assert "\0" not in shown(store)[0][1]


def test_bytes_that_are_no_utf8(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b'\xef\xbb\xbf{"messages": [{"role": "user", "content": "gr\xfcn"}]}\r\n')
    Import(store).run(path)
    assert shown(store) == [("user", "gr\ufffdn")]


@pytest.mark.parametrize(
    "when", ["2024-05-01T10:00:00Z", 1_714_557_600, 1_714_557_600_000, 1_714_557_600.0]
)
def test_times_in_their_ways(store: Store, tmp_path: Path, when: object) -> None:
    record = samples.talk() | {"create_time": when, "update_time": 1e300}
    Import(store).run(samples.lines(tmp_path / "x", record))
    row = store.conversations()[0]
    assert (row.created, row.updated) == (1_714_557_600.0, 1_714_557_600.0)


def test_batches_and_bytes_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 10)
    monkeypatch.setattr(reading, "FOLD_AFTER", 20)
    path = samples.lines(tmp_path / "x", *(openai(f"q{n}", f"a{n}") for n in range(57)))
    told: list[tuple[int, int, int]] = []
    report = Import(store, lambda *state: told.append(state)).run(path)
    assert (report.added, report.messages) == (57, 114)
    assert told[-1][:2] == (path.stat().st_size,) * 2
    assert [hit.role for hit in store.search("q56")] == ["user"]


def test_a_zip_bomb_stops(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "FREE_BYTES", 1000)
    path = samples.zipped(tmp_path / "x.zip", conversations=["x" * 3_000_000])
    ((reason, places),) = skipped(Import(store).run(path)).items()
    assert "unpacks to more than 200 times its size" in reason
    assert places == ["export/conversations.json"]


def test_a_damaged_zip_keeps_what_came_before(store: Store, tmp_path: Path) -> None:
    good = samples.talk("c-1", *(node(f"n{n}", "a", text=f"{n}" * 9) for n in range(9_000)))
    path = samples.zipped(tmp_path / "x.zip", conversations=[samples.talk("c-2"), good])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    report = Import(store).run(path)
    assert report.skipped
    assert all("Traceback" not in reason for reason in report.skipped)


@pytest.mark.parametrize("kind", ["missing", "no json", "empty folder"])
def test_nothing_to_read_is_a_sentence(store: Store, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.zip"
    if kind == "no json":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("users.json", "[]")
    elif kind == "empty folder":
        path.mkdir()
    with pytest.raises(PortError, match=re.escape(str(tmp_path))):
        Import(store).run(path)


def test_reasons_and_places_do_not_grow_without_end(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "REASONS", 1)
    rows: list[samples.Json | str] = ["{bad", "[" * 5_000, *['{"a": 1}'] * 9, openai("Hi", "Ho")]
    report = Import(store).run(samples.lines(tmp_path / "x", *rows))
    assert [(each.reason, each.count) for each in report.skipped.values()] == [
        ("it is no JSON", 1),
        ("other reasons", 10),
    ]
    assert report.skipped["other reasons"].places == ["line 2", "line 3", "line 4"]


def test_very_many_equal_answers_take_no_longer(store: Store, tmp_path: Path) -> None:
    record = samples.talk(
        "c-1", *(node(f"b{n}", "q", "assistant", "At noon.") for n in range(4_000))
    )
    path = samples.lines(tmp_path / "x", record)
    assert Import(store).run(path).messages == 4_002
    assert Import(store).run(path).messages == 0


def test_lines_may_be_longer_than_what_is_looked_at_first(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_PEEK", 30)
    rows = [openai(f"{n} " + "x" * 100, "a" * 9) for n in range(5)]
    assert Import(store).run(samples.lines(tmp_path / "x", *rows)).added == 5
    monkeypatch.setattr(records, "_PEEK", 400)
    monkeypatch.setattr(records, "MOST_BYTES", 300)
    rows[2] = openai("x" * 2_000, "a")
    report = Import(store).run(samples.lines(tmp_path / "y", *rows))
    assert (report.known, [each.places for each in report.skipped.values()]) == (4, [["line 3"]])
