"""What chooses the tokens of one generation, however many run beside it."""

from __future__ import annotations

import random

from localai.engine.base import Sampling
from localai.engine.guide import Guide
from localai.engine.llama import Llama
from localai.engine.llama_sampler import Sampler
from localai.engine.slot import Slot

RANDOM_SEED = 0xFFFFFFFF
"""The one seed by which llama.cpp means "draw one" (LLAMA_DEFAULT_SEED)."""

Chooser = Sampler | Guide


def seed_of(sampling: Sampling) -> int:
    """The seed of a request; drawn where it has none."""
    seed = random.randrange(RANDOM_SEED) if sampling.seed is None else sampling.seed
    return seed % RANDOM_SEED


def chooser(llama: Llama, slot: Slot, seed: int) -> Chooser:
    """A sampler for a slot, guided where its request has constraints."""
    request = slot.request
    sampler = Sampler(llama, request.sampling, seed, request.ids)
    return Guide(llama, sampler, slot) if request.constraints else sampler


def next_token(slot: Slot, chooser: Chooser, row: int) -> int:
    """The token that follows the one at `row` of the last batch."""
    forced = slot.forced()
    return chooser.sample(row) if forced is None else forced
