"""Whether general answers are well-mannered, whatever they say.

They stop by themselves, hold no markers, invent no turn of the user's, do not go in circles, and
keep to the language and the form that was asked for. Whether they are right is for other tasks.
What was sampled is looked at, so a marker counts that no screen would show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from statistics import median

import msgspec

from localai.engine.base import ModelInfo
from localai.evals import asking, written
from localai.evals.averages import means
from localai.evals.formats import FORMS, fits
from localai.evals.judging import repeats
from localai.evals.language import language
from localai.evals.slips import invented_turn, marker
from localai.evals.task import Answer, Example, Manner, Measure, Outcome, Place, Pool, Scores, Task


def examples(place: Place, pool: Pool) -> Sequence[Example]:
    """General prompts, some of which ask for a language or a form; none to train on."""
    found = written.pool("hygiene", pool)
    return written.mixed(
        (
            *(_example(text, "plain") for text in found.get("plain", ())),
            *(_example(text, "language", of) for text, of in found.get("languages", ())),
            *(_example(text, form, of) for text, form, of in found.get("forms", ())),
        )
    )


def ask(place: Place, task: Task, examples: Sequence[Example], manner: Manner) -> Iterator[Outcome]:
    """As any task asks, reasoning off where it can be; scored knowing the vocabulary's markers."""
    control = _control(place.engine.load())
    for outcome in asking.ask(place, task, examples, manner):
        scores = [
            _scores(outcome.example, answer, control, place.engine.pieces(answer.ids))
            for answer in outcome.answers
        ]
        yield msgspec.structs.replace(outcome, scores=means(scores))


def _example(question: str, kind: str, wanted: str = "") -> Example:
    extra = {"wanted": wanted} if wanted else {}
    return Example(id=written.named(question), question=question, kind=kind, extra=extra)


def _control(info: ModelInfo) -> frozenset[str]:
    """The special tokens that have no place in an answer: not those around reasoning."""
    around = (info.thinking.open, info.thinking.close) if info.thinking else ()
    return frozenset(info.control).difference(around)


def _scores(
    example: Example, answer: Answer, control: frozenset[str], pieces: Sequence[str]
) -> Scores:
    """What one answer, which was sampled in these pieces, comes to."""
    words = re.findall(r"\w+", answer.text.casefold())
    kept = {
        "ends": answer.ended,
        "no_markers": not (marker(answer.raw, control) or not control.isdisjoint(pieces)),
        "no_invented_turn": not invented_turn(answer.text),
        "no_repetition": not repeats(words),
    }
    sound = bool(words) and all(it for name, it in kept.items() if name != "ends")
    told = {"clean": sound and kept["ends"], "sound": sound, **kept}
    found = {name: float(it) for name, it in told.items()}
    found["words"] = float(len(words))
    wanted = example.extra.get("wanted", "")
    if example.kind == "language":
        if said := language(answer.text):
            found["language"] = float(said == wanted)
    elif example.kind in FORMS:
        found["form"] = float(fits(example.kind, wanted, answer.text))
    return found


def _median_words(scores: Sequence[Scores]) -> float:
    return median(each["words"] for each in scores)


TASK = Task(
    name="hygiene",
    about="Whether general answers stop, stay clean and keep to what was asked for.",
    measures=(
        Measure("clean", "says something, and keeps the four rules that follow"),
        Measure("sound", "the same, whether it stops by itself or is cut"),
        Measure("ends", "stops by itself"),
        Measure("no_markers", "holds no marker of a template or of the vocabulary"),
        Measure("no_invented_turn", "does not go on in the name of the user"),
        Measure("no_repetition", "does not go in circles: no five words come three times"),
        Measure("language", "is in the language asked for, where it can be told"),
        Measure("form", "has the form asked for"),
        Measure("words", "length; far below the base model's, replies are curt", "", "words"),
        Measure("median_words", "the length that half of the answers exceed", "", "words"),
    ),
    examples=examples,
    manner=Manner(max_tokens=512, thinking=False),
    derived={"median_words": _median_words},
    ask=ask,
)
