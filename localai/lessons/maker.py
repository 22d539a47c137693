"""Lessons as token ids with weights, made by the engine that serves the model.

The one renderer makes them; nothing is tokenized here. What would put the weight in the wrong
place is refused with the reason, never guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from localai.catalog.description import Description
from localai.chat.context import turn_starts
from localai.chat.offer import Offer, heading, offer
from localai.chat.session import Session
from localai.config import Settings
from localai.conversation import Message, system
from localai.engine.base import Engine, Rendered, RenderOptions
from localai.engine.prefix import common
from localai.errors import EngineError
from localai.lessons import phrasings
from localai.lessons.heads import stand_ins, under_own_head
from localai.lessons.lesson import Lesson, Unlearnable
from localai.tools.tool import Tool

LONGEST = 1024
"""Tokens of an example; older turns leave first, and what is longer still is left out."""
ROOM_FOR_TOOLS = 1_200
"""Characters of tools' descriptions in an example of the user's own."""
ROOM_FOR_ALL = 3_000
"""The same where all tools are told of, as in a chat: that takes most of the example."""

WHOLE = RenderOptions(generation_prompt=False)

TOO_LONG = "It is too long to learn from."
MISPLACED = (
    "The model's chat template does not show where its answer is, so nothing can be learned "
    "from it with this model."
)


class Example(msgspec.Struct, frozen=True, array_like=True):
    """A rendered conversation; `weights[i]` is what predicting `ids[i]` counts."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]


class Fitted(msgspec.Struct, frozen=True):
    """A lesson as the model is to see it: told of the tools that it is about (`offer`), without
    the turns that it is too long for; `rendered` with `options`."""

    lesson: Lesson
    options: RenderOptions
    offer: Offer | None
    rendered: Rendered

    @property
    def talk(self) -> tuple[Message, ...]:
        """The talk to its end, the question as it was asked first."""
        return self.lesson.tell(self.lesson.question)

    @property
    def several(self) -> bool:
        """Whether more answers than the last one count."""
        return any(each.role == "assistant" and each.learn for each in self.talk[:-1])


