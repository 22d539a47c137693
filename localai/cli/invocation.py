"""What one run of the command line works with: global options and how to open things.

The three `open_*` and `run_app` fields import what they need only when called, so that
a command costs nothing it does not use; tests put fakes in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localai.chat.session import Session
    from localai.store.store import Store


def _open_store() -> Store:
    from localai.store.store import Store

    return Store.open()


def _read_store() -> Store:
    from localai.store.store import Store

    return Store.open(readonly=True)


def _memory_store() -> Store:
    """A store that keeps nothing, and knows which adapters answer."""
    from localai import paths
    from localai.store.store import Store

    memory = Store.memory()
    if paths.database().exists():
        with Store.open(readonly=True) as store:
            for base in {adapter.base for adapter in store.adapters()}:
                if (active := store.active_adapter(base)) is not None:
                    known = memory.add_adapter(
                        base=base,
                        base_bytes=active.base_bytes,
                        file=active.file,
                        sha256=active.sha256,
                    )
                    memory.activate(base, known.id, "chosen")
    return memory


def _open_session(*args: object, **kwargs: object) -> Session:
    from localai.chat.open import open_session

    return open_session(*args, **kwargs)  # type: ignore[arg-type]


def _run_app(*, model: str) -> int:
    from tui.app import run

    return run(model=model)


@dataclass
class Invocation:
    """Global options of one run, and the factories its commands use."""

    model: str = ""
    debug: bool = False
    open_store: Callable[[], Store] = _open_store
    read_store: Callable[[], Store] = _read_store
    memory_store: Callable[[], Store] = _memory_store
    open_session: Callable[..., Session] = _open_session
    run_app: Callable[..., int] = _run_app
