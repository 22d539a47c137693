"""What a user is taken to have said and noted, put where the search tools find it.

For as long as it is needed, in a folder of its own: nobody's conversations and notes are
searched for questions of ours. The clock stands still there, so that questions are answered
in the same way each time.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from localai import paths
from localai.conversation import title, user
from localai.errors import ToolError
from localai.evals.task import Example, Place
from localai.store.store import Store
from localai.tools.allowed import Allowed
from localai.tools.builtin import clock
from localai.tools.outcome import Failed, Ok, Outcome
from localai.tools.tool import Tool
from localai.tools.toolbox import Run

MOMENT = datetime(2027, 5, 13, 16, 42, 8, tzinfo=UTC)


@contextmanager
def shelf(place: Place, examples: Sequence[Example]) -> Iterator[Place]:
    """The place where the tools find what was said for these examples, instead of the user's own
    data and notes; and where a model is told of them, whether or not in a chat."""
    said = [text for each in examples if (text := each.extra.get("said"))]
    tools = place.settings.tools.model_copy(update={"offer": "on"})
    with tempfile.TemporaryDirectory(prefix="localai-eval-") as made:
        home = Path(made)
        notes = paths.private_dir(home / "notes")
        for number, text in enumerate(said, start=1):
            (notes / f"{number:03d}.md").write_text(f"{text}\n", "utf-8")
        with Store.open(paths.database(home)) as store:
            for text in said:
                talk = store.create_conversation(title=title(text))
                store.add_message(talk.id, "", user(text))
        allowed = Allowed((str(notes),) if tools.folders else (), tools.web_fetch, str(home))
        yield replace(
            place,
            settings=place.settings.model_copy(update={"tools": tools}),
            toolbox=place.toolbox.elsewhere(allowed, _at_the_moment),
        )


def _at_the_moment(run: Run) -> Run:
    """The clock tells MOMENT; the other tools run as they do."""

    def changed(
        tool: Tool, arguments: Mapping[str, Any], allowed: Allowed, stop: threading.Event
    ) -> Outcome:
        if tool != clock.clock:
            return run(tool, arguments, allowed, stop)
        try:
            return Ok(clock.told(MOMENT, str(arguments.get("zone", ""))), 0.0)
        except ToolError as error:
            return Failed(str(error), 0.0)

    return changed
