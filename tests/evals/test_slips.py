"""Markers and invented turns in answers."""

from __future__ import annotations

import pytest

from localai.evals.slips import invented_turn, marker


@pytest.mark.parametrize(
    "text",
    [
        "Yes.<|im_end|>",
        "<|start_header_id|>user",
        "Fine.\n<|im_start|>user\nAnd?",
        "[INST] Go on [/INST]",
        "<<SYS>>",
        "Good.</s>",
        "<start_of_turn>user",
        "<｜User｜>Why?",
        "<|reserved_special_token_12|>",
        "<|end of turn|>",
        "</think>So",
        "<tool_call>{}",
    ],
)
def test_markers_of_templates_are_found(text: str) -> None:
    assert marker(text) in text
    assert marker(text)


@pytest.mark.parametrize(
    "text",
    [
        "If a < b and b > c, then |a| > 0.",
        "<b>bold</b> and <i>more</i>",
        "a || b",
        "[1] and [see below]",
        "Write s/old/new/ to replace.",
        "",
    ],
)
def test_other_signs_are_no_markers(text: str) -> None:
    assert not marker(text)


def test_the_vocabulary_says_which_others_there_are() -> None:
    text = "It is so.<file_sep>"
    assert not marker(text)
    assert marker(text, ["<repo_name>", "<file_sep>"]) == "<file_sep>"
    assert not marker("two  blanks\n\n", ["  ", "\n\n", "is"])


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        ("It is Rome.\n\nUser: And Spain?", "User:"),
        ("It is Rome.\nHuman: Thanks", "Human:"),
        ("It is Rome.\n**Question:** And Spain?", "**Question:"),
        ("It is Rome.\n### Instruction\nGo on", "### Instruction"),
        ("It is Rome.\nuser\nAnd Spain?", "user"),
        ("assistant\nIt is Rome.", "assistant"),
        ("Assistant: It is Rome.", "Assistant:"),
        ("Fine.\nQ: Why?", "Q:"),
    ],
)
def test_a_turn_that_nobody_took_is_found(text: str, turn: str) -> None:
    assert invented_turn(text) == turn


@pytest.mark.parametrize(
    "text",
    [
        "Ask the user: what do you want?",
        "A user is somebody who uses a thing.\nThe human body has two arms.",
        "Answer: Rome.",
        "Questions: there are three of them.",
        "Robot: One soup, please.\nWaiter: At once!",
        "### Steps\n1. Ask the user",
    ],
)
def test_other_lines_are_none(text: str) -> None:
    assert not invented_turn(text)
