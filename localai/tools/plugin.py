"""A place where tools that are not ours come from, before any of its code has run. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from localai.tools.place import File, Module
from localai.tools.tool import Tool

State = Literal["on", "off", "disabled", "new", "changed", "broken"]
"""`off`: the settings do not allow what it needs. `new`: installed, and nothing is known of it
yet. `changed`: its file is not what was trusted. Only what is `on` is offered and runs."""


@dataclass(frozen=True)
class Plugin:
    """One file that the user trusts, or one module that installed packages name.

    `origin` says which, for the user. `names` are the tools it must have; empty is whatever it
    defines. `key` changes when its code does. `problem`, a sentence, says why it cannot be
    used at all, and `state` what that makes of its tools.
    """

    place: File | Module
    origin: str
    names: tuple[str, ...]
    key: str
    label: str
    problem: str = ""
    state: State = "new"


@dataclass(frozen=True)
class Listed:
    """A tool of any kind and how it stands. `tool` is None while nothing is known of it.

    `why` is one sentence on what keeps it from being used, "" when it is on. `label`: the name
    is that of a plugin whose tools are not known, and no tool's.
    """

    name: str
    origin: str
    state: State
    why: str
    tool: Tool | None
    label: bool = False
