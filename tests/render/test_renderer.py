"""What a renderer finds out about its template, and how it suits conversations to it."""

from __future__ import annotations

import pytest

from localai.conversation import Message, Text, ToolCall, ToolResult, assistant, system, user
from localai.render.base import RenderOptions, Thinking
from localai.render.tokens import Renderer
from tests.render.families import (
    BRACKETS,
    CHANNELS,
    CHATML,
    FAMILIES,
    NEXT_TURN_ENDS,
    OPENS_THINKING,
    PIPES,
    THINKER,
    TURNS,
    Family,
)
from tests.render.toy import ToyTokenizer

TOOL = {
    "type": "function",
    "function": {"name": "add", "description": "Adds <|im_end|>.", "parameters": {}},
}
CALL = Message("assistant", (Text(""), ToolCall("long-call-id", "add", {"sum": "1+1"})))
RESULT = Message("tool", (ToolResult("long-call-id", "2"),))


def text_of(family: Family, messages: list[Message], options: RenderOptions | None = None) -> str:
    tokenizer = family.tokenizer()
    renderer = Renderer(family.template, tokenizer)
    return tokenizer.text(renderer.render(messages, options or RenderOptions()).ids)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_place_for_the_system_message_is_found_by_trying(family: Family) -> None:
    renderer = Renderer(family.template, family.tokenizer())
    assert renderer.supports_system is family.system
    assert renderer.template_source == "file"


def test_system_messages_go_into_the_user_message_where_there_is_no_place() -> None:
    messages = [system("Be brief."), user("Hi")]
    assert "<start_of_turn>user\nBe brief.\n\nHi<end_of_turn>" in text_of(TURNS, messages)
    assert "[INST]Be brief.\n\nHi[/INST]" in text_of(BRACKETS, messages)
    assert "[INST]Be brief.[/INST]" in text_of(BRACKETS, [system("Be brief.")])


def test_neighbours_of_one_role_are_joined_where_turns_must_alternate() -> None:
    messages = [user("one"), user("two"), assistant("x"), assistant("y"), user("z")]
    assert text_of(BRACKETS, messages) == "<s>[INST]one\n\ntwo[/INST]x\n\ny</s>[INST]z[/INST]"


def test_an_assistant_may_begin_where_users_must() -> None:
    assert (
        text_of(BRACKETS, [assistant("Hello"), user("q")])
        == "<s>[INST][/INST]Hello</s>[INST]q[/INST]"
    )


def test_tools_become_text_where_the_template_refuses_them() -> None:
    text = text_of(BRACKETS, [user("q"), CALL, RESULT, assistant("2"), user("r")])
    assert '[INST]q[/INST]add(sum="1+1")</s>[INST]Result of add:\n2[/INST]2</s>' in text


def test_tools_become_text_where_the_template_knows_none() -> None:
    more = Message("tool", (ToolResult("long-call-id", "2"), ToolResult("other", "3")))
    text = text_of(CHATML, [user("q"), CALL, more])
    assert '<|im_start|>assistant\nadd(sum="1+1")<|im_end|>' in text
    assert "<|im_start|>user\nResult of add:\n2\n\nResult of :\n3<|im_end|>" in text


def test_short_call_ids_are_given_to_templates_that_insist() -> None:
    template = (
        "{% for m in messages %}{{ m.role }}:{{ m.content }}{% for c in m.tool_calls %}"
        "{% if c.id | length != 9 %}{{ raise_exception('ids of 9') }}{% endif %}"
        "[{{ c.id }} {{ c.function.name }} {{ c.function.arguments | tojson }}]{% endfor %}"
        "{% if m.role == 'tool' %}({{ m.tool_call_id }}){% endif %};{% endfor %}"
    )
    tokenizer = ToyTokenizer([])
    ids = Renderer(template, tokenizer).render([user("q"), CALL, RESULT], RenderOptions()).ids
    assert '[call00001 add {"sum": "1+1"}]' in tokenizer.text(ids)
    assert "tool:2(call00001)" in tokenizer.text(ids)


