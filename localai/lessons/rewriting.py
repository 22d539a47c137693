"""Has the model look for other words for the questions of examples, once for each.

How they are found is in `rewrites`; here is for which, and what becomes of a failure: they only
add to what is learned, so nothing that goes wrong may keep anybody from learning the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from localai.errors import LocalaiError
from localai.lessons import rewrites
from localai.lessons.lesson import Unlearnable, read
from localai.lessons.maker import Maker
from localai.store.store import Store
from localai.store.tuning import Rewrites, StoredExample

STAGE = "putting questions in other words"
SHARE = 0.1
"""Of a tune's time budget this may take so much; the rest is left for the next tune."""
AT_ONCE = 8
"""Questions that are asked about side by side."""
FAILURES = 2
"""So often it may fail, and then no more are looked for."""


def missing(store: Store, accepted: Sequence[StoredExample]) -> tuple[StoredExample, ...]:
    """Those for which other words are wanted and none were looked for yet, the newest first."""
    return tuple(
        each
        for each in reversed(accepted)
        if not each.name and store.rewrites(each.leaf) is None and wanted(store, each)
    )


def complete(
    store: Store,
    accepted: Sequence[StoredExample],
    maker: Maker,
    tell: Callable[[int, int], None],
    budget: float = 0.0,
) -> None:
    """Look for what is missing, if the maker takes any, for its share of a tune that may take
    `budget` seconds (0: as long as it needs). `tell(done, total)` is called now and then.

    The maker's engine must answer without an adapter. No LocalaiError comes out of it: what could
    not be looked for is missing the next time, too."""
    left = missing(store, accepted) if maker.rewrites else ()
    begun, failures = time.monotonic(), 0
    for done, some in batches(left):
        if failures == FAILURES or 0 < budget * SHARE < time.monotonic() - begun:
            return
        tell(done, len(left))
        try:
            anew(store, some, maker)
        except (LocalaiError, Unlearnable):
            failures += 1


def batches(left: Sequence[StoredExample]) -> Iterator[tuple[int, Sequence[StoredExample]]]:
    """Those that are asked about side by side, after how many others."""
    for done in range(0, len(left), AT_ONCE):
        yield done, left[done : done + AT_ONCE]


def anew(store: Store, examples: Sequence[StoredExample], maker: Maker) -> list[Rewrites]:
    """Look for other words for the questions of examples, all of them `wanted`, in the place of
    those that there are; what was dropped stays so. Raises LocalaiError."""
    found = rewrites.find(maker, [read(store, each) for each in examples])
    return [
        store.put_rewrites(each.leaf, texts) for each, texts in zip(examples, found, strict=True)
    ]


def wanted(store: Store, example: StoredExample) -> bool:
    """Whether an example's question can be put in other words, so that more is learned."""
    try:
        return rewrites.wanted(read(store, example))
    except Unlearnable:
        return False
