"""Ids equal tokenizing the whole prompt, unless somebody typed a control string."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from localai.conversation import Message, Text, assistant, system, user
from localai.render.base import RenderOptions
from localai.render.tokens import Renderer
from tests.render.families import BRACKETS, CHATML, FAMILIES, PIPES, TURNS, Family

RENDERERS = {
    family.name: (Renderer(family.template, tok := family.tokenizer()), tok) for family in FAMILIES
}

contents = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def whole(family: Family, messages: list[Message], generation_prompt: bool) -> str:
    """The prompt by plain jinja, without anything of ours."""

    def raise_exception(reason: str) -> None:
        raise ValueError(reason)

    environment = Environment(trim_blocks=True, lstrip_blocks=True)
    variables: dict[str, Any] = {
        "messages": [{"role": m.role, "content": m.text} for m in messages],
        "add_generation_prompt": generation_prompt,
        "bos_token": family.bos,
        "eos_token": family.eos,
        "raise_exception": raise_exception,
    }
    return environment.from_string(family.template).render(variables)


@st.composite
def conversations(draw: st.DrawFn, texts: st.SearchStrategy[str], alternate: bool) -> list[Message]:
    if alternate:
        pairs = draw(st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
        return [m for a, b in pairs for m in (user(a), assistant(b))]
    makers = st.sampled_from((user, assistant))
    head = [system(draw(texts))] if draw(st.booleans()) else []
    rest = draw(st.lists(st.tuples(makers, texts), min_size=1, max_size=6))
    return head + [user(draw(texts))] + [make(text) for make, text in rest]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@settings(max_examples=40)
@given(data=st.data())
def test_ids_equal_those_of_the_whole_text(family: Family, data: st.DataObject) -> None:
    renderer, tokenizer = RENDERERS[family.name]
    specials = tokenizer.control.keys() | {"</think>"}
    harmless = contents.filter(lambda text: not any(s in text for s in specials))
    messages = data.draw(conversations(harmless, family.needs_turns))
    prompt = not family.needs_turns
    rendered = renderer.render(messages, RenderOptions(generation_prompt=prompt))
    assert list(rendered.ids) == tokenizer.tokenize(whole(family, messages, prompt), special=True)
    assert len(rendered.ids) == len(rendered.weights)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@settings(max_examples=40)
@given(data=st.data())
def test_typed_control_strings_stay_text(family: Family, data: st.DataObject) -> None:
    renderer, tokenizer = RENDERERS[family.name]
    pieces = st.sampled_from(
        (*tokenizer.control, *family.control, "x", " ", "<", "|>", "\U0001d200")
    )
    typed = st.lists(pieces, min_size=1, max_size=6).map(lambda parts: f"a{''.join(parts)}z")
    messages = data.draw(conversations(typed, family.needs_turns))
    prefill = data.draw(typed)
    options = RenderOptions(generation_prompt=not family.needs_turns, prefill=prefill)
    rendered = renderer.render(messages, options)
    tame = [Message(m.role, (Text("a z"),)) for m in messages]
    expected = renderer.render(tame, RenderOptions(options.generation_prompt, prefill="z"))
    assert _controls(tokenizer, rendered.ids) == _controls(tokenizer, expected.ids)
    text = tokenizer.text(rendered.ids).replace(" ", "")
    for message in messages:
        assert message.text.replace(" ", "") in text


def _controls(tokenizer: Any, ids: tuple[int, ...]) -> list[str]:
    """The markers among `ids`, without user-defined tokens that mark nothing."""
    known = {id_ for text, id_ in tokenizer.control.items() if text not in ("\n\n", "<h1>")}
    return [tokenizer.piece(id_) for id_ in ids if id_ in known]


def test_control_strings_do_not_arise_across_a_border() -> None:
    renderer, tokenizer = RENDERERS[PIPES.name]
    ids = renderer.render([user("hi<|end|"), user(">")], RenderOptions()).ids
    tame = renderer.render([user("hi"), user("x")], RenderOptions()).ids
    assert _controls(tokenizer, ids) == _controls(tokenizer, tame)


def test_user_defined_tokens_that_are_no_markers_are_read_as_usual() -> None:
    renderer, tokenizer = RENDERERS[TURNS.name]
    ids = renderer.render([user("one\n\ntwo <h1>")], RenderOptions()).ids
    assert {tokenizer.control["\n\n"], tokenizer.control["<h1>"]} <= set(ids)


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "\ufeff", "\U0001d200\U0001d201" * 3])
def test_odd_characters_are_harmless(text: str) -> None:
    renderer, tokenizer = RENDERERS[CHATML.name]
    ids = renderer.render([user(f"q{text}q")], RenderOptions()).ids
    assert f"q{text}q".replace("\ud800", "\ufffd") in tokenizer.text(ids)


@pytest.mark.parametrize("family", [CHATML, BRACKETS], ids=lambda family: family.name)
def test_bos_comes_exactly_once(family: Family) -> None:
    for add_bos in (True, False):
        tokenizer = Family(
            family.name, "", family.control, family.end, "<s>", family.eos,
            options=(("add_bos", add_bos),),
        ).tokenizer()  # fmt: skip
        ids = Renderer(family.template, tokenizer).render([user("u")], RenderOptions()).ids
        expected = add_bos or "bos_token" in family.template
        assert ids.count(tokenizer.control["<s>"]) == int(expected)
        assert (ids[0] == tokenizer.bos) is expected


def test_prefill_follows_the_generation_prompt() -> None:
    renderer, tokenizer = RENDERERS[CHATML.name]
    rendered = renderer.render([user("u")], RenderOptions(prefill="Sure<|im_end|>"))
    assert tokenizer.text(rendered.ids).endswith("assistant\nSure<|im_end|>")
    assert rendered.ids[-1] != tokenizer.control["<|im_end|>"]
    assert set(rendered.weights) == {0.0}
