"""Templates come from strangers: they compute text and nothing else, within limits."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from localai.conversation import user
from localai.errors import EngineError
from localai.render.base import RenderOptions
from localai.render.limits import Meter
from localai.render.template import ChatTemplate, TemplateRefused
from localai.render.tokens import Renderer
from tests.render.families import CHATML

MESSAGES = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "x"}]


def run(source: str, **variables: Any) -> str:
    template = ChatTemplate(source, lambda: datetime(2026, 1, 2))
    return template.render({"messages": MESSAGES, "bos_token": "<s>", **variables})


@pytest.mark.parametrize(
    "source",
    [
        "{{ cycler.__init__.__globals__ }}",
        "{{ joiner.__init__ }}{{ joiner.__init__() }}",
        "{{ raise_exception.__globals__['json'] }}",
        "{{ namespace.__class__.__mro__ }}",
        "{{ messages.__class__.__base__.__subclasses__() }}",
        "{{ (messages | attr('__class__')).mro() }}",
        "{{ self._TemplateReference__context.environment }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update({'content': 'changed'}) }}",
        "{{ lipsum() }}",
        "{{ config }}{{ config.items() }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends '/etc/passwd' %}",
    ],
)
def test_escapes_are_refused(source: str) -> None:
    with pytest.raises(TemplateRefused):
        run(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ '{0.__class__.__init__}'.format(messages) }}",
        "{{ '{m.__class__}'.format_map({'m': messages}) }}",
        "{{ messages['__class__'] }}{{ ''['__cl' ~ 'ass__'] }}",
    ],
)
def test_private_attributes_print_as_nothing(source: str) -> None:
    assert run(source) == ""


@pytest.mark.parametrize(
    "source",
    [
        "{{ 9 ** (9 ** 9) }}",
        "{% set ns = namespace(n=9) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}"
        "{% endfor %}",
        "{{ 'x' * 10 ** 10 }}",
        "{{ [1] * 10 ** 9 }}",
        "{{ 'x'.center(10 ** 9) }}",
        "{{ 'x'.ljust(10 ** 9) }}",
        "{{ '7'.zfill(10 ** 9) }}",
        "{{ '\t'.expandtabs(10 ** 9) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%*d' % (999999999, 1) }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ '{:999999999d}'.format(1) }}",
        "{{ 'a\nb' | indent(10 ** 9) }}",
        "{{ [1] | tojson(indent=10 ** 9) }}",
        "{% set ns = namespace(x='x') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}"
        "{% endfor %}",
        "{% set ns = namespace(x=messages) %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}"
        "{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}"
        "{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}"
        "{% endfor %}{{ ns.x | tojson }}",
        "{% set x = 'y' * 60000 %}{{ x.replace('y', x) }}",
        "{% set x = 'y' * 60000 %}{{ x | replace('y', x) }}",
        "{% set x = 'y' * 60000 %}{{ x.join([x, x] * 1000) }}",
        "{% set x = 'y' * 9999999 %}{% set z %}{% for i in range(99) %}{{ x }}"
        "{% endfor %}{% endset %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ 'x'.translate({120: 'y' * 100}) }}",
        "{{ strftime_now('%Y' * 1000) }}",
        "{% for i in range(10 ** 9) %}x{% endfor %}",
    ],
)
def test_growth_is_refused(source: str) -> None:
    with pytest.raises(TemplateRefused):
        run(source)


@pytest.mark.parametrize("body", ["x", "", "{% set y = i %}"])
def test_endless_loops_are_stopped(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localai.render.limits.MAX_SECONDS", 0.05)
    loops = "{% for i in range(99999) %}{% for k in range(99999) %}"
    with pytest.raises(TemplateRefused, match="it takes too long"):
        run(f"{loops}{body}{{% endfor %}}{{% endfor %}}")


@pytest.mark.parametrize(
    "source",
    ["{% for m in messages %}", "{{", "{% break %}", "{{ x | no_such_filter }}", "{% nope %}",
     "x" * 1_000_001],
)  # fmt: skip
def test_what_is_no_template_is_named(source: str) -> None:
    with pytest.raises(TemplateRefused, match="chat template"):
        ChatTemplate(source)


def test_a_template_that_hangs_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localai.render.limits.MAX_SECONDS", 0.05)
    starts: list[int] = []
    start = Meter.start

    def counted(meter: Meter) -> None:
        starts.append(1)
        start(meter)

    monkeypatch.setattr(Meter, "start", counted)
    loops = "{% for i in range(99999) %}{% for k in range(99999) %}{% endfor %}{% endfor %}"
    with pytest.raises(EngineError, match="it takes too long"):
        Renderer(loops, CHATML.tokenizer())
    assert len(starts) == 2  # when the sandbox is made, and for the one rendering


@pytest.mark.parametrize("source", ["   ", "only words", "{{ messages[0].role }}", "{{ nope() }}"])
def test_a_template_that_ignores_the_user_is_of_no_use(source: str) -> None:
    with pytest.raises(EngineError, match="chat template"):
        Renderer(source, CHATML.tokenizer())


def test_errors_are_one_plain_sentence_without_control_characters() -> None:
    with pytest.raises(TemplateRefused) as caught:
        run("{{ raise_exception('no\x1b[31m\nsystem role') }}")
    assert "(no system role)" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% for m in messages %}\n  {% if loop.last %}\n{{ m.content }}\n{% endif %}\n"
         "{% endfor %}", "x\n"),
        ("{% for m in messages %}{% break %}{% endfor %}ok", "ok"),
        ("{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.role }}"
         "{% endfor %}", "assistant"),
        ("{% generation %}{{ messages[0].content }}{% endgeneration %}", "hi"),
        ("{{ strftime_now('%d %b %Y') }}", "02 Jan 2026"),
        ("{{ {'b': 'é<>', 'a': [1]} | tojson }}", '{"b": "é<>", "a": [1]}'),
        ("{{ {'b': 'é'} | tojson(ensure_ascii=True) }}", '{"b": "\\u00e9"}'),
        ("{{ {'a': 1} | tojson(indent=2) }}", json.dumps({"a": 1}, indent=2)),
        ("{{ missing }}{{ messages[9] is defined }}", "False"),
        ("{{ messages | map(attribute='role') | join(', ') }}", "user, assistant"),
        ("{{ '%s-%s' % ('a', 1) }}{{ '{}'.format('b') }}{{ 'x' * 3 }}{{ 2 ** 10 }}", "a-1bxxx1024"),
        ("{{ 'a\nb' | indent(2) }}{{ 'c' | indent(2, true) }}", "a\n  b  c"),
        ("{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}"
         "{{ ns.n }}", "2"),
        ("{% for m in messages %}{{ loop.length }}{{ loop.index }}{{ loop.last }}{% endfor %}",
         "21False22True"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{% else %}none{% endfor %}", "a1"),
        ("{{ (3.14159 | round(2)) ~ [1] | string ~ none }}", "3.14[1]None"),
        ("{{ '{\"a\": 2}' | from_json | tojson }}", '{"a": 2}'),
    ],
)  # fmt: skip
def test_the_dialect_of_chat_templates(source: str, text: str) -> None:
    assert run(source) == text


def test_a_refusal_names_the_reason_and_the_next_step() -> None:
    template = "{% for m in messages %}{{ m.content }}{% if m.content == 'no' %}" \
               "{{ raise_exception('not this word') }}{% endif %}{% endfor %}"  # fmt: skip
    renderer = Renderer(template, CHATML.tokenizer())
    assert renderer.render([user("yes")], RenderOptions()).ids
    with pytest.raises(EngineError, match=r"not this word.*`template` setting"):
        renderer.render([user("no")], RenderOptions())
