"""Every error a user can meet, in one tree, and the exit codes of the command line.

The message of each is one plain sentence that names the problem and the next step;
nothing here formats tracebacks (the command line does, with --debug).
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit status of every localai command."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    INTERRUPTED = 130


class LocalaiError(Exception):
    """Base of all expected errors: `str(error)` is what the user reads."""

    exit_code = ExitCode.FAILURE


class UsageError(LocalaiError):
    """The command or its input makes no sense as given."""

    exit_code = ExitCode.USAGE


class ConfigError(LocalaiError):
    """A setting cannot be read or has an impossible value."""


class ModelError(LocalaiError):
    """A model file is missing, damaged, of the wrong kind, or too large for this machine."""


class AdapterError(ModelError):
    """An adapter cannot be used with the loaded model; what answered before still does."""


class DownloadError(LocalaiError):
    """A model could not be fetched; what arrived so far is kept for resuming."""


class EngineError(LocalaiError):
    """The engine refused a request; it is still running."""


class EngineBusy(EngineError):
    """The engine is answering somebody else."""


class EngineCrashed(EngineError):
    """The engine process ended; the next request starts a new one."""


class ContextOverflow(EngineError):
    """A single message is larger than the context window."""


class ToolError(LocalaiError):
    """A tool could not do what it was asked; the model reads the sentence too."""


class ToolDefinitionError(ToolError):
    """A function cannot be a tool as it is written."""


class ArgumentsError(ToolError):
    """A call's arguments do not fit the tool's parameters."""


class ScheduleError(LocalaiError):
    """The system's timer cannot be set or taken away."""


class StoreError(LocalaiError):
    """The database cannot be opened or written."""


class QueryError(StoreError):
    """What was typed to search cannot be meant."""


class StoreDamaged(StoreError):
    """The database file is corrupt; it was left as it is."""


class StoreNewer(StoreError):
    """The database was written by a newer localai; it was not touched."""
