"""Is everything in order? What is installed, where things lie, whether they work.

Each finding stands alone: whatever is broken, the rest is still looked at. It reads, and
starts the engine once; it repairs nothing.
"""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from localai import __version__, config, paths
from localai.catalog import Catalog
from localai.catalog.fit import default_window, fit
from localai.catalog.memory import free_memory, has_discrete_gpu, total_memory
from localai.catalog.soundness import read_whole
from localai.chat.open import EngineFactory, load_options
from localai.config import Settings
from localai.counted import counted
from localai.digest import sha256
from localai.engine.base import LoadOptions
from localai.engine.process import EngineProcess
from localai.errors import LocalaiError
from localai.kv_folder import KvFolder
from localai.schedule import timers
from localai.store.store import Store
from localai.store.upkeep.erasing import NOTE

Status = Literal["ok", "warning", "problem"]

PACKAGES = (
    "llama-cpp-python",
    "textual",
    "sqlite-utils",
    "huggingface-hub",
    "jinja2",
    "msgspec",
    "mlx",
    "mlx-lm",
)
PROBE_CONTEXT = 512
"""Tokens; a small window is enough to see whether a model loads."""
DISK = "Check the disk."
LOW_DISK = 1_000_000_000
NO_DISK = 20_000_000


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at. `advice` is the next step, "" when all is well."""

    name: str
    value: str
    status: Status = "ok"
    advice: str = ""


def examine(model: str = "", factory: EngineFactory = EngineProcess) -> Iterator[Finding]:
    """Look at everything, one finding after the other. `model` as in `Catalog.resolve`.

    The model file is read whole, to be compared with its checksum and to be loaded.
    """
    yield Finding("localai", f"{__version__}, Python {platform.python_version()}")
    yield Finding("system", f"{platform.system()} {platform.machine()}, {_cores()}")
    yield from (_package(name) for name in PACKAGES)
    settings, finding = _settings()
    yield finding
    yield from _data_folder(paths.home())
    yield from _database()
    yield from _disk(paths.home())
    yield _saved_caches(settings)
    yield Finding("schedule", *timers.state(timers.here()))
    yield from _descriptions(Catalog())
    yield from _model(model or settings.model, settings, factory)


def _cores() -> str:
    return (
        f"{psutil.cpu_count(logical=False) or os.cpu_count()} cores, "
        f"{total_memory() / 1e9:.1f} GB of memory, {free_memory() / 1e9:.1f} GB of it free"
    )


def _package(name: str) -> Finding:
    try:
        return Finding(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(
            name, "not installed", "problem", "Run ./scripts/localai in the checkout to set up."
        )


def _settings() -> tuple[Settings, Finding]:
    """The settings in force; the defaults when the file is broken."""
    file = paths.config_file()
    try:
        found = config.load()
    except LocalaiError as error:
        return Settings.model_construct(), Finding("settings", str(file), "problem", str(error))
    there = file.exists()
    return found, Finding("settings", str(file) if there else f"{file} (not there: defaults)")


def _data_folder(home: Path) -> Iterator[Finding]:
    """Whether it can be written, and is the owner's alone."""
    if not home.exists():
        yield Finding("data folder", f"{home} (made when first needed)")
        return
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        yield Finding(
            "data folder",
            f"{home} cannot be written",
            "problem",
            f"Give yourself access (chmod u+rwx {home}) or set LOCALAI_HOME to another folder.",
        )
        return
    yield Finding("data folder", str(home))
    exposed = [path.name or str(path) for path in (home, *_children(home)) if _is_exposed(path)]
    if exposed:
        yield Finding(
            "privacy",
            f"others may open {', '.join(sorted(exposed)[:5])}",
            "warning",
            f"Close it: chmod -R go= {home}",
        )


def _children(home: Path) -> Iterable[Path]:
    try:
        return list(home.iterdir())
    except OSError:
        return []


def _is_exposed(path: Path) -> bool:
    """Whether group or others have any right to it."""
    try:
        return bool(stat.S_IMODE(path.lstat().st_mode) & 0o077) and not path.is_symlink()
    except OSError:
        return False


def _database() -> Iterator[Finding]:
    file = paths.database()
    try:
        with Store.open(readonly=True) if file.exists() else Store.memory() as store:
            found = store.info()
    except LocalaiError as error:
        yield Finding("database", str(file), "problem", str(error))
        return
    library = f"{found['sqlite_version']} ({found['library']})"
    if found["trusted"]:
        yield Finding("SQLite", library)
    else:
        yield Finding(
            "SQLite",
            library,
            "warning",
            "This version can lose commits when two programs write at once; install pysqlite3 "
            "(pip install pysqlite3), or use one localai at a time.",
        )
    if not file.exists():
        yield Finding("database", f"{file} (made when first needed)")
    elif found["check"] == "ok":
        size = f"{int(found['bytes']) / 1e6:.1f} MB"
        counts = f"{found['conversations']} conversations, {found['messages']} messages"
        yield Finding("database", f"{file}, {counts}, {size}")
    else:
        advice = f"SQLite says: {found['check']}. Run `localai doctor --repair`."
        yield Finding("database", str(file), "problem", advice)
    if (paths.home() / NOTE).exists():
        advice = "Run `localai history forget --finish`."
        yield Finding("forgetting", "was interrupted; traces are left", "warning", advice)
    if corrections := int(found.get("corrections", 0)):
        yield _learning(corrections)


