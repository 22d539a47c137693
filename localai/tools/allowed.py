"""What the user lets tools reach: nothing but what stands under [tools] in config.toml.

With it goes where localai keeps its own files, for the built-in tools alone. It travels in
each call's request (`sandbox`), so the process of a tool neither reads the settings file nor
finds anything in its environment; a tool's code asks `present`. That process imports this on
every call, so it keeps to a few of Python's own modules.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from localai.config import ToolSettings

Need = Literal["folders", "web_fetch"]
"""What a tool may need to be allowed: a field of `Allowed`."""

_HOW: dict[Need, str] = {
    "folders": 'to allow a folder, write folders = ["~/notes"]',
    "web_fetch": "to allow it, write web_fetch = true",
}


@dataclass(frozen=True)
class Allowed:
    """`folders` are absolute paths beneath which files may be read.

    `data` is the absolute path of localai's own folder and `conversation` the id of the
    conversation that goes on, "" when there is none. Only built-in tools are told these two.
    """

    folders: tuple[str, ...] = ()
    web_fetch: bool = False
    data: str = ""
    conversation: str = ""

    @classmethod
    def by(cls, settings: ToolSettings) -> Allowed:
        """What the settings allow, with the data folder of this program."""
        from localai import paths  # here, as the process of a call does without

        data = str(paths.home().absolute())
        return cls(tuple(map(str, settings.folders)), settings.web_fetch, data)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Allowed:
        """From what `written` gave, after a way through JSON."""
        return cls(**values | {"folders": tuple(values["folders"])})

    def written(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    def lacks(self, tool: str, need: Need | None) -> str | None:
        """One sentence on why the tool is off and how to allow it; None when it is on."""
        if need is None or getattr(self, need):
            return None
        return (
            f"{tool} is off; {_HOW[need]} under [tools] in config.toml, "
            "the settings file that localai doctor names."
        )


_NOTHING = Allowed()
_PRESENT: ContextVar[Allowed] = ContextVar("allowed", default=_NOTHING)


def present() -> Allowed:
    """What is allowed in this call."""
    return _PRESENT.get()


def give(allowed: Allowed) -> None:
    """Let `present` say this from now on, in this context."""
    _PRESENT.set(allowed)
