"""The one renderer: a conversation becomes token ids and per-token weights.

Chat uses the ids, training the weights; both see the same prompt. Typed control strings
stay text, sampled ids are reused, and a training example whose assistant turns cannot be
told apart is refused rather than guessed. The steps are in the modules beside this one:
`convention` (messages as templates read them), `template`, `layout`, `regions`, `encode`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from localai.conversation import Message, ToolCall
from localai.errors import EngineError
from localai.render import fallback
from localai.render.base import Rendered, RenderOptions, Thinking, Tokenizer
from localai.render.compose import Composer, as_it_is, texts
from localai.render.controls import Controls, Marks, choose_marks
from localai.render.convention import (
    WAYS,
    Turns,
    everywhere,
    mapped,
    turns,
    without_system,
    without_tools,
)
from localai.render.encode import Encoder, Misaligned, Splice
from localai.render.layout import Slots, Span, align
from localai.render.markup import Prober
from localai.render.regions import Region, Regions, sampled_at
from localai.render.template import ChatTemplate, TemplateRefused

__all__ = ["Renderer", "Tokenizer"]

_SURROGATE = re.compile("[\ud800-\udfff]")

TemplateSource = Literal["file", "override", "fallback"]


@dataclass(frozen=True)
class _Prompt:
    """A rendered prompt, marks still in it. `spans` is None when the layout is unknown."""

    text: str
    marks: Marks
    spans: list[Span] | None


class Renderer:
    """Renders for one template and one vocabulary. Not thread-safe.

    `template` None or empty: one by the vocabulary's markers (`fallback`). Raises EngineError
    when the template cannot be used at all. `end_ids` are the tokens that end an answer, those
    the file declares and those that would open a turn of the user's included; `stop` are texts
    that end it where no token does.
    """

    def __init__(
        self,
        template: str | None,
        tokenizer: Tokenizer,
        *,
        source: TemplateSource = "file",
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._tokenizer = tokenizer
        control = {
            text: id_ for text, id_ in tokenizer.control.items() if tokenizer.is_control(id_)
        }
        known = fallback.known(control)
        chosen = ChatTemplate(template or (known or fallback.CHATML).template, now)
        self.template_source: TemplateSource = source if template else "fallback"
        self.template, self.template_hash = chosen.source, chosen.hash
        tokens = Controls(frozenset(control))
        self._composer = Composer(chosen, tokenizer)
        self._markup = Prober(self._composer, tokenizer, tokens).markup()
        self._escape = not template and known is None
        self._typed = self._typed_controls(chosen.source, frozenset(control))
        self._encoder = Encoder(tokenizer, tokens)
        own = self._markup.end_ids
        declared = tokenizer.eog if own & tokenizer.eog else tokenizer.eog | own
        self.end_ids = declared | self._markup.opener_ids
        ends = frozenset(tokenizer.piece(id_) for id_ in declared | own)
        self._regions = Regions(self._markup, tokens, ends)
        self.stop = (fallback.END, fallback.START) if self._escape else self._markup.stop

    @property
    def thinking(self) -> Thinking | None:
        """How the model marks reasoning, if it reasons."""
        return self._markup.thinking

    @property
    def supports_system(self) -> bool:
        """Whether the template has a place for a system message; else it goes into the
        user message that follows."""
        return self._markup.supports_system

    @property
    def supports_tools(self) -> bool:
        """Whether the template writes tool schemas, calls and results."""
        return self._markup.supports_tools

    def render(self, messages: Sequence[Message], options: RenderOptions) -> Rendered:
        """The prompt for a conversation.

        Without a generation prompt it is a training example: raises EngineError when an
        assistant turn that should be learned from cannot be located. Raises EngineError
        too when the template refuses the conversation.
        """
        prompt = self._prompt(messages, options)
        regions = self._regions.find(prompt.text, prompt.spans or [])
        if not options.generation_prompt:
            _check_located(messages, regions, prompt.spans or [])
        weighted: list[tuple[int, int]] = []
        splices: list[Splice] = []
        for region in regions:
            message = messages[region.turn]
            splice = self._sampled(message, prompt, region)
            start = min(region.start, splice.start) if splice else region.start
            splices += [splice] if splice else []
            weighted += [(start, region.stop)] if message.learn else []
        ids, weights = self._encode(prompt, weighted, splices, options)
        ids, weights = self._with_bos(prompt.text, ids, weights)
        return Rendered(tuple(ids), tuple(weights), self._in_reasoning(prompt, options))

    def _prompt(self, messages: Sequence[Message], options: RenderOptions) -> _Prompt:
        given = everywhere(turns(messages), _well_formed)
        marks = choose_marks(
            [self._composer.template.source, options.prefill, *texts(given, options.tools)]
        )

        def harmless(text: str) -> str:
            return self._typed.broken(fallback.escaped(text) if self._escape else text, marks)

        given = everywhere(given, harmless)
        tools = tuple(mapped(tool, harmless, keys=True) for tool in options.tools)
        options = msgspec.structs.replace(options, tools=tools)
        if not self.supports_tools:
            given = without_tools(given)
        if not self.supports_system:
            given = without_system(given)
        given, text = self._accepted(given, options)
        spans = self._layout(given, options, text, marks)
        if options.generation_prompt and options.prefill:
            prefill = harmless(_well_formed(options.prefill))
            if spans is not None:
                spans = [*spans, Span(len(text), len(text) + len(prefill), -1, "prefill")]
            text += prefill
        return _Prompt(text, marks, spans)

    def _accepted(self, given: Turns, options: RenderOptions) -> tuple[Turns, str]:
        """The conversation in the first way the template takes it, and its text."""
        refusal: TemplateRefused | None = None
        for way in WAYS:
            changed = given
            for change in way:
                changed = change(changed)
            try:
                return changed, self._composer.text(changed, self._markup.style, options, as_it_is)
            except TemplateRefused as error:
                refusal = refusal or error
                if error.over_limits:
                    break
        assert refusal is not None, "there is always a way to try"
        raise refusal

    def _layout(
        self, given: Turns, options: RenderOptions, text: str, marks: Marks
    ) -> list[Span] | None:
        for keep_blank in (False, True):
            slots = Slots(marks.hole, keep_blank)
            try:
                skeleton = self._composer.skeleton(given, self._markup.style, options, slots)
            except TemplateRefused:
                continue
            spans = align(text, *skeleton)
            if spans is not None:
                return spans
        return None

    def _sampled(self, message: Message, prompt: _Prompt, region: Region) -> Splice | None:
        if not message.ids or message.vocab != self._tokenizer.vocab_hash:
            return None
        raw = b"".join(self._tokenizer.piece_bytes(id_) for id_ in message.ids)
        text = raw.decode("utf-8", "replace")
        start = sampled_at(prompt.text, region, text, prompt.marks)
        if start is None and _whole(message, prompt.spans or [], region):
            start = region.start  # the template spells a call in its own way
        return None if start is None else Splice(start, region.end, message.ids)

    def _encode(
        self,
        prompt: _Prompt,
        weighted: list[tuple[int, int]],
        splices: list[Splice],
        options: RenderOptions,
    ) -> tuple[list[int], list[float]]:
        literals = _between(prompt.spans or [], len(prompt.text))
        try:
            return self._encoder.encode(prompt.text, prompt.marks, literals, weighted, splices)
        except Misaligned as error:
            if not options.generation_prompt:
                raise EngineError(
                    "This model's tokens do not spell the text they stand for, so it cannot "
                    "learn from conversations; train another model."
                ) from error
            return self._encoder.encode(prompt.text, prompt.marks, literals, (), splices)

    def _with_bos(
        self, text: str, ids: list[int], weights: list[float]
    ) -> tuple[list[int], list[float]]:
        bos = self._tokenizer.bos
        own = self._tokenizer.bos_text
        if bos is None or not self._tokenizer.add_bos or (own and text.lstrip().startswith(own)):
            return ids, weights
        return [bos, *ids], [0.0, *weights]

    def _in_reasoning(self, prompt: _Prompt, options: RenderOptions) -> bool:
        thinking = self.thinking
        if thinking is None or not options.generation_prompt:
            return False
        contents = [span for span in prompt.spans or [] if span.kind != "prefill"]
        tail = prompt.text[contents[-1].stop if contents else 0 :]
        return thinking.opened_in(tail)

    def _typed_controls(self, source: str, control: frozenset[str]) -> Controls:
        """What must not be typed: control tokens, and the template's own markers even
        where the vocabulary has them as user-defined tokens or not at all."""
        thinking = self.thinking
        markers = {thinking.open, thinking.close} if thinking else set()
        named = (
            text
            for text in self._tokenizer.control.keys() - control
            if len(text) > 1 and text.strip() and (text in source or text in markers)
        )
        hard = frozenset(named)
        return Controls(control | hard | markers, hard)


def _check_located(
    messages: Sequence[Message], regions: Sequence[Region], spans: Sequence[Span]
) -> None:
    located = {region.turn for region in regions if region.certain}
    with_calls = {span.turn for span in spans if span.kind == "call"}
    for index, message in enumerate(messages):
        if message.role != "assistant" or not message.learn:
            continue
        calls = any(isinstance(part, ToolCall) for part in message.parts)
        if index not in located and (calls or message.text.strip()):
            raise EngineError(
                f"Message {index + 1} cannot be learned from: the model's chat template does "
                "not show where it begins and ends; leave it out, or use another template."
            )
        if calls and index not in with_calls:
            raise EngineError(
                f"Message {index + 1} cannot be learned from: the model's chat template leaves "
                "out its tool calls; use another template."
            )


def _whole(message: Message, spans: Sequence[Span], region: Region) -> bool:
    """Whether a message with tool calls is in the prompt with all it holds."""
    if not any(isinstance(part, ToolCall) for part in message.parts):
        return False
    shown = {span.kind for span in spans if region.start <= span.start < span.stop <= region.end}
    return "call" in shown and ("reasoning" in shown or not message.reasoning)


def _between(spans: Sequence[Span], length: int) -> list[tuple[int, int]]:
    """What is not content."""
    edges = [0, *(edge for span in spans for edge in (span.start, span.stop)), length]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _well_formed(text: str) -> str:
    """`text` without lone surrogates, which no tokenizer can read."""
    return _SURROGATE.sub("\ufffd", text)
