"""Searching the user's own conversations, without the one that goes on.

Only what the user and the assistant said is searched: the results of tools, earlier ones of
this very tool among them, would repeat themselves. The database is only read; with it goes
SQLite's index of the log, a file that readers write, too (`own_files`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from localai.errors import StoreError, ToolError
from localai.moments import local
from localai.tools.allowed import present
from localai.tools.builtin import asked, passages
from localai.tools.tool import tool

if TYPE_CHECKING:
    from localai.store.rows import Hit

MOST_CHARACTERS = 4_000
SHOWN = 400
MB = 1 << 20

_SAID = {"user": "the user said", "assistant": "the assistant said"}


@tool(effects=("reads",), own_files=16 * MB)
def search_chats(query: str, limit: int = 5) -> str:
    """Search the earlier conversations with the user for words, to recall what was said then.

    Args:
        query: a few words that were said then, such as night train Lisbon.
        limit: how many results at most.
    """
    limit = asked.checked(query, limit)
    # Imported here: the app lists the tools without their code's needs.
    from localai import paths
    from localai.store.store import Store

    here = present()
    if not here.data:
        raise ToolError("search_chats was not told where the conversations are kept.")
    try:
        store = Store.existing(paths.database(Path(here.data)))
        if store is None:
            return "There are no conversations yet."
        with store:
            hits = store.recall(query, limit, leave_out=here.conversation)
    except StoreError as error:
        raise ToolError(str(error)) from error
    if not hits:
        return f"Nothing in earlier conversations has the words {asked.line(query)}."
    return "\n\n".join(asked.fitting(map(_told, hits), MOST_CHARACTERS))


def _told(hit: Hit) -> str:
    """One result: when, in which conversation, who, and the text around what matched."""
    day = local(hit.created).date().isoformat()
    title = f'in "{asked.line(hit.title)}"' if hit.title.strip() else "in one without a title"
    said = _SAID[hit.role]
    _, text = passages.window(hit.pieces, SHOWN)
    return f"{day}, {title}, {said}:\n{asked.line(text)}"
