"""Calls a tool where one helps, the right one, with the right arguments, and tells its result.

Every call runs, the searches over what an invented user said. Wordings, numbers and things of
the gate pool are not those of the training pool. Calls after the first one are not judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from localai.errors import LocalaiError
from localai.evals import asking
from localai.evals.task import (
    Answer,
    Called,
    Example,
    Manner,
    Measure,
    Outcome,
    Place,
    Pool,
    Scores,
    Task,
)
from localai.evals.tool_questions.pool import around, questions
from localai.evals.tool_questions.shelf import shelf
from localai.evals.tool_questions.telling import tells
from localai.tools.builtin import zones
from localai.tools.registry import BUILTIN, builtin
from localai.tools.tool import ToolFunction

CLASSES = ("", *BUILTIN)
"""What the numbers under "wanted" and "chosen" in the scores mean; one more is any other tool."""


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """The questions for the tools that the user has."""
    return questions(pool, place.toolbox.tools)


def ask(place: Place, task: Task, examples: Sequence[Example], manner: Manner) -> Iterator[Outcome]:
    """The questions with their answers, in a place with what their pool is about."""
    with shelf(place, around(examples, place.toolbox.tools)) as there:
        yield from asking.ask(there, task, examples, manner)


def score(example: Example, answers: Sequence[Answer]) -> Scores:
    """What the first answer comes to."""
    answer = answers[0]
    call = answer.calls[0] if answer.calls else None
    chosen, fits = call.name if call else "", (example.tool, *example.extra.get("also", ()))
    routed = chosen in fits
    found: Scores = {
        "routed": routed,
        "wanted": _class(chosen if routed else example.tool or ""),
        "chosen": _class(chosen),
    }
    if call is None:
        found["no_tool"] = routed
    if example.tool:
        found["called"] = call is not None
        name = "value" if example.tool == "calculator" else "argument"
        found[name] = routed and call is not None and _same(example, call)
        found["ran"] = routed and call is not None and call.ok
        found["used"] = bool(found["ran"] and call and tells(example, call.result, answer.text))
    return {name: float(each) for name, each in found.items()}


def precision(scores: Sequence[Scores]) -> float:
    """The share of calls that were of the right tool."""
    return _share([each["routed"] for each in scores if each["chosen"]])


def recall(scores: Sequence[Scores]) -> float:
    """The share of questions that want a tool for which the right one was called."""
    return _share([each["routed"] for each in scores if each["wanted"]])


def macro_f1(scores: Sequence[Scores]) -> float:
    """The mean over the tools, none being one of them, of the harmonic mean of precision and
    recall (van Rijsbergen 1979); of those that are wanted or called."""
    wanted = Counter(each["wanted"] for each in scores)
    chosen = Counter(each["chosen"] for each in scores)
    right = Counter(each["wanted"] for each in scores if each["routed"])
    return _share([2 * right[each] / (wanted[each] + chosen[each]) for each in wanted | chosen])


def _share(found: Sequence[float]) -> float:
    return sum(found) / len(found) if found else 0.0


def _class(name: str) -> int:
    return CLASSES.index(name) if name in CLASSES else len(CLASSES)


def _same(example: Example, call: Called) -> bool:
    """Whether a call asks for what is wanted, in whatever words."""
    wanted, given = example.arguments, call.arguments
    if example.kind == "search":
        query = str(given.get("query", "")).casefold()
        return all(word in query for word in str(wanted["query"]).casefold().split())
    try:
        if example.tool == "clock":
            return _zone(wanted) == _zone(given)
        return _result(call.name, wanted) == _result(call.name, given)
    except LocalaiError:
        return False


def _zone(arguments: dict[str, object]) -> object:
    name = str(arguments.get("zone", "")).strip()
    return zones.zone(name) if name else None


def _result(name: str, arguments: dict[str, object]) -> object:
    """What one of our tools that only compute makes of the arguments. Raises LocalaiError."""
    tool = builtin(name)
    assert isinstance(tool, ToolFunction)
    return tool.function(**tool.check(arguments))


TASK = Task(
    name="tools",
    about="Calls the calculator, clock, calendar or search where one is needed, else none.",
    measures=(
        Measure("routed", "the right tool is called first, or none where none is needed"),
        Measure("called", "a tool is called where one is needed"),
        Measure("no_tool", "where none is called, none is needed"),
        Measure("value", "the calculator is called, and what it is given has the right value"),
        Measure("argument", "another tool is called with what is asked for"),
        Measure("ran", "the right tool is called and has a result"),
        Measure("used", "the right tool is called, and the answer tells its result"),
    ),
    examples=examples,
    score=score,
    ask=ask,
    manner=Manner(max_tokens=64),
    tools=True,
    derived={"precision": precision, "recall": recall, "macro_f1": macro_f1},
)
