"""`@tool`: a typed function with a docstring becomes something a model can call.

    @tool(effects=("reads",))
    def words(text: str, unique: bool = False) -> int:
        \"\"\"Count the words of a text.

        Args:
            text: what to count.
            unique: count each word once.
        \"\"\"

Everything a model, a consent question and a check need is read off the function once, when
it is decorated, and a function that cannot be a tool is refused then. Pure: nothing is run
here (see `sandbox`) and nothing is registered. The process that runs a tool imports this
module on every call, so it keeps to a few of Python's own modules.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints, overload

from localai.errors import ArgumentsError, ToolDefinitionError
from localai.tools import arguments, docstring, schema
from localai.tools.allowed import Need
from localai.tools.place import BUILTIN, Module, Place, Server

Effect = Literal["reads", "writes", "network"]
EFFECTS: tuple[Effect, ...] = get_args(Effect)
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Tool:
    """What a model can call, and where it is; its code need not be loaded.

    `parameters` is the JSON schema of its arguments, an object. `effects` says what it
    touches outside its own process: it reads files or settings, writes or deletes
    something, talks to the network; empty is pure computing. `needs` is what the user must
    have allowed before it runs at all. `own_files` is how long, in bytes, a built-in tool
    may make a file although it does not declare "writes": it keeps something of localai's
    own, such as an index, in the data folder, and changes nothing of the user's.
    """

    name: str
    description: str
    parameters: schema.Schema
    effects: frozenset[Effect]
    place: Place
    needs: Need | None = None
    own_files: int = 0

    @property
    def built_in(self) -> bool:
        """Whether it is one of ours, so that what it says of its effects is known to hold."""
        return isinstance(self.place, Module) and self.place.module.startswith(BUILTIN)

    @property
    def acts(self) -> bool:
        """Whether a call may change something or leave the machine."""
        return not self.built_in or bool(self.effects & {"writes", "network"})

    @property
    def untrusted(self) -> bool:
        """Whether a result may hold text of somebody else's, which must not be obeyed."""
        return bool(self.effects) or isinstance(self.place, Server)

    def told(self) -> dict[str, Any]:
        """What there is to know of it without its code, as JSON can hold it."""
        return {
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
            "effects": sorted(self.effects),
            "needs": self.needs,
        }

    def check(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as the function takes them. Raises ArgumentsError."""
        return arguments.check(self.name, self.parameters, given)


@dataclass(frozen=True, kw_only=True)
class ToolFunction(Tool):
    """A tool with its function, where its code is loaded."""

    function: Callable[..., object]


@overload
def tool(function: Callable[..., object], /) -> ToolFunction: ...
@overload
def tool(
    *, effects: Iterable[Effect], needs: Need | None = None, own_files: int = 0
) -> Callable[[Callable[..., object]], ToolFunction]: ...
def tool(
    function: Callable[..., object] | None = None,
    /,
    *,
    effects: Iterable[Effect] = EFFECTS,
    needs: Need | None = None,
    own_files: int = 0,
) -> ToolFunction | Callable[[Callable[..., object]], ToolFunction]:
    """Make a function a tool. Raises ToolDefinitionError where it is decorated.

    Without `effects` it counts as one that may touch everything, so nothing is allowed by
    forgetting to say it.
    """
    if function is not None:
        return _made(function, frozenset(effects), needs, own_files)
    touched = frozenset(effects)
    return lambda function: _made(function, touched, needs, own_files)


def _made(
    function: Callable[..., object],
    effects: frozenset[Effect],
    needs: Need | None,
    own_files: int,
) -> ToolFunction:
    name = getattr(function, "__name__", "")
    if not inspect.isfunction(function) or not NAME.fullmatch(name):
        raise ToolDefinitionError(
            f"{name or function} cannot be a tool: only a function with a plain name can."
        )
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise _wrong(name, "it must return its result, not wait or yield")
    if unknown := effects - set(EFFECTS):
        raise _wrong(name, f"effects are {', '.join(EFFECTS)}, not {sorted(unknown)[0]!r}")
    text = function.__doc__ or ""
    if own_files and not function.__module__.startswith(BUILTIN):
        raise _wrong(name, "only a built-in tool may keep files of its own")
    if not docstring.description(text):
        raise _wrong(name, "it needs a docstring that tells the model what it does")
    return ToolFunction(
        name,
        docstring.description(text),
        _parameters(function),
        effects,
        Module(function.__module__),
        needs,
        own_files,
        function=function,
    )


def _parameters(function: Callable[..., object]) -> schema.Schema:
    name = function.__name__
    try:
        hints = get_type_hints(function)
    except Exception as error:  # an annotation is any expression
        raise _wrong(name, f"its annotations cannot be read ({error})") from error
    texts = docstring.arguments(function.__doc__ or "")
    signature = inspect.signature(function).parameters
    if strangers := texts.keys() - signature.keys():
        raise _wrong(name, f"its docstring describes {sorted(strangers)[0]}, which it lacks")
    properties = {
        key: _property(name, parameter, hints.get(key), texts.get(key, ""))
        for key, parameter in signature.items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": [key for key, value in properties.items() if "default" not in value],
        "additionalProperties": False,
    }


def _property(name: str, parameter: inspect.Parameter, annotation: Any, text: str) -> schema.Schema:
    key = parameter.name
    if parameter.kind not in _KINDS:
        raise _wrong(name, f"each argument must have a name, which {parameter} does not give")
    if parameter.annotation is parameter.empty:
        raise _wrong(name, f"the argument {key} has no type")
    try:
        made = schema.of(annotation)
    except TypeError as error:
        raise _wrong(name, f"the type {error} of {key} cannot be written as JSON") from error
    if text:
        made["description"] = text
    if parameter.default is not parameter.empty:
        try:
            made["default"] = arguments.fit(key, made, parameter.default)
        except ArgumentsError as error:
            raise _wrong(name, f"the default of {str(error).rstrip('.')}") from error
    return made


def _wrong(name: str, why: str) -> ToolDefinitionError:
    return ToolDefinitionError(f"{name} cannot be a tool: {why}.")
