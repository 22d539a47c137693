"""Where localai keeps its files.

`LOCALAI_HOME` moves everything under one folder; otherwise the platform's own places
are used. Nothing is created here except by `private_dir` and `replace`.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from localai.errors import ConfigError, StoreError

APP = "localai"


def home() -> Path:
    """The data folder, absolute: LOCALAI_HOME if set, else the platform's user data folder.

    Raises ConfigError when LOCALAI_HOME leads nowhere.
    """
    override = os.environ.get("LOCALAI_HOME")
    if not override:
        return Path(platformdirs.user_data_dir(APP))
    try:
        return Path(override).expanduser().absolute()
    except (RuntimeError, OSError) as error:  # ~name of nobody; a folder that is gone
        raise ConfigError(
            f"LOCALAI_HOME is {override!r}, which leads nowhere; set it to a whole path."
        ) from error


def config_file() -> Path:
    """The settings file, beside the data when LOCALAI_HOME is set."""
    if os.environ.get("LOCALAI_HOME"):
        return home() / "config.toml"
    return Path(platformdirs.user_config_dir(APP)) / "config.toml"


def database(data: Path | None = None) -> Path:
    """The SQLite database of conversations, in `data` or else in the data folder."""
    return (data or home()) / "localai.db"


def notes_index(data: Path | None = None) -> Path:
    """The index of the user's notes, likewise; it can be made again from them."""
    return (data or home()) / "notes.db"


def backups(data: Path | None = None) -> Path:
    """Copies of the database, likewise."""
    return (data or home()) / "backups"


def adapters(data: Path | None = None) -> Path:
    """Promoted adapters, one folder each, likewise."""
    return (data or home()) / "adapters"


def tune_work(data: Path | None = None) -> Path:
    """Where tune runs work, likewise; what is there is of no use to anybody else."""
    return (data or home()) / "tune"


def tune_lock(data: Path | None = None) -> Path:
    """The lock file of tuning, likewise."""
    return (data or home()) / "tune.lock"


def last_night() -> Path:
    """What became of the last scheduled tune."""
    return home() / "night.json"


def reports(data: Path | None = None) -> Path:
    """What tunes came to, a report each, likewise; they can be made again from the history."""
    return (data or home()) / "reports"


def kv(data: Path | None = None) -> Path:
    """Saved caches of conversations, likewise; they can be deleted at any time."""
    return (data or home()) / "cache" / "kv"


def models() -> Path:
    """Downloaded model files and the user's own model descriptions."""
    return home() / "models"


def logs(data: Path | None = None) -> Path:
    """Diagnostic output, of the engine and others."""
    return (data or home()) / "logs"


def night_log() -> Path:
    """What a tune that the timer started has to say."""
    return logs() / "night.log"


def tools() -> Path:
    """Where `localai tools new` writes; a tool there runs only when it is trusted."""
    return home() / "tools"


def tool_cache() -> Path:
    """What installed and trusted tools said of themselves; it can be deleted at any time."""
    return home() / "cache" / "tools.json"


def trusted() -> Path:
    """The list of the user's own files of tools that may run, beside the settings file."""
    return config_file().with_name("trusted.toml")


def private_dir(path: Path) -> Path:
    """Create `path` (mode 0700) if needed and return it. Raises StoreError if impossible."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {path} cannot be created ({error.strerror}); "
            "free it or point LOCALAI_HOME at a folder you can write to."
        ) from error
    return path


def replace(path: Path, text: str) -> None:
    """Give a file this text in one step, on disk when it returns, for the owner alone.

    Its folder must be there. Raises OSError.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
