from __future__ import annotations

import json

import pytest

from localai.engine.base import Thinking
from localai.engine.scripted import Script
from localai.errors import ModelError
from localai.store.store import Store
from tests.cli.conftest import Engine, Run

THINKING = Thinking("<think>", "</think>", switchable=True)


def test_the_answer_goes_to_stdout_and_nothing_else(run: Run) -> None:
    result = run("ask", "Hi", "there", replies=["Hello *you*!"])
    assert (result.stdout, result.stderr, result.exit_code) == ("Hello *you*!\n", "", 0)


def test_the_question_is_stored_with_its_answer(run: Run) -> None:
    run("ask", "Hi", "there")
    with Store.open() as store:
        latest = store.latest()
        assert latest is not None
        path = store.path(latest.leaf)
    assert [message.message.text for message in path] == ["Hi there", "Hello!"]
    assert path[-1].status == "done"


def test_what_is_piped_in_comes_before_the_question(run: Run) -> None:
    engine = Engine()
    run("ask", "Summarize", engine=engine, input="Some notes.\n")
    prompt = engine.prompt()
    assert "Some notes.\n\nSummarize" in prompt


def test_piped_text_alone_is_the_question(run: Run) -> None:
    engine = Engine()
    assert run("ask", engine=engine, input="What is it?\n").exit_code == 0
    assert "What is it?" in engine.prompt()


def test_bytes_that_are_not_text_are_replaced_and_reported(run: Run) -> None:
    result = run("ask", "Hi", input=b"caf\xe9 \xff")
    assert result.exit_code == 0
    assert result.stderr == "2 places in standard input were not UTF-8 and are shown as \ufffd.\n"


