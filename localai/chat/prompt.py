"""From a conversation's messages to the prompt and the request: what is kept, how it is
rendered, how the answer is sampled."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from localai.catalog import Description, ModelEntry
from localai.chat import context
from localai.chat.examples import with_examples
from localai.chat.offer import Offer, heading
from localai.config import Settings
from localai.conversation import Message, system
from localai.engine.base import (
    Engine,
    ModelInfo,
    ReasoningRule,
    Rendered,
    RenderOptions,
    Request,
    Sampling,
)
from localai.store.tuning import Corrected

Style = Literal["direct", "steps", "brief", "plain"]
"""How an answer is asked for: as it comes, step by step, as briefly as possible, without tools."""


def system_text(settings: Settings, description: Description) -> str:
    """The system text of new conversations: the user's, else the one that comes with the model;
    "" for none."""
    return settings.chat.system or description.system


def reasoning_rule(
    info: ModelInfo, offer: Offer | None, budget: int, *, inside: bool
) -> ReasoningRule | None:
    """How the engine tells reasoning apart, `inside` which the answer begins; None where the
    model has none, or where what reads its calls does that. `budget` in tokens, 0 for no limit."""
    if info.thinking is None or (offer is not None and offer.reasons):
        return None
    opened, closed = info.thinking.open, info.thinking.close
    return ReasoningRule(opened, closed, inside=inside, budget=budget or None)


class Prompter:
    """Prompts for one conversation with the system text `system`, by one model.

    `raw` puts the texts together as they are; `seed` None draws one for each answer;
    `examples` are shown before the last question.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        entry: ModelEntry,
        system: str,
        *,
        raw: bool = False,
        seed: int | None = None,
        examples: Sequence[Corrected] = (),
    ) -> None:
        self._engine, self._settings, self._entry = engine, settings, entry
        self._system, self._raw, self._seed = system, raw, seed
        self._examples = examples

    def prompt(
        self,
        messages: Sequence[Message],
        previous: int,
        info: ModelInfo,
        style: Style,
        offer: Offer | None,
    ) -> tuple[int, Rendered]:
        """How many messages are left out, and the prompt made of the rest.

        `previous` is where the last prompt of this conversation began. Raises
        ContextOverflow.
        """
        options = self._options(info, style, offer)
        budget = info.n_ctx - context.reserve(info.n_ctx, self._settings.chat.max_tokens)
        prompts: dict[int, Rendered] = {}

        def count(first: int) -> int:
            prompts[first] = self._render(messages[first:], options, offer)
            return len(prompts[first].ids)

        first = context.first_kept(messages, count, budget, previous)
        return first, prompts[first]

    def request(self, rendered: Rendered, info: ModelInfo, offer: Offer | None) -> Request:
        """What the engine is asked for. The seed is drawn here, so that what is recorded can
        be run again."""
        own = self._settings.sampling.model_dump(exclude_none=True)
        seed = random.getrandbits(32) if self._seed is None else self._seed
        return Request(
            ids=rendered.ids,
            sampling=Sampling(**{**self._entry.description.sampling, **own, "seed": seed}),
            max_tokens=self._settings.chat.max_tokens,
            reasoning=self._reasoning_rule(info, rendered, offer),
            visible=offer.visible if offer else (),
            constraints=offer.constraints if offer and self._settings.tools.grammar else (),
        )

    def _render(
        self, messages: Sequence[Message], options: RenderOptions, offer: Offer | None
    ) -> Rendered:
        if self._raw:
            ids = self._engine.tokenize("".join(message.text for message in messages))
            return Rendered(ids, (0.0,) * len(ids))
        head = heading(self._system, offer)
        talk = context.prompt_messages(with_examples(messages, self._examples))
        return self._engine.render((system(head), *talk) if head else talk, options)

    def _options(self, info: ModelInfo, style: Style, offer: Offer | None) -> RenderOptions:
        """Reasoning on or off as set; a stepwise answer turns it on where the model can."""
        wish = self._settings.chat.thinking
        thinking = None if wish == "auto" else wish == "on"
        if style == "steps" and info.thinking:
            thinking = True
        return RenderOptions(thinking=thinking, tools=offer.schemas if offer else ())

    def _reasoning_rule(
        self, info: ModelInfo, rendered: Rendered, offer: Offer | None
    ) -> ReasoningRule | None:
        if self._raw:
            return None
        budget = self._settings.chat.thinking_budget
        return reasoning_rule(info, offer, budget, inside=rendered.in_reasoning)
