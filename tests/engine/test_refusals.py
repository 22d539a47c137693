"""An error is of the same kind at both ends of the pipe."""

from __future__ import annotations

from typing import get_args

import pytest

from localai.engine.frames import Refusal
from localai.engine.refusals import KINDS, error_of, failed
from localai.errors import (
    AdapterError,
    ContextOverflow,
    EngineError,
    LocalaiError,
    ModelError,
    StoreError,
)


@pytest.mark.parametrize("kind", [AdapterError, ModelError, ContextOverflow, EngineError])
def test_an_error_arrives_as_it_was_raised(kind: type[LocalaiError]) -> None:
    answer = failed(7, kind("It cannot be done; do something else."))
    arrived = error_of(answer)
    assert (answer.number, type(arrived)) == (7, kind)
    assert str(arrived) == "It cannot be done; do something else."


def test_an_unusual_error_arrives_as_one_of_the_engine() -> None:
    assert (
        type(error_of(failed(1, StoreError("The disk is full; free some space.")))) is EngineError
    )


def test_every_kind_has_its_error() -> None:
    assert set(KINDS) == set(get_args(Refusal))
