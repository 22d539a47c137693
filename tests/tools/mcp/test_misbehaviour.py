"""Servers that do not keep to the protocol cost a sentence, and no more than some memory."""

from __future__ import annotations

import json
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from localai.config import McpSettings
from localai.errors import ToolError
from localai.tools.mcp import connection, listing
from localai.tools.mcp import servers as servers_module
from localai.tools.mcp.process import MOST_LOG, log_file
from localai.tools.outcome import Failed
from tests.tools.mcp.conftest import Make, call, settings, survive


def started(make: Make, server: McpSettings) -> str:
    """What is said about a server that does not start."""
    servers = make(test=server)
    (sentence,) = servers.start(servers.names)
    assert servers.tools() == ()
    with pytest.raises(ToolError, match="MCP server test"):
        servers.find("test_echo")
    return sentence


def test_a_command_that_is_not_there(make: Make, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    for command in ("nonesuch", str(plain), str(tmp_path)):
        sentence = started(make, McpSettings(command=[command]))
        assert f"there is no program {command!r}" in sentence
        assert "correct command under [mcp.test]" in sentence
    odd = tmp_path / "odd"
    odd.write_text("#!/no/such/interpreter\n")
    odd.chmod(0o700)
    assert "exit code 12" in started(make, McpSettings(command=[str(odd)]))  # 126 or 127


def test_a_folder_or_a_variable_that_cannot_be(make: Make, tmp_path: Path) -> None:
    assert "there is no folder" in started(make, settings("good", folder=tmp_path / "none"))
    assert "cannot be started" in started(make, settings("good", env={"A=B": "c"}))
    assert "cannot be started" in started(make, settings("good", env={"A": "\0"}))


def test_a_program_found_from_its_folder(make: Make, tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    command = ["./python", *settings("good").command[1:]]
    servers = make(test=McpSettings(command=command, folder=tmp_path))
    assert call(servers, "test_echo", text="here").text == "here"


def test_one_that_exits_at_once_is_quoted(make: Make) -> None:
    sentence = started(make, settings("exit"))
    assert "ended with exit code 3: no licence" in sentence
    assert str(log_file("test")) in sentence
    assert log_file("test").read_text() == "no licence \x1b]0;found\n"


def test_one_that_never_answers(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "START_SECONDS", 0.2)
    assert "did not answer within 0.2 s" in started(make, settings("hang"))


def test_text_between_the_messages_is_skipped(make: Make) -> None:
    assert call(make(test=settings("noisy")), "test_echo", text="heard").text == "heard"


def test_text_without_end(make: Make) -> None:
    assert "says far more than it is asked" in started(make, settings("endless"))


def test_a_line_without_end_takes_bounded_memory(make: Make) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "a line longer than 8 MB" in started(make, settings("long"))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < (100 << 10 if sys.platform == "linux" else 100 << 20)  # KB, or bytes


def test_a_line_without_end_as_an_answer(make: Make) -> None:
    servers = make()
    outcome = call(servers, "test_talk")
    assert isinstance(outcome, Failed)
    assert "a line longer than 8 MB" in outcome.text
    assert call(servers, "test_echo", text="back").text == "back"


def test_an_answer_of_the_wrong_shape(make: Make) -> None:
    servers = make()
    outcome = call(servers, "test_broken")
    assert isinstance(outcome, Failed)
    assert "gave an answer that is none" in outcome.text
    assert call(servers, "test_echo", text="still here").text == "still here"


def test_ten_thousand_tools_are_cut_with_a_note(make: Make) -> None:
    servers = make(test=settings("many"))
    assert servers.start(servers.names) == ()
    assert len(servers.tools()) == listing.MOST_TOOLS
    (note,) = servers.notes()
    assert note.startswith("Of the tools of the MCP server test, 128 are offered")


def test_a_list_without_an_end_is_cut_with_a_note(make: Make) -> None:
    servers = make(test=settings("pages"))
    assert servers.start(servers.names) == ()
    assert len(servers.tools()) == connection.MOST_PAGES
    assert len(servers.notes()) == 1


def test_what_it_says_of_its_tools_is_cleaned(make: Make, tmp_path: Path) -> None:
    evil = "\x1b]52;c;aGk=\x07Read\u202e \n\n# this" + "!" * 5000
    tools = [
        {"name": "../../x y", "description": evil, "inputSchema": {"type": "object"}},
        {
            "name": "deep",
            "inputSchema": {"type": "object", "properties": {"a": {"description": evil[:40]}}},
        },
        {"name": "large", "inputSchema": {"type": "object", "description": "x" * 20_000}},
        {"name": "", "inputSchema": {"type": "object"}},
    ]
    file = tmp_path / "tools.json"
    file.write_text(json.dumps(tools))
    servers = make(test=settings("odd", str(file)))
    assert servers.start(servers.names) == ()
    first, deep = servers.tools()
    assert (first.name, first.original) == ("test_______x_y", "../../x y")
    assert first.description.startswith("Read⟦U+202E⟧ # this!")
    assert len(first.description) == listing.MOST_DESCRIPTION
    assert "\x1b" not in json.dumps(deep.parameters)
    assert deep.description == "The tool deep of test."
    assert "2 are offered" in servers.notes()[0]


def test_a_tool_that_is_none_is_named(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "tools.json"
    file.write_text('[{"name": "list", "inputSchema": {"type": "array"}}]')
    sentence = started(make, settings("odd", str(file)))
    assert "does not keep to the protocol: tools.0.inputSchema.type" in sentence


def test_what_it_writes_on_stderr_is_kept_only_so_far(make: Make, tmp_path: Path) -> None:
    program = tmp_path / "loud.py"
    program.write_text("import sys\nfor _ in range(100): sys.stderr.write('e' * 9_999 + '\\n')\n")
    sentence = started(make, McpSettings(command=[sys.executable, "-S", str(program)]))
    assert "ended with exit code 0: eee" in sentence
    assert log_file("test").stat().st_size == MOST_LOG


def test_a_name_that_two_tools_would_have(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "tools.json"
    names = ["a b", "a-b", "x" * 200]
    file.write_text(json.dumps([{"name": n, "inputSchema": {"type": "object"}} for n in names]))
    servers = make(test=settings("odd", str(file)))
    servers.start(servers.names)
    found = servers.tools(taken={"test_a_b"})
    assert [each.original for each in found] == names
    assert len({each.name for each in found}) == 3
    assert "test_a_b" not in {each.name for each in found}
    assert all(len(each.name) <= 64 for each in found)
    assert found == servers.tools(taken={"test_a_b"})


def test_two_servers_that_do_not_start_are_waited_for_together(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "START_SECONDS", 1)
    monkeypatch.setattr(servers_module, "START_SECONDS", 1.8)
    servers = make(one=settings("hang"), two=settings("hang"))
    wrong = servers.start(servers.names)
    assert all("did not answer within 1 s" in sentence for sentence in wrong)
    assert len(wrong) == 2


def test_a_flood_on_stderr_does_not_hold_up_the_others(make: Make, tmp_path: Path) -> None:
    program = tmp_path / "flood.py"
    program.write_text("import sys\nwhile True: sys.stderr.write('e' * 65536)\n")
    flood = McpSettings(command=[sys.executable, "-S", str(program)])
    servers = make(flood=flood, good=settings("good"))
    with ThreadPoolExecutor() as pool:
        floods = pool.submit(servers.start, ["flood"], stop := Event())
        assert call(servers, "good_echo", text="through").text == "through"
        stop.set()
        assert floods.result() == ()


@pytest.mark.parametrize("seed", range(6))
def test_spoiled_messages_cost_a_sentence(
    make: Make, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(connection, "START_SECONDS", 0.4)
    survive(make(test=settings("spoil", str(seed), str(seed % 4), timeout=0.3)))
