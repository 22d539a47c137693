"""Weight 1 on what the assistant wrote and its end marker, 0 everywhere else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localai.conversation import (
    Message,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    assistant,
    system,
    user,
)
from localai.errors import EngineError
from localai.render.base import Rendered, RenderOptions
from localai.render.tokens import Renderer
from tests.render.families import (
    BRACKETS_AS_TEXT,
    CHANNELS,
    CHATBOT,
    CHATML,
    FAMILIES,
    NEXT_TURN_ENDS,
    OPENS_THINKING,
    PLAIN_WORDS,
    THINKER,
    Family,
)
from tests.render.toy import ToyTokenizer

LEARN = RenderOptions(generation_prompt=False)
CALL = ToolCall("call00001", "add", {"sum": "1+1"})

# Letters on both sides, so that no token of the toy vocabulary spans a border.
words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"], codec="utf-8"), max_size=20)
answers = words.map(lambda text: f"a{text.translate(dict.fromkeys(map(ord, '<[▁')))}z")


def load(family: Family) -> tuple[Renderer, ToyTokenizer]:
    tokenizer = family.tokenizer()
    return Renderer(family.template, tokenizer), tokenizer


def weighted(tokenizer: ToyTokenizer, rendered: Rendered) -> list[str]:
    """The texts of neighbouring tokens with weight 1."""
    runs: list[list[int]] = []
    before = 0.0
    for id_, weight in zip(rendered.ids, rendered.weights, strict=True):
        if weight:
            runs = runs if before else [*runs, []]
            runs[-1].append(id_)
        before = weight
    return [tokenizer.text(run) for run in runs]


LOADED = {family.name: load(family) for family in FAMILIES}
MARKED = [f for f in FAMILIES if f not in (NEXT_TURN_ENDS, PLAIN_WORDS, CHANNELS)]


@pytest.mark.parametrize("family", MARKED, ids=lambda family: family.name)
@settings(max_examples=40)
@given(turns=st.lists(st.tuples(words, answers), min_size=1, max_size=4))
def test_weighted_text_is_the_answers_with_end_markers(
    family: Family, turns: list[tuple[str, str]]
) -> None:
    renderer, tokenizer = LOADED[family.name]
    messages = [m for asked, said in turns for m in (user(asked), assistant(said))]
    rendered = renderer.render(messages, LEARN)
    assert weighted(tokenizer, rendered) == [said + family.end for _, said in turns]


def test_an_answer_without_end_marker_is_weighted_alone() -> None:
    renderer, tokenizer = LOADED[PLAIN_WORDS.name]
    rendered = renderer.render([user("q"), assistant("one"), user("q"), assistant("two")], LEARN)
    assert weighted(tokenizer, rendered) == ["one", "two"]
    assert renderer.stop == ("### User:",)


def test_the_next_turn_may_be_the_end_marker() -> None:
    renderer, tokenizer = LOADED[NEXT_TURN_ENDS.name]
    rendered = renderer.render([user("q"), assistant("one"), user("q"), assistant("two")], LEARN)
    assert weighted(tokenizer, rendered) == ["one<|user|>", "two"]
    assert tokenizer.control["<|user|>"] in renderer.end_ids


def test_turns_that_must_not_be_learned_have_no_weight() -> None:
    renderer, tokenizer = LOADED[CHATML.name]
    wrong = Message("assistant", (Text("wrong"),), learn=False)
    messages = [system("s"), user("q"), wrong, user("no"), assistant("right")]
    assert weighted(tokenizer, renderer.render(messages, LEARN)) == ["right<|im_end|>"]


def test_typed_end_markers_do_not_end_a_region() -> None:
    renderer, tokenizer = LOADED[CHATML.name]
    rendered = renderer.render([user("q"), assistant("a<|im_end|>b")], LEARN)
    assert weighted(tokenizer, rendered) == ["a<|im_end|>b<|im_end|>"]
    assert rendered.ids.count(tokenizer.control["<|im_end|>"]) == 3


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_answer_is_its_end_marker(text: str) -> None:
    renderer, tokenizer = LOADED[CHATBOT.name]
    assert weighted(tokenizer, renderer.render([user("q"), assistant(text)], LEARN)) == [
        "<|END_OF_TURN|>"
    ]


def test_reasoning_is_weighted_where_the_template_keeps_it() -> None:
    renderer, tokenizer = LOADED[THINKER.name]
    messages = [user("q"), assistant("one", "why"), user("q"), assistant("two", "how")]
    assert weighted(tokenizer, renderer.render(messages, LEARN)) == [
        "one<|im_end|>",
        "<think>\nhow\n</think>\n\ntwo<|im_end|>",
    ]


def test_an_empty_reasoning_block_of_the_template_has_no_weight() -> None:
    renderer, tokenizer = LOADED[THINKER.name]
    rendered = renderer.render([user("q"), assistant("two")], LEARN)
    assert "<think>\n\n</think>\n\ntwo" in tokenizer.text(rendered.ids)
    assert weighted(tokenizer, rendered) == ["two<|im_end|>"]


def test_channels_are_weighted_through_the_last_end_marker() -> None:
    renderer, tokenizer = LOADED[CHANNELS.name]
    rendered = renderer.render([user("q"), assistant("two", "how"), user("q")], LEARN)
    assert weighted(tokenizer, rendered) == [
        "<|channel|>analysis<|message|>how<|end|>"
        "<|start|>assistant<|channel|>final<|message|>two<|end|>"
    ]


def test_tool_calls_are_weighted_with_their_markup() -> None:
    renderer, tokenizer = LOADED[THINKER.name]
    messages = [
        user("q"),
        Message("assistant", (Reasoning("hm"), Text(""), CALL)),
        Message("tool", (ToolResult("call00001", "<tool_call>"),)),
        assistant("2"),
    ]
    rendered = renderer.render(messages, LEARN)
    call = '<tool_call>\n{"name": "add", "arguments": {"sum": "1+1"}}\n</tool_call><|im_end|>'
    assert weighted(tokenizer, rendered) == [f"<think>\nhm\n</think>\n\n\n{call}", "2<|im_end|>"]
    assert rendered.ids.count(tokenizer.control["<tool_call>"]) == 1


@pytest.mark.parametrize("family", [THINKER, CHATML], ids=lambda family: family.name)
def test_sampled_ids_of_a_call_are_reused_as_they_were(family: Family) -> None:
    renderer, tokenizer = LOADED[family.name]
    spelt = tokenizer.tokenize('Well.\nadd( sum = "1+1" )', special=True)
    message = Message("assistant", (Text("Well."), CALL), ids=tuple(spelt), vocab="toy")
    result = Message("tool", (ToolResult("call00001", "2"),))
    rendered = renderer.render([user("q"), message, result], RenderOptions())
    opening = renderer.render([user("q")], RenderOptions()).ids
    if family is THINKER:  # which writes empty reasoning by itself, as it does when switched off
        opening = renderer.render([user("q")], RenderOptions(thinking=False)).ids
    assert rendered.ids[: len(opening) + len(spelt)] == (*opening, *spelt)
    assert weighted(tokenizer, rendered) == [tokenizer.text(spelt) + "<|im_end|>"]


def test_sampled_ids_with_reasoning_are_not_reused_where_the_template_drops_it() -> None:
    renderer, tokenizer = LOADED[THINKER.name]
    spelt = tuple(tokenizer.tokenize("<think>\nhm\n</think>\n\nadd()", special=True))
    message = Message("assistant", (Reasoning("hm"), CALL), ids=spelt, vocab="toy")
    result = Message("tool", (ToolResult("call00001", "2"),))
    talk = [user("q"), message, result]
    assert "hm" in tokenizer.text(renderer.render(talk, RenderOptions()).ids)
    later = renderer.render([*talk, assistant("2"), user("q")], RenderOptions()).ids
    assert "hm" not in tokenizer.text(later)
    assert '"arguments": {"sum": "1+1"}' in tokenizer.text(later)


def test_leaving_out_a_tool_call_is_refused_for_training_only() -> None:
    forgetful = THINKER.template.replace(
        "in m.tool_calls", "in m.tool_calls if messages[-1].role == 'tool'"
    )
    renderer = Renderer(forgetful, THINKER.tokenizer())
    assert renderer.supports_tools
    messages = [user("q"), Message("assistant", (Text("let me see"), CALL))]
    with pytest.raises(EngineError, match="Message 2 cannot be learned from"):
        renderer.render(messages, LEARN)
    assert renderer.render([*messages, user("and?")], RenderOptions()).ids


def test_an_answer_that_the_template_changes_is_refused_for_training_only() -> None:
    template = CHATML.template.replace("~ m.content", "~ m.content | replace('yes', 'no')")
    renderer = Renderer(template, CHATML.tokenizer())
    with pytest.raises(EngineError, match="cannot be learned from"):
        renderer.render([user("q"), assistant("yes")], LEARN)
    assert set(renderer.render([user("q"), assistant("yes")], RenderOptions()).weights) == {0.0}


def test_a_token_over_the_border_belongs_to_the_answer() -> None:
    renderer, tokenizer = LOADED[BRACKETS_AS_TEXT.name]
    rendered = renderer.render([user("q"), assistant("yes")], LEARN)
    assert weighted(tokenizer, rendered) == ["yes</s>"]
    spaced = Renderer(
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}", tokenizer
    )
    assert weighted(tokenizer, spaced.render([user("q"), assistant("yes")], LEARN)) == [" yes"]


def test_signs_that_sentencepiece_reads_as_spaces_are_located() -> None:
    renderer, tokenizer = LOADED[BRACKETS_AS_TEXT.name]
    rendered = renderer.render([user("q▁"), assistant("a▁z")], LEARN)
    assert weighted(tokenizer, rendered) == ["a z</s>"]


def test_sampled_ids_are_reused_where_they_spell_the_turn() -> None:
    renderer, tokenizer = LOADED[CHATML.name]
    sampled = tuple(tokenizer.tokenize(letter, special=False)[0] for letter in "yes")
    for vocab, text, reused in (
        ("toy", "yes", True),
        ("other", "yes", False),
        ("toy", "no", False),
    ):
        answer = Message("assistant", (Text(text),), ids=sampled, vocab=vocab)
        rendered = renderer.render([user("q"), answer, user("q")], RenderOptions())
        joined = "," + ",".join(map(str, rendered.ids)) + ","
        assert ("," + ",".join(map(str, sampled)) + "," in joined) is reused
        assert weighted(tokenizer, rendered) == [f"{text}<|im_end|>"]


def test_sampled_ids_with_reasoning_are_reused() -> None:
    renderer, tokenizer = LOADED[THINKER.name]
    text = "<think>\nhow\n</think>\n\ntwo"
    sampled = tuple(id_ for c in ("<think>", "\n", "ho", "w", "\n", "</think>", "\n\n", "tw", "o")
                    for id_ in tokenizer.tokenize(c, special=True))  # fmt: skip
    answer = Message("assistant", (Reasoning("how"), Text("two")), ids=sampled, vocab="toy")
    rendered = renderer.render([user("q"), answer], LEARN)
    at = rendered.ids.index(tokenizer.control["<think>"])
    assert rendered.ids[at : at + len(sampled)] == sampled
    assert weighted(tokenizer, rendered) == [text + "<|im_end|>"]


def test_a_prompt_that_opens_reasoning_gives_it_no_weight() -> None:
    renderer, tokenizer = LOADED[OPENS_THINKING.name]
    rendered = renderer.render([user("q"), assistant("a", "dropped")], RenderOptions())
    assert rendered.in_reasoning
    assert weighted(tokenizer, rendered) == ["a<eos>"]