@pytest.mark.parametrize("arguments", [(), ("",), ("  \n",)])
def test_an_empty_prompt_is_a_usage_error(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("ask", *arguments, input=" \n")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr.startswith("There is nothing to ask; ")
    assert result.stderr.count("\n") == 1


def test_json_is_one_object_with_the_agreed_keys(run: Run) -> None:
    engine = Engine(["<think>hm</think>It is 4."], thinking=THINKING)
    result = run("ask", "--json", "2+2?", engine=engine)
    found = json.loads(result.stdout)
    assert result.stdout.count("\n") == 1
    assert found.pop("timings").keys() == {
        "prompt_ms",
        "first_token_ms",
        "generate_ms",
        "tokens_per_second",
    }
    tokens = found.pop("tokens")
    assert tokens.keys() == {"prompt", "cached", "generated", "reasoning"}
    assert tokens["generated"] > tokens["reasoning"] > 0
    with Store.open() as store:
        latest = store.latest()
        assert latest is not None
    assert found == {
        "answer": "It is 4.",
        "reasoning": "hm",
        "finish_reason": "stop",
        "model": "scripted",
        "adapter": None,
        "tool_calls": [],
        "dropped": 0,
        "conversation_id": latest.id,
        "message_id": latest.leaf,
    }


def test_no_save_leaves_no_trace(run: Run) -> None:
    result = run("ask", "--no-save", "--json", "Hi")
    found = json.loads(result.stdout)
    assert found["answer"] == "Hello!"
    assert found["conversation_id"] is None
    assert found["message_id"] is None
    with Store.open() as store:
        assert store.conversations() == ()


@pytest.mark.parametrize("how", ["--continue", "-c", "--conversation"])
def test_going_on_with_a_conversation(run: Run, how: str) -> None:
    first = json.loads(run("ask", "--json", "One").stdout)
    engine = Engine()
    given = [how, first["conversation_id"][-8:]] if how == "--conversation" else [how]
    second = json.loads(run("ask", "--json", *given, "Two", engine=engine).stdout)
    assert second["conversation_id"] == first["conversation_id"]
    prompt = engine.prompt()
    assert "One" in prompt
    assert "Two" in prompt


def test_the_system_text_is_sent(run: Run) -> None:
    engine = Engine()
    run("ask", "--system", "Be brief.", "Hi", engine=engine)
    assert "system\nBe brief." in engine.prompt()


def test_raw_text_is_continued_without_a_template(run: Run) -> None:
    engine = Engine([" upon a time"])
    result = run("ask", "--raw", "Once", engine=engine)
    assert engine.prompt() == "Once"
    assert result.stdout == " upon a time\n"


def test_steps_are_reasoning_unless_asked_for(run: Run) -> None:
    reply = "2 and 2.\nThat is 4.\nAnswer: 4"
    assert run("ask", "--steps", "2+2?", replies=[reply]).stdout == "4\n"
    shown = run("ask", "--steps", "--show-reasoning", "2+2?", replies=[reply])
    assert shown.stdout == "2 and 2.\nThat is 4.\n\n4\n"
    never = run("ask", "--steps", "2+2?", replies=["Just 4."])
    assert never.stdout == "Just 4.\n"


def test_options_reach_the_request(run: Run) -> None:
    engine = Engine(["<think>a</think>b"], thinking=THINKING)
    options = "--temperature 0.5 --top-k 7 --top-p 0.8 --min-p 0.1 --repeat-penalty 1.2"
    limits = "--seed 42 --max-tokens 30 --thinking-budget 9"
    run("ask", "Hi", *options.split(), *limits.split(), engine=engine)
    request = engine.requests[0]
    assert request.sampling.temperature == 0.5
    assert request.sampling.top_k == 7
    assert request.sampling.top_p == 0.8
    assert request.sampling.min_p == 0.1
    assert request.sampling.repeat_penalty == 1.2
    assert request.sampling.seed == 42
    assert request.max_tokens == 30
    assert request.reasoning is not None
    assert request.reasoning.budget == 9


def test_thinking_can_be_switched_off(run: Run) -> None:
    engine = Engine(["b"], thinking=THINKING)
    run("ask", "--thinking", "off", "Hi", engine=engine)
    assert "<think></think>" in engine.prompt()


def test_an_answer_cut_off_says_so_on_stderr(run: Run) -> None:
    result = run("ask", "--max-tokens", "3", "Hi", replies=["one two three four five"])
    assert result.stdout == "one two three\n"
    assert result.stderr == "The answer was cut off at 3 tokens (--max-tokens).\n"


def test_messages_left_out_are_told(run: Run) -> None:
    for i in range(6):
        engine = Engine(["word " * 40], n_ctx=200)
        result = run("ask", *(["-c"] if i else []), "Tell me more", engine=engine)
    assert "of 200 tokens; the model answers without them." in result.stderr
    assert result.stdout.split() == ["word"] * 40


@pytest.mark.parametrize(
    "options",
    [
        ("-c", "--conversation", "x"),
        ("-c", "--no-save"),
        ("-c", "--system", "x"),
        ("--raw", "--system", "x"),
        ("--raw", "--steps"),
        ("-c",),
        ("--temperature", "nan"),
        ("--temperature", "-1"),
        ("--top-p", "0"),
        ("--seed", "-1"),
        ("--no-such-option",),
    ],
)
def test_options_that_make_no_sense_exit_with_2(run: Run, options: tuple[str, ...]) -> None:
    result = run("ask", "Hi", *options)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr


def test_a_model_that_cannot_be_loaded_is_one_sentence(run: Run) -> None:
    engine = Engine(load_error=ModelError("The file x.gguf is damaged; fetch it again."))
    result = run("ask", "Hi", engine=engine)
    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr == "The file x.gguf is damaged; fetch it again.\n"


def test_a_crash_keeps_what_was_said(run: Run) -> None:
    result = run("ask", "Hi", replies=[Script("one two three four", crash_at=2)])
    assert (result.stdout, result.exit_code) == ("one two\n", 1)
    assert result.stderr == "The engine crashed as scripted; send the message again.\n"
    with Store.open() as store:
        latest = store.latest()
        assert latest is not None
        answer = store.message(latest.leaf)
    assert (answer.message.text, answer.status) == ("one two", "failed")


def test_model_output_cannot_drive_the_terminal(run: Run) -> None:
    reply = "a\x1b]52;c;ZXZpbA==\x07b\x9b31mc\u202ed"
    assert run("ask", "Hi", replies=[reply]).stdout == "abc⟦U+202E⟧d\n"
    as_json = run("ask", "--json", "Hi", replies=[reply]).stdout
    assert as_json.strip().isprintable()
    assert json.loads(as_json)["answer"] == reply
