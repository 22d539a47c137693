"""Reading files: which lines come back, what is no text, and the sentences of refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.errors import ToolError
from localai.tools import sandbox
from localai.tools.allowed import Allowed, give
from localai.tools.builtin import files
from localai.tools.builtin.files import passage, read_file
from localai.tools.outcome import Failed, Ok
from tests.tools.paths import INSIDE, Tree, tree


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Tree]:
    """A folder that may be read."""
    made = tree(tmp_path)
    give(Allowed(folders=(str(tmp_path / "unmounted"), str(made.root / "deep"), str(made.root))))
    yield made
    give(Allowed())


def read(path: str, **more: int) -> str:
    """What the tool returns."""
    result = read_file.function(path, **more)
    assert isinstance(result, str)
    return result


def refused(path: str, **more: int) -> str:
    """The sentence the tool refuses with."""
    with pytest.raises(ToolError) as caught:
        read(path, **more)
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def numbered(count: int) -> str:
    return "".join(f"{number}\n" for number in range(1, count + 1))


def test_a_file_is_read_from_the_first_folder_that_has_it(place: Tree) -> None:
    (place.root / "deep" / "file").write_text("first")
    assert read("file") == "first"
    assert read("deep/er/file") == INSIDE


def test_a_path_may_begin_with_the_name_of_its_folder(place: Tree) -> None:
    give(Allowed(folders=(str(place.root),)))
    assert read("allowed/file") == INSIDE
    assert read("allowed/deep/er/file") == INSIDE
    assert refused("allowed/../outside/secret").startswith(
        '"allowed/../outside/secret" leads out of the allowed folders ('
    )
    (place.root / "allowed").mkdir()
    (place.root / "allowed" / "file").write_text("nearer")
    assert read("allowed/file") == "nearer"


def test_a_whole_path_is_read_where_it_is(place: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(f"{place.root}/deep/../file") == INSIDE
    monkeypatch.setenv("HOME", str(place.root))
    assert read("~/deep/file") == INSIDE


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("nowhere", 'There is no file "nowhere" in the allowed folders ('),
        ("../outside/secret", '"../outside/secret" leads out of the allowed folders ('),
        ("to-out-file", '"to-out-file" leads out of'),
        ("/etc/passwd", 'There is no file "/etc/passwd" in the allowed folders ('),
        ("file/file", '"file/file" cannot be read (Not a directory).'),
        ("fifo", '"fifo" is no ordinary file; only those can be read.'),
    ],
)
def test_a_refusal_is_a_sentence(place: Tree, path: str, sentence: str) -> None:
    give(Allowed(folders=(str(place.root),)))
    assert refused(path).startswith(sentence)


def test_a_folder_is_no_file(place: Tree) -> None:
    give(Allowed(folders=(str(place.root),)))
    for path in ("deep", "deep/er/", ".", str(place.root), "deep/.."):
        assert refused(path).endswith(" is a folder; only files can be read.")


def test_a_folder_that_is_gone_is_named(place: Tree, tmp_path: Path) -> None:
    said = f"The allowed folder {tmp_path}/unmounted cannot be opened (No such file or directory)."
    assert refused("nowhere") == said


def test_without_a_folder_it_says_how_to_allow_one() -> None:
    outcome = sandbox.run(read_file, {"path": "x"})
    assert isinstance(outcome, Failed)
    assert outcome.text == (
        'read_file is off; to allow a folder, write folders = ["~/notes"] under [tools] in '
        "config.toml, the settings file that localai doctor names."
    )


def test_what_is_allowed_reaches_the_process_of_the_call(place: Tree) -> None:
    allowed = Allowed(folders=(str(place.root),))
    outcome = sandbox.run(read_file, {"path": "deep/file"}, allowed=allowed)
    assert isinstance(outcome, Ok)
    assert outcome.text == INSIDE
    assert isinstance(
        sandbox.run(read_file, {"path": "../outside/secret"}, allowed=allowed), Failed
    )


def test_binary_and_large_files_are_refused(place: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.root / "binary").write_bytes(b"\x7fELF\0\0")
    assert refused("binary") == '"binary" is no text file.'
    monkeypatch.setattr(files, "MOST_BYTES", 1 << 20)
    (place.root / "large").write_bytes(b"x" * (1 << 20))
    assert read("large").startswith("x")
    (place.root / "large").write_bytes(b"x" * ((1 << 20) + 1))
    assert refused("large") == '"large" is longer than 1 MB.'


def test_bytes_that_are_no_utf_8_are_replaced(place: Tree) -> None:
    (place.root / "latin").write_bytes("\ufeffä€".encode() + b"\xe4\r\nb\n")
    assert read("latin") == "ä€\ufffd\nb"


def test_lines_are_counted_from_one() -> None:
    text = numbered(3)
    assert passage(text, 1, 3) == "1\n2\n3"
    assert passage(text, 3, 5) == "3"
    assert passage(text, 2, 1) == "2\n[Lines 2 to 2 of 3; read on with start_line = 3.]"
    assert passage("", 1, 1) == "[The file is empty.]"
    assert passage("a\n\n", 2, 9) == ""


def test_a_start_that_is_not_there(place: Tree) -> None:
    assert refused("file", start_line=2) == "The file has only 1 line."
    assert refused("file", start_line=0) == "start_line and lines are counted from 1."
    assert refused("file", lines=0) == "start_line and lines are counted from 1."


def test_a_long_line_is_cut() -> None:
    most = files.MOST_CHARACTERS
    assert passage("x" * most, 1, 9) == "x" * most
    text = "x" * (most + 1) + "\nb"
    assert passage(text, 1, 9) == (
        "x" * most + "\n[Line 1 is cut after 16,000 characters. "
        "Lines 1 to 1 of 2; read on with start_line = 2.]"
    )
    assert passage(text, 2, 9) == "b"


@given(st.lists(st.text("ab\u2028", max_size=9000), min_size=1, max_size=9), st.integers(1, 4))
def test_reading_on_and_on_gives_the_whole_file(lines: list[str], count: int) -> None:
    seen: list[str] = []
    while len(seen) < len(lines):
        part = passage("\n".join(lines) + "\n", len(seen) + 1, count)
        more = f"read on with start_line = {part.rpartition('= ')[2]}"
        body = part.rpartition("\n[")[0] if part.endswith(more) else part
        seen += body.split("\n")
    assert seen == lines
