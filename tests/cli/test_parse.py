"""`localai tools parse`: JSON on stdout, remarks on stderr, sentences for bad input."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localai.errors import ExitCode
from localai.tools.parse import formats
from tests.cli.conftest import Run

CALL = '<tool_call>{"name": "search", "arguments": {"query": "fjord"}}</tool_call>'


def parsed(run: Run, text: str, *options: str) -> Any:
    result = run("tools", "parse", *options, input=text)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_the_format_is_recognized(run: Run) -> None:
    assert parsed(run, f"<think>\nHm.\n</think>\n\nI look.\n{CALL}\n") == {
        "content": "I look.",
        "reasoning": "Hm.",
        "tool_calls": [{"name": "search", "arguments": {"query": "fjord"}}],
    }


def test_the_format_can_be_named(run: Run) -> None:
    text = '[TOOL_CALLS]search[CALL_ID]a1[ARGS]{"query": "fjord"}'
    call = {"name": "search", "arguments": {"query": "fjord"}, "id": "a1"}
    assert parsed(run, text, "--format", "mistral")["tool_calls"] == [call]
    assert parsed(run, text, "--format", "hermes")["content"].strip() == text


def test_what_the_prompt_says_can_be_told(run: Run) -> None:
    found = parsed(run, 'Hm.</think>\nsearch("fjord")', "--inside", "--tool", "search")
    assert found["reasoning"] == "Hm."
    assert found["tool_calls"] == [{"name": "search", "arguments": {"input": "fjord"}}]


def test_a_malformed_call_stays_text_and_is_named(run: Run) -> None:
    text = CALL.replace('"fjord"', "fjord")
    result = run("tools", "parse", input=text)
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"content": text, "reasoning": "", "tool_calls": []}
    assert result.stderr == "A call in the format hermes is not well-formed: this is not JSON.\n"


def test_what_a_terminal_could_obey_is_escaped(run: Run) -> None:
    result = run("tools", "parse", input="a\x1b[31mred \u202eabc")
    assert "\x1b" not in result.stdout
    assert json.loads(result.stdout)["content"] == "a\x1b[31mred \u202eabc"


@pytest.mark.parametrize("text", ["", " \n"])
def test_no_text_is_a_usage_error(run: Run, text: str) -> None:
    result = run("tools", "parse", input=text)
    assert result.exit_code == ExitCode.USAGE
    assert result.stderr.startswith("There is no text to parse; ")


def test_an_unknown_format_lists_the_known_ones(run: Run) -> None:
    result = run("tools", "parse", "--format", "klingon", input=CALL)
    assert result.exit_code == ExitCode.USAGE
    assert "'klingon' is not one of 'auto', " in result.stderr
    assert all(name in result.stderr for name in formats.FORMATS)


def test_the_guide_names_every_format() -> None:
    from tests.cli.test_guide import sections

    guide = sections()["localai tools parse"]
    assert [name for name in formats.FORMATS if f"`{name}`" not in guide] == []