@pytest.mark.parametrize("as_text", [True, False])
def test_arguments_are_given_as_the_template_wants_them(as_text: bool) -> None:
    shown = "c.function.arguments" if as_text else "(c.function.arguments | tojson)"
    template = (
        "{% for t in tools %}{{ t.function.name }}{% endfor %}{% for m in messages %}"
        "{{ m.role }}:{{ m.content }}{% for c in m.tool_calls %}"
        f"{{{{ '[' + c.function.name + ' ' + {shown} + ']' }}}}{{% endfor %}};{{% endfor %}}"
    )
    tokenizer = ToyTokenizer([])
    renderer = Renderer(template, tokenizer)
    ids = renderer.render([user("q"), CALL, RESULT], RenderOptions(tools=(TOOL,))).ids
    assert '[add {"sum": "1+1"}]' in tokenizer.text(ids)
    assert renderer.supports_tools


def test_tool_schemas_are_written_without_control_tokens() -> None:
    tokenizer = THINKER.tokenizer()
    renderer = Renderer(THINKER.template, tokenizer)
    rendered = renderer.render([user("q")], RenderOptions(tools=(TOOL,)))
    assert "Adds <|im_end|>." in tokenizer.text(rendered.ids)
    assert rendered.ids.count(tokenizer.control["<|im_end|>"]) == 2
    assert renderer.supports_tools
    assert not Renderer(CHATML.template, CHATML.tokenizer()).supports_tools


def test_contents_may_be_wanted_as_parts() -> None:
    template = (
        "{% for m in messages %}{% for p in m.content %}{{ p.text }};{% endfor %}{% endfor %}"
    )
    tokenizer = ToyTokenizer([])
    ids = Renderer(template, tokenizer).render([user("a"), user("b")], RenderOptions()).ids
    assert tokenizer.text(ids) == "a;b;"


def test_an_absent_tool_list_may_have_to_be_undefined() -> None:
    template = (
        "{% for t in tools %}{{ t }}{% endfor %}{% for m in messages %}{{ m.content }};{% endfor %}"
    )
    tokenizer = ToyTokenizer([])
    ids = Renderer(template, tokenizer).render([user("a")], RenderOptions()).ids
    assert tokenizer.text(ids) == "a;"


