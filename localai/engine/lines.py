"""What is done to a line of the cache, in llama.cpp and in our books at once.

For every loop that reads prompts, so that a line always names what is in the cache. How much
of a line is of use is found in `prefix`; what is decoded when is for the loops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from localai.engine.llama import Llama
from localai.engine.prefix import Line


def keep(llama: Llama, line: Line, ids: Sequence[int], most: int) -> int:
    """Cut a line to what `ids` can use of it, at most `most` of them; how much that is."""
    kept = line.usable(ids, llama.adapter_key, partial=llama.partial, most=most)
    if kept < len(line.ids) and not (llama.forget(line.sequence, kept) and begins(llama, line)):
        kept = 0
    if kept == 0:
        llama.forget(line.sequence, 0)
    line.cut(kept, llama.adapter_key)
    return kept


def begins(llama: Llama, line: Line) -> bool:
    """Whether the beginning is still there: a sliding window may have let go of it."""
    return llama.first_position(line.sequence) == 0


def feed(
    llama: Llama,
    line: Line,
    ids: Sequence[int],
    *,
    logits: int = 0,
    abort: Callable[[], bool] | None = None,
) -> bool:
    """Decode ids into a line, with logits for so many of the last ones.

    False when aborted: the last batch is not in the line then. Raises EngineError.
    """
    first = len(ids) - logits
    for begin in range(0, len(ids), llama.n_batch):
        chunk = ids[begin : begin + llama.n_batch]
        at = len(line.ids)
        rows = [(id, at + i, line.sequence, begin + i >= first) for i, id in enumerate(chunk)]
        if not llama.decode(rows, abort):
            if not llama.forget(line.sequence, at):
                llama.forget(line.sequence, 0)
                line.cut(0, line.key)
            return False
        line.ids.extend(chunk)
    return True


def drop(llama: Llama, line: Line) -> None:
    """Empty a line."""
    llama.forget(line.sequence, 0)
    line.cut(0, "")
