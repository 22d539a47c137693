"""Dialogues in which tools are called where they help: made of the training pool.

A call, what the tool makes of it, and an answer that tells that; and questions that want no
tool, with the model's own answers. Some dialogues hold several questions, so that one that is
asked after a call is not taken for one that wants one.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle, islice

from msgspec.structs import replace

from localai.chat.calls import Calls, numbered
from localai.chat.consent import Consent
from localai.chat.offer import wanted
from localai.chat.prompt import system_text
from localai.conversation import Message, ToolCall, ToolResult, assistant, system, user
from localai.evals.making import Made, Tell
from localai.evals.making.own_answers import own_answers
from localai.evals.task import Example, Place
from localai.evals.tool_questions.plugins import plugins, suits
from localai.evals.tool_questions.pool import questions
from localai.evals.tool_questions.shelf import shelf
from localai.evals.tool_questions.telling import told
from localai.evals.tool_questions.wordings import mixed, wordings
from localai.lessons.lesson import Lesson, Unlearnable
from localai.lessons.maker import Maker, maker_of
from localai.tools.builtin import clock

Talk = tuple[Message, ...]

TURNS = (1, 1, 1, 1, 3, 1, 1, 1, 2)
"""Questions in one dialogue after the other: most begin one, as in a chat."""

SPARE = 1.2
"""So many times the questions are asked: some answers are no use."""

LONGEST_RESULT = 600
"""Characters of a result."""

YEARS = 12
"""Within so many years lie the moments that the clock tells: were it the present one, it would
be learned by heart."""


def make(place: Place, n: int, tell: Tell) -> Sequence[Made]:
    """Up to n dialogues."""
    sizes = list(islice(cycle(TURNS), n))
    tools = place.toolbox.tools
    ours = questions("train", tools)[: int(sum(sizes) * SPARE)]
    asked = mixed([ours, plugins(tools.values())])
    with shelf(place, asked) as there:
        called = _called(there, [each for each in asked if each.tool])
        own = own_answers(there, [each for each in asked if not each.tool], tell)
    turns = [turn for each in asked if (turn := called.get(each.id) or own.get(each.id))]
    head = system_text(place.settings, place.entry.description)
    fits, found = partial(_fits, _maker(there), head), list[Made]()
    for size in sizes:
        taken = turns[:size]
        while len(taken) > 1 and not fits(_dialogue(taken)):
            del taken[-1]
        if taken:
            found.append((_dialogue(taken), "written"))
        del turns[: len(taken)]
    return found


def remarks(place: Place) -> Iterator[str]:
    """What a user should know of what is left out, and of what is learned."""
    further = [tool for tool in place.toolbox.tools.values() if not tool.built_in]
    unfit = [tool.name for tool in further if not suits(tool)]
    fit = [tool for tool in further if suits(tool)]
    consent = Consent(place.store, "")
    denied = [
        tool.name
        for tool in fit
        if consent.refusal(tool, ToolCall("", tool.name, {}), tainted=False)
    ]
    if unfit:
        yield f"No questions can be made for {', '.join(unfit)}, so no example calls it."
    if denied:
        yield f"No example calls {', '.join(denied)}: allow it always first, in a chat."
    described, wish = place.entry.description.tool_format, place.settings.tools.offer
    if not wanted(place.engine.load(), described, wish):
        yield 'This model is told of no tools; set tools.offer = "on" to have it call any.'


def _fits(maker: Maker, head: str, talk: Talk) -> bool:
    """Whether a dialogue is learned to its beginning, told of all tools."""
    asked = max(at for at, each in enumerate(talk) if each.role == "user")
    context = (*((system(head),) if head else ()), *talk[:asked])
    lesson = Lesson(
        "", context, talk[asked].text, talk[-1], steps=talk[asked + 1 : -1], all_tools=True
    )
    try:
        return talk[0] in maker.fit(lesson).talk
    except Unlearnable:
        return False


def _maker(place: Place) -> Maker:
    tools, model = tuple(place.toolbox.tools.values()), place.entry.description
    return maker_of(place.engine, lambda: tools, model, place.settings)


def _called(place: Place, asked: Sequence[Example]) -> dict[str, Talk]:
    """The turns of questions that want a tool, by their ids."""
    calls = [ToolCall(each.id, each.tool or "", each.arguments) for each in asked]
    consent = Consent(place.store, "")
    run = Calls(calls, place.toolbox, consent, threading.Event(), "")
    for _ in run.run(most=len(calls), tainted=False):
        pass
    found = dict[str, Talk]()
    for example, call, result in zip(asked, calls, run.results, strict=True):
        if result.ok and len(result.text) <= LONGEST_RESULT:
            draw = random.Random(example.id)
            text = _at_some_time(draw, call) if call.name == "clock" else result.text
            found[example.id] = (
                user(example.question),
                Message("assistant", (call,)),
                Message("tool", (ToolResult(call.id, text),)),
                assistant(_answer(draw, example, text)),
            )
    return found


def _at_some_time(draw: random.Random, call: ToolCall) -> str:
    """What the clock would say to a call at another time."""
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    now = begin + timedelta(seconds=draw.randrange(YEARS * 365 * 86_400))
    return clock.told(now, str(call.arguments.get("zone", "")))


def _answer(draw: random.Random, example: Example, result: str) -> str:
    """A sentence that tells what the tool found."""
    ways, extra = wordings("answers"), example.extra
    if example.kind == "search":
        if not extra["value"]:
            return str(draw.choice(ways["missing"])).format(it=extra["it"])
        return str(draw.choice(ways["found"])).format(result=extra["say"][0])
    tells = str(extra.get("tells", example.tool))
    if tells == "weekday" and example.tool == "clock":
        tells = "today"
    own, general = extra["say"], ways["plugin" if example.kind == "plugin" else tells]
    chosen = draw.choice(own if own and draw.random() < 0.6 else general)
    return str(chosen).replace("{result}", told(example, result))


def _dialogue(turns: Sequence[Talk]) -> Talk:
    """The turns one after the other, each call with an id of its own."""
    messages, calls = list[Message](), list[ToolCall]()
    for turn in turns:
        for message in turn:
            if message.calls:
                calls.append(numbered(replace(message.calls[0], id=""), calls))
                message = replace(message, parts=(calls[-1],))
            elif message.results:
                result = replace(message.results[0], call_id=calls[-1].id)
                message = replace(message, parts=(result,))
            messages.append(message)
    return tuple(messages)
