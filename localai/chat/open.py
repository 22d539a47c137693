"""Puts a session together from what the user chose: model, settings, store, engine.

The only place where chat meets the catalogue and the real engine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import msgspec

from localai import paths
from localai.catalog import Catalog, ModelEntry, check
from localai.catalog.entry import required_path
from localai.catalog.window import window_here
from localai.chat.consent import Approve, deny
from localai.chat.session import Session
from localai.config import Settings
from localai.engine.base import Engine, LoadOptions
from localai.engine.process import EngineProcess
from localai.errors import ConfigError
from localai.store.rows import Conversation
from localai.store.store import Store
from localai.tools import registry
from localai.tools.allowed import Allowed
from localai.tools.toolbox import Toolbox

EngineFactory = Callable[[LoadOptions], Engine]


def load_options(settings: Settings, entry: ModelEntry, *, private: bool = False) -> LoadOptions:
    """How to load a model under these settings; `private` leaves nothing on the disk.

    Raises ModelError when its file is no use, or the window does not fit into free memory.
    """
    path, engine = required_path(entry), settings.engine
    header = check(path, engine.context, engine.kv_type)
    return LoadOptions(
        path=str(path),
        n_ctx=window_here(path, header, engine),
        n_gpu_layers=engine.gpu_layers,
        n_threads=engine.threads,
        template=entry.description.template,
        kv_folder="" if private else str(paths.kv()),
        kv_disk=int(engine.kv_disk * 1e9),
        kv_type=engine.kv_type,
    )


def open_engine(
    settings: Settings,
    model: str = "",
    factory: EngineFactory = EngineProcess,
    *,
    private: bool = False,
) -> tuple[ModelEntry, Engine]:
    """The model's catalogue entry and an engine for it, not yet started; a training makes way
    for it where the memory does not hold both.

    `model` is a name or a path; empty takes the one in the settings, then the starter.
    """
    entry = Catalog().resolve(model or settings.model)
    options = load_options(settings, entry, private=private)
    return entry, factory(msgspec.structs.replace(options, room=str(paths.home())))


def open_toolbox(settings: Settings, stop: threading.Event | None = None) -> Toolbox:
    """The tools that these settings let a model use.

    MCP servers that have never run are started once, to learn what they offer. What is
    missing for some fault is told by the toolbox's notes.
    """
    allowed, notes = Allowed.by(settings.tools), list[str]()
    try:
        found = registry.known(settings.tools, stop)
        tools, taken = registry.usable(found), frozenset(each.name for each in found)
    except ConfigError as error:
        notes.append(str(error))
        taken = frozenset(registry.BUILTIN)
        tools = tuple(map(registry.builtin, taken - set(settings.tools.disabled)))
    if not settings.mcp:
        return Toolbox(tools, allowed, notes=notes)
    # Here, because it costs time and most have no server.
    from localai.tools.mcp.listed import offered
    from localai.tools.mcp.servers import Servers
    from localai.tools.run import toolbox

    servers = Servers(settings.mcp)
    notes += servers.start(servers.unknown(), stop)
    served = offered(servers, taken, settings.tools)
    return toolbox((*tools, *served), allowed, servers, notes)


def open_session(
    store: Store,
    settings: Settings,
    *,
    model: str = "",
    conversation: Conversation | None = None,
    system: str = "",
    raw: bool = False,
    seed: int | None = None,
    approve: Approve = deny,
    standing: bool = True,
    private: bool = False,
    factory: EngineFactory = EngineProcess,
) -> Session:
    """A session with an engine and tools of its own; `Session.close` ends them. What the model
    reads in a `private` one is not saved."""
    entry, engine = open_engine(settings, model, factory, private=private)
    return Session(
        store,
        engine,
        settings,
        entry,
        conversation,
        system,
        raw=raw,
        seed=seed,
        open_tools=partial(open_toolbox, settings),
        approve=approve,
        standing=standing,
    )
