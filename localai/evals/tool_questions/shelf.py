"""What a user is taken to have said and noted, put where the search tools find it.

For as long as it is needed, in a folder of its own: nobody's conversations and notes are
searched for questions of ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from localai import paths
from localai.conversation import title, user
from localai.evals.task import Example, Place
from localai.store.store import Store
from localai.tools.allowed import Allowed


@contextmanager
def shelf(place: Place, examples: Sequence[Example]) -> Iterator[Place]:
    """The place where the tools find what the examples' user said, in a folder in the place of
    the user's own data and notes; and where a model is told of them, whether or not in a chat."""
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
            toolbox=place.toolbox.reaching(allowed),
        )