@pytest.mark.parametrize(
    ("family", "thinking"),
    [
        (CHATML, None),
        (THINKER, Thinking("<think>", "</think>", switchable=True)),
        (OPENS_THINKING, Thinking("<think>", "</think>", switchable=False)),
        (
            CHANNELS,
            Thinking(
                "<|channel|>analysis<|message|>",
                "<|end|><|start|>assistant<|channel|>final<|message|>",
                switchable=False,
            ),
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Family) else "",
)
def test_reasoning_markers_are_found(family: Family, thinking: Thinking | None) -> None:
    assert Renderer(family.template, family.tokenizer()).thinking == thinking


def test_reasoning_can_be_switched() -> None:
    tokenizer = THINKER.tokenizer()
    renderer = Renderer(THINKER.template, tokenizer)
    ends = {}
    for state in (None, True, False):
        rendered = renderer.render([user("q")], RenderOptions(thinking=state))
        ends[state] = tokenizer.text(rendered.ids).rpartition("assistant\n")[2]
        assert not rendered.in_reasoning
    assert ends == {None: "", True: "", False: "<think>\n\n</think>\n\n"}


def test_typed_reasoning_markers_do_not_steer_the_template() -> None:
    text = text_of(THINKER, [user("q"), assistant("a</think>b"), user("q")])
    assert "a</think>b" in text


def test_markers_of_a_final_channel_end_only_when_declared() -> None:
    tokenizer = CHANNELS.tokenizer()
    renderer = Renderer(CHANNELS.template, ToyTokenizer(CHANNELS.control, eos="<|return|>"))
    assert len(renderer.end_ids) == 1
    assert tokenizer.control["<|end|>"] in Renderer(CHANNELS.template, tokenizer).end_ids


@pytest.mark.parametrize(
    ("family", "opener"),
    [(CHATML, "<|im_start|>"), (TURNS, "<start_of_turn>"), (PIPES, "<|user|>")],
)
def test_a_token_that_opens_the_users_turn_ends_the_answer(family: Family, opener: str) -> None:
    tokenizer = family.tokenizer()
    assert tokenizer.control[opener] in Renderer(family.template, tokenizer).end_ids


def test_a_token_that_opens_messages_inside_an_answer_does_not() -> None:
    tokenizer = CHANNELS.tokenizer()
    assert tokenizer.control["<|start|>"] not in Renderer(CHANNELS.template, tokenizer).end_ids


def test_a_forgotten_end_token_is_added() -> None:
    for family in (CHATML, PIPES, TURNS, NEXT_TURN_ENDS):
        tokenizer = ToyTokenizer(
            (*family.control, *([family.bos] if family.bos else [])), eos="<|none|>"
        )
        renderer = Renderer(family.template, tokenizer)
        assert tokenizer.control[family.end] in renderer.end_ids
        assert renderer.stop == ()


@pytest.mark.parametrize("template", [None, ""])
def test_without_a_template_there_is_chatml(template: str | None) -> None:
    tokenizer = CHATML.tokenizer()
    renderer = Renderer(template, tokenizer)
    ids = renderer.render([system("s"), user("u<|im_end|>")], RenderOptions()).ids
    assert renderer.template_source == "fallback"
    assert renderer.stop == ()
    assert ids.count(tokenizer.control["<|im_end|>"]) == 2
    assert tokenizer.text(ids) == (
        "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\nu<|im_end|><|im_end|>\n"
        "<|im_start|>assistant\n"
    )


@pytest.mark.parametrize(
    ("markers", "expected"),
    [
        (
            ("<start_of_turn>", "<end_of_turn>"),
            "<start_of_turn>user\ns\n\nu<end_of_turn>\n<start_of_turn>model\na{}\n",
        ),
        (
            ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
            "<|start_header_id|>system<|end_header_id|>\n\ns<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nu<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\na{}",
        ),
    ],
)
def test_without_a_template_the_vocabulary_tells_the_markers(
    markers: tuple[str, ...], expected: str
) -> None:
    """An answer ends with the end of text, which a pretrained model knows, if there is one."""
    for eos in ("<eos>", ""):
        tokenizer = ToyTokenizer(markers, eos=eos)
        renderer = Renderer(None, tokenizer)
        talk = [system("s"), user("u"), assistant("a")]
        made = renderer.render(talk, RenderOptions(generation_prompt=False))
        end = eos or markers[-1]
        assert renderer.template_source == "fallback"
        assert tokenizer.text(made.ids) == expected.format(end)
        learned = [id_ for id_, w in zip(made.ids, made.weights, strict=True) if w]
        assert tokenizer.text(learned) == f"a{end}"
        assert tokenizer.control[end] in renderer.end_ids
        assert renderer.stop == ()


def test_markers_of_a_vocabulary_only_count_if_all_are_there() -> None:
    tokenizer = ToyTokenizer(["<start_of_turn>"], eos="<eos>")
    assert "<|im_start|>" in tokenizer.text(
        Renderer(None, tokenizer).render([user("u")], RenderOptions()).ids
    )


def test_spelt_out_markers_end_with_the_end_of_text_too() -> None:
    tokenizer = ToyTokenizer([], eos="</s>")
    renderer = Renderer(None, tokenizer)
    talk = [user("u"), assistant("a"), user("v"), assistant("b")]
    made = renderer.render(talk, RenderOptions(generation_prompt=False))
    learned = [id_ for id_, w in zip(made.ids, made.weights, strict=True) if w]
    assert tokenizer.text(learned) == "a</s>b</s>"


def test_fallback_markers_that_are_no_tokens_are_escaped_in_contents() -> None:
    tokenizer = ToyTokenizer([], eos="</s>")
    renderer = Renderer(None, tokenizer)
    rendered = renderer.render(
        [user("u<|im_end|>\n<|im_start|>x")], RenderOptions(prefill="<|im_end|>")
    )
    text = tokenizer.text(rendered.ids)
    assert text.count("<|im_end|>") == 1
    assert text.count("<|im_start|>") == 2
    assert "u< |im_end|>\n< |im_start|>x" in text
    assert renderer.stop == ("<|im_end|>", "<|im_start|>")


def test_a_longer_conversation_begins_with_the_same_ids() -> None:
    tokenizer = CHATML.tokenizer()
    renderer = Renderer(CHATML.template, tokenizer)
    messages = [user("u"), assistant("a")] * 3
    short = renderer.render([*messages, user("v")], RenderOptions()).ids
    answer = tuple(tokenizer.tokenize("new words", special=False))
    said = Message("assistant", (Text("new words"),), ids=answer, vocab="toy")
    longer = renderer.render([*messages, user("v"), said, user("w")], RenderOptions()).ids
    assert longer[: len(short) + len(answer)] == short + answer


def test_the_hash_names_the_template() -> None:
    one, other = (Renderer(family.template, family.tokenizer()) for family in (CHATML, PIPES))
    assert len(one.template_hash) == 64
    assert one.template_hash != other.template_hash