class Maker:
    """Makes examples. `tools` gives those that calls may be of, when there are calls;
    `described` is the tool format in the model's description, `rewrites` how many of the
    model's own words for a question it is asked with, too; `heads` says which system text
    stands for another (`heads.stand_ins`)."""

    def __init__(
        self,
        engine: Engine,
        tools: Callable[[], Sequence[Tool]] = tuple,
        described: str = "",
        rewrites: int = 0,
        heads: Mapping[str, str] | None = None,
    ) -> None:
        self.engine, self.rewrites = engine, rewrites
        self._tools, self._described = tools, described
        self._heads = heads or {}

    def make(self, lesson: Lesson) -> tuple[Example, ...]:
        """One example for each way to ask, the question as it was asked first; one for each
        answer where the template writes earlier ones in another way. Raises Unlearnable."""
        return self.examples(self.fit(lesson))

    def examples(self, fitted: Fitted) -> tuple[Example, ...]:
        """The same of a lesson that fits."""
        if fitted.several:
            return self._dialogue(fitted)
        return tuple(self.by_way(fitted).values())

    def by_way(self, fitted: Fitted) -> dict[str, Example]:
        """The examples of a lesson of which one answer counts, by the words that each is asked
        in."""
        lesson, options, rendered = fitted.lesson, fitted.options, fitted.rendered
        if not self._counts_alone(fitted.talk, rendered, options):
            raise Unlearnable(MISPLACED)
        ways = phrasings.training(lesson.question)[1:] if not lesson.name else ()
        own = lesson.rewrites[: self.rewrites]
        more = ((way, self._render(lesson.tell(way), options)) for way in (*ways, *own))
        fit = {way: _example(each) for way, each in more if len(each.ids) <= LONGEST}
        return {lesson.question: _example(rendered)} | fit

    def held_out(self, lesson: Lesson) -> tuple[Example, ...]:
        """The lesson in words that are kept out of training. Raises Unlearnable."""
        fitted = self.fit(lesson)
        talks = map(fitted.lesson.tell, phrasings.held_out(lesson.question))
        return tuple(_example(self._render(talk, fitted.options)) for talk in talks)

    def fit(self, lesson: Lesson) -> Fitted:
        """The lesson as it is learned and asked about. Raises Unlearnable."""
        lesson = under_own_head(lesson, self._heads)
        made = self._offer(lesson)
        options = replace(WHOLE, tools=made.schemas) if made else WHOLE
        lesson = _headed(lesson, made) if made else lesson
        rendered = self._render(lesson.tell(lesson.question), options)
        while len(rendered.ids) > LONGEST:
            lesson = _without_oldest_turn(lesson)
            rendered = self._render(lesson.tell(lesson.question), options)
        return Fitted(lesson, options, made, rendered)

    def _offer(self, lesson: Lesson) -> Offer | None:
        """The tools that a lesson is about as a chat tells of them, None for none: in its order,
        as many as there is room for, those that are called before all.

        Raises Unlearnable when one that it calls is there no more.
        """
        if not (lesson.tools or lesson.all_tools):
            return None
        there = {tool.name: tool for tool in self._tools()}
        called = dict.fromkeys(call.name for each in lesson.tell("") for call in each.calls)
        if missing := sorted(called.keys() - there.keys()):
            raise Unlearnable(f"It calls {missing[0]}, a tool that is not there any more.")
        wanted = dict.fromkeys((*called, *(there if lesson.all_tools else lesson.tools)))
        room = ROOM_FOR_ALL if lesson.all_tools else ROOM_FOR_TOOLS
        info = replace(self.engine.load(), n_ctx=room)
        fit = offer([there[name] for name in wanted if name in there], info, self._described)
        if fit is None and not lesson.tools:
            return None
        if fit is None or called.keys() & set(fit.left_out):
            raise Unlearnable("The tools that it calls take too many words to describe.")
        told = [tool for name, tool in there.items() if name in fit.parameters]
        return offer(told, info, self._described)

    def _render(self, talk: Sequence[Message], options: RenderOptions) -> Rendered:
        try:
            return self.engine.render(talk, options)
        except EngineError as error:
            raise Unlearnable(str(error)) from error

    def _dialogue(self, fitted: Fitted) -> tuple[Example, ...]:
        """A dialogue of which several answers count: in one, if each stands in it as it will
        be said; else in an example for each."""
        talk, rendered, options = fitted.talk, fitted.rendered, fitted.options
        ends = [at + 1 for at, each in enumerate(talk) if each.role == "assistant" and each.learn]
        alone = [_only_last_counts(talk[:end]) for end in ends]
        single = [self._render(each, options) for each in alone]
        intact = all(rendered.ids[: len(each.ids)] == each.ids for each in single)
        if intact and sum(map(_counted, single)) == _counted(rendered) > 0:
            return (_example(rendered),)
        pairs = list(zip(alone, single, strict=True))
        if not all(self._counts_alone(*pair, options) for pair in pairs):
            raise Unlearnable(MISPLACED)
        return tuple(map(_example, single))

    def _counts_alone(
        self, talk: Sequence[Message], rendered: Rendered, options: RenderOptions
    ) -> bool:
        """Whether what counts is there, and all of it after everything but the last message."""
        before = common(self._render(talk[:-1], options).ids, rendered.ids)
        return any(rendered.weights) and not any(rendered.weights[:before])


def maker_for(session: Session) -> Maker:
    """What makes examples for the model of a session."""
    described, settings = session.entry.description, session.settings
    return maker_of(session.engine, lambda: tuple(session.tools.values()), described, settings)


def maker_of(
    engine: Engine, tools: Callable[[], Sequence[Tool]], model: Description, settings: Settings
) -> Maker:
    """What makes examples for a model, by its description."""
    most = settings.tune.rewrites
    return Maker(engine, tools, model.tool_format, most, heads=stand_ins(model))


def _example(rendered: Rendered) -> Example:
    return Example(rendered.ids, rendered.weights)


def _counted(rendered: Rendered) -> int:
    return sum(map(bool, rendered.weights))


def _only_last_counts(talk: Sequence[Message]) -> tuple[Message, ...]:
    return (*(replace(each, learn=False) for each in talk[:-1]), talk[-1])


def _headed(lesson: Lesson, made: Offer) -> Lesson:
    """The lesson under a system text that tells of the tools where the template does not."""
    texts = [each.text for each in lesson.context if each.role == "system"]
    rest = tuple(each for each in lesson.context if each.role != "system")
    head = heading("\n\n".join(texts), made)
    return replace(lesson, context=(system(head), *rest) if head else rest)


def _without_oldest_turn(lesson: Lesson) -> Lesson:
    """The lesson without the first turn of its talk; the system text stays. Raises Unlearnable
    when there is no such turn."""
    context = lesson.context
    head = context[:1] if context and context[0].role == "system" else ()
    talk = context[len(head) :]
    if not talk:
        raise Unlearnable(TOO_LONG)
    starts = [*turn_starts(talk), len(talk)]
    return replace(lesson, context=(*head, *talk[starts[1] :]))
