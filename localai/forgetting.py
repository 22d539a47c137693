"""Forgetting for good, as people are told of it: what goes, what else holds it, what was done.

The sentences are the same on the command line and in the app; the texts in them are raw.
What is erased, and how, is the store's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from localai.counted import counted
from localai.store.store import Store
from localai.store.upkeep.erasing import Erased
from localai.store.upkeep.scope import Scope

MOST_TITLES = 10


def find(
    store: Store, conversations: Iterable[str] = (), messages: Iterable[str] = (), query: str = ""
) -> Scope | None:
    """What goes with these ids and with everything that has the words of `query`; None when
    nothing has them. Raises StoreError for a message that is not there."""
    whole, single = list(conversations), list(messages)
    if query.strip():
        titled, mentioning = store.mentioning(query)
        whole += titled
        single += mentioning
    found = store.scope(tuple(dict.fromkeys(whole)), tuple(dict.fromkeys(single)))
    return found if found.messages or found.conversations else None


def nothing(query: str) -> str:
    """That nothing has the words."""
    return f"Nothing in the history has the words {query!r}."


def lines(store: Store, scope: Scope) -> list[str]:
    """What goes, and what else holds it."""
    found = ["This will be forgotten for good:", f"  {counted(len(scope.messages), 'message')}"]
    found += [f"  {line}" for line in (*_conversations(store, scope), *_learned(scope))]
    if copies := store.copies_holding(scope):
        number = counted(len(copies), "copy", "copies")
        found.append(f"  {number} of the history, replaced by a clean one:")
        found += [f"    {path.name}" for path in copies]
    found.append("  and everything in the logs and in the saved caches.")
    if scope.shared:
        number = counted(len(scope.shared), "message")
        found.append(f"Not forgotten: {number} that a fork shares with another conversation.")
    found.append("Copies that you keep elsewhere (backups, exports) are not reached.")
    return found


def made(done: Erased) -> str:
    """What was done."""
    removed = f" {counted(len(done.removed), 'file')} removed." if done.removed else ""
    return f"Forgotten. A clean backup was made: {done.backup}.{removed}"


def left(store: Store) -> bool:
    """Whether there is something of the user's own that a tune would learn."""
    return bool(store.examples(state="accepted", name="", limit=1))


def advice(store: Store, how: str) -> str:
    """What to do once adapters are retired; `how` one learns anew."""
    if left(store):
        return f"What the retired adapters knew is gone; learn the rest again: {how}"
    return "The retired adapters had learned from nothing else that is left."


def _conversations(store: Store, scope: Scope) -> list[str]:
    found = []
    if scope.conversations:
        found.append(f"with them {counted(len(scope.conversations), 'whole conversation')}:")
        found += _titles(store, scope.conversations)
    if scope.forks:
        found.append(f"some of them from {counted(len(scope.forks), 'fork')}:")
        found += _titles(store, scope.forks)
    if scope.quoting:
        found.append(
            f"among them {counted(len(scope.quoting), 'message')} of other conversations in which "
            "a tool quoted it or it was an example, and what follows"
        )
    return found


def _titles(store: Store, ids: Sequence[str]) -> list[str]:
    """The titles of conversations, a line each; of many, the first."""
    titles = [store.conversation(id).title for id in ids[:MOST_TITLES]]
    more = [f"  and {len(ids) - len(titles)} more"] if len(ids) > len(titles) else []
    return [*(f"  “{' '.join(title.split()) or 'untitled'}”" for title in titles), *more]


def _learned(scope: Scope) -> list[str]:
    found = []
    if scope.corrections:
        found.append(counted(len(scope.corrections), "correction"))
    if scope.examples:
        found.append(f"{counted(len(scope.examples), 'example')} to learn from")
    if scope.runs:
        found.append(f"{counted(len(scope.runs), 'tune run')} with verdicts, answers and reports")
    if scope.adapters:
        names = ", ".join(adapter.name for adapter in scope.adapters)
        found.append(f"{counted(len(scope.adapters), 'adapter')} that learned from it: {names}")
    return found