def _learning(corrections: int) -> Finding:
    """Whether every adapter is the file that was recorded."""
    with Store.open(readonly=True) as store:
        adapters = store.adapters()
    broken = [each.name for each in adapters if _digest(Path(each.file)) != each.sha256]
    value = f"{corrections} corrections, {len(adapters)} adapters"
    if not broken:
        return Finding("learning", value)
    advice = "Choose another adapter with `localai adapters use`, or tune again."
    return Finding("learning", f"{value}, damaged: {', '.join(broken)}", "warning", advice)


def _digest(path: Path) -> str:
    """The sha256 of a file (hex), "" when it cannot be read."""
    try:
        return sha256(path)
    except OSError:
        return ""


def _disk(home: Path) -> Iterator[Finding]:
    folder = next(each for each in (home, *home.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    value = f"{free / 1e9:.1f} GB free at {folder}"
    if free < NO_DISK:
        yield Finding("disk", value, "problem", "Free some space, or nothing can be saved.")
    elif free < LOW_DISK:
        yield Finding("disk", value, "warning", "Free some space before fetching models.")
    else:
        yield Finding("disk", value)


def _saved_caches(settings: Settings) -> Finding:
    """What the model has read of conversations, kept for the next start."""
    if not settings.engine.kv_disk:
        return Finding("saved caches", "off (engine.kv_disk is 0)")
    files = KvFolder(paths.kv()).files()
    used, budget = sum(each.size for each in files) / 1e9, settings.engine.kv_disk
    conversations = counted(len(files), "conversation")
    return Finding("saved caches", f"{conversations}, {used:.2f} of at most {budget:g} GB")


def _descriptions(catalog: Catalog) -> Iterator[Finding]:
    for problem in catalog.problems():
        yield Finding("model description", "not usable", "warning", problem)


def _model(name: str, settings: Settings, factory: EngineFactory) -> Iterator[Finding]:
    """Whether the chosen model's file is sound, fits, and loads."""
    try:
        entry = Catalog().resolve(name)
        options = load_options(settings, entry, private=True)
        header = read_whole(Path(options.path))
    except LocalaiError as error:
        yield Finding("model", name or "the starter model", "problem", str(error))
        return
    need = fit(header, options.n_ctx, options.kv_type).total
    quant = f" {header.quant}" if header.quant else ""
    yield Finding(
        "model",
        f"{entry.name} ({header.architecture}{quant}, needs {need / 1e9:.1f} GB "
        f"with a window of {options.n_ctx:,} tokens), {options.path}",
        *_short_window(options.n_ctx, settings.engine.context or default_window(header)),
    )
    if entry.description.sha256:
        yield _checksum(Path(options.path), entry.description.sha256)
    yield _engine(options, factory)


def _short_window(window: int, wanted: int) -> tuple[Status, str]:
    """What to say of a window that was chosen for the memory that is free."""
    if window >= wanted:
        return "ok", ""
    return (
        "warning",
        f"A window of {wanted:,} tokens does not fit into the free memory; close other "
        "programs, or set engine.kv_type to q8_0.",
    )


def _checksum(path: Path, expected: str) -> Finding:
    """Whether the file is, byte for byte, the one that was described."""
    digest = _digest(path)
    if not digest:
        return Finding("checksum", f"{path} cannot be read", "problem", DISK)
    if digest != expected:
        advice = "Fetch or install the model again: its file was changed or is damaged."
        return Finding("checksum", f"{digest} is not {expected}", "problem", advice)
    return Finding("checksum", f"sha256 {digest} as described")


def _engine(options: LoadOptions, factory: EngineFactory) -> Finding:
    """Load the model once and say what it runs on."""
    engine = factory(msgspec.structs.replace(options, n_ctx=PROBE_CONTEXT))
    try:
        info = engine.load()
    except LocalaiError as error:
        return Finding("engine", "does not load the model", "problem", str(error))
    finally:
        engine.close()
    if has_discrete_gpu() and "cpu" in info.accelerator.lower():
        return Finding(
            "engine",
            f"runs on {info.accelerator}, though there is a GPU",
            "warning",
            "Build for it: LOCALAI_ACCEL=cuda (or vulkan) ./scripts/localai doctor",
        )
    return Finding("engine", f"runs on {info.accelerator}; Python at {sys.executable}")
