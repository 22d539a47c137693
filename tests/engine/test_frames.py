"""Frames survive every cut of the stream; what is no frame is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.constraint import Constraint
from localai.conversation import Completion, Delta, Finished, PromptProgress, Timings, assistant
from localai.engine import frames
from localai.engine.base import (
    AdapterFile,
    Beside,
    Job,
    LoadOptions,
    ReasoningRule,
    RenderOptions,
    Request,
    Sampled,
    Scoring,
)

NUMBERS = st.integers(0, 2**32)
TEXTS = st.text(st.characters(codec="utf-8"))
IDS = st.lists(st.integers(0, 2**31 - 1)).map(tuple)
ADAPTERS = st.builds(AdapterFile, TEXTS, TEXTS, st.floats(-2, 2), TEXTS)
BESIDES = st.none() | st.builds(Beside, ADAPTERS, NUMBERS)
COMMANDS = st.one_of(
    st.builds(frames.Load, NUMBERS, st.builds(LoadOptions, path=TEXTS, adapter=ADAPTERS)),
    st.builds(frames.UseAdapter, NUMBERS, ADAPTERS),
    st.builds(frames.UseBeside, NUMBERS, BESIDES),
    st.builds(
        frames.Render,
        NUMBERS,
        st.lists(st.builds(assistant, TEXTS, TEXTS)).map(tuple),
        st.builds(RenderOptions, prefill=TEXTS, thinking=st.none() | st.booleans()),
        st.floats(0, 100),
    ),
    st.builds(
        frames.Generate,
        NUMBERS,
        st.builds(
            Request,
            IDS,
            reasoning=st.none() | st.builds(ReasoningRule, TEXTS, TEXTS),
            constraints=st.lists(st.builds(Constraint, TEXTS, TEXTS), max_size=2).map(tuple),
            beside=BESIDES,
        ),
    ),
    st.builds(frames.Tokenize, NUMBERS, TEXTS),
    st.builds(frames.Pieces, NUMBERS, IDS),
    st.builds(frames.Probe, NUMBERS, IDS, NUMBERS, BESIDES),
    st.builds(frames.Sample, NUMBERS, st.lists(st.builds(Job, st.builds(Request, IDS))).map(tuple)),
    st.builds(frames.SampleOn, NUMBERS, st.floats(0, 100)),
    st.builds(
        frames.Score,
        NUMBERS,
        st.lists(st.builds(Scoring, IDS, st.lists(IDS, max_size=2).map(tuple))).map(tuple),
    ),
    st.builds(frames.ScoreOn, NUMBERS, st.floats(0, 100)),
    st.builds(frames.Cancel, NUMBERS),
)
EVENTS = st.one_of(
    st.builds(PromptProgress, NUMBERS, NUMBERS),
    st.builds(Delta, TEXTS, st.sampled_from(["text", "reasoning"])),
    st.builds(
        Finished,
        st.builds(Completion, st.just("stop"), NUMBERS, ids=IDS, timings=st.just(Timings())),
    ),
)
ANSWERS = st.one_of(
    st.builds(frames.Happened, NUMBERS, EVENTS),
    st.builds(frames.Ids, NUMBERS, IDS),
    st.builds(
        frames.Some,
        NUMBERS,
        st.lists(
            st.builds(Sampled, NUMBERS, NUMBERS, NUMBERS, TEXTS, TEXTS, st.just(Completion("stop")))
        ).map(tuple),
        st.booleans(),
    ),
    st.builds(frames.Scored, NUMBERS, st.just((((-0.5, -1.25), ()), ())), st.booleans()),
    st.builds(frames.Texts, NUMBERS, st.lists(TEXTS).map(tuple)),
    st.builds(frames.Failed, NUMBERS, st.sampled_from(["model", "overflow", "engine"]), TEXTS),
)


@given(st.lists(COMMANDS, max_size=4))
def test_commands_arrive_as_they_were_sent(commands: list[frames.Command]) -> None:
    stream = b"".join(map(frames.pack, commands))
    assert [frames.command(body) for body in frames.FrameReader().feed(stream)] == commands


@given(st.lists(ANSWERS, min_size=1, max_size=4), st.data())
def test_answers_survive_every_cut(answers: list[frames.Answer], data: st.DataObject) -> None:
    stream = b"".join(map(frames.pack, answers))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=6)))
    reader = frames.FrameReader()
    arrived = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        arrived += [frames.answer(body) for body in reader.feed(stream[start:end])]
    assert arrived == answers


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_incomplete(data: bytes) -> None:
    reader = frames.FrameReader()
    try:
        answers = [frames.answer(body) for body in reader.feed(data)]
    except frames.FrameError:
        return
    # Whatever bytes decode by chance encode to a message again.
    assert all(frames.answer(frames.pack(a)[frames.HEADER :]) == a for a in answers)


@pytest.mark.parametrize("length", [0, frames.MAX_FRAME + 1, 2**32 - 1])
def test_an_impossible_length_is_refused_before_its_body(length: int) -> None:
    with pytest.raises(frames.FrameError, match="announces"):
        list(frames.FrameReader().feed(length.to_bytes(4, "big")))


def test_whole_frames_before_an_impossible_one_are_delivered() -> None:
    reader = frames.FrameReader()
    bodies = reader.feed(frames.pack(frames.Ids(7, (1,))) + b"\xff\xff\xff\xff")
    assert frames.answer(next(bodies)) == frames.Ids(7, (1,))
    with pytest.raises(frames.FrameError):
        next(bodies)


def test_what_is_too_large_or_no_unicode_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(frames.FrameError, match="Unicode"):
        frames.pack(frames.Tokenize(1, "\ud800"))
    monkeypatch.setattr(frames, "MAX_FRAME", 10)
    with pytest.raises(frames.FrameError, match="most"):
        frames.pack(frames.Tokenize(1, "longer than ten"))
