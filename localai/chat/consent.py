"""Whether a call may run: what the user has decided, or decides now.

Our own tools that only read run at once. All others ask, and so do those that change
something or leave the machine, again and whatever was allowed before, once text of
somebody else's is in the prompt: it may have been that text that wanted the call.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Literal

import msgspec

from localai.conversation import ToolCall
from localai.errors import ToolError
from localai.store.store import Store
from localai.tools.identity import code_hash
from localai.tools.tool import Tool

Decision = Literal["once", "chat", "always", "no", "never"]

LONGEST = 10_000
"""Characters of arguments that can be shown; a longer call is refused."""


class Question(msgspec.Struct, frozen=True):
    """What the user is asked: may this call of `tool` run? `tainted`: text of somebody
    else's is in the prompt, so that a standing permission cannot be given."""

    tool: Tool
    call: ToolCall
    tainted: bool = False

    @property
    def choices(self) -> tuple[Decision, ...]:
        """The decisions that can be given."""
        standing: tuple[Decision, ...] = () if self.tainted else ("chat", "always")
        return ("once", *standing, "no", "never")

    @property
    def arguments(self) -> str:
        """The exact arguments as JSON, everything unusual in it escaped."""
        return json.dumps(self.call.arguments, indent=2)


Approve = Callable[[Question], Decision]
"""Asks the user, and waits for the answer."""


def deny(question: Question) -> Decision:
    """For where nobody can be asked."""
    return "no"


def allow(question: Question) -> Decision:
    """For calls that the user asked for."""
    return "once"


class Consent:
    """Decides for one conversation. Without `standing` permissions given before do not count,
    refusals do."""

    def __init__(
        self, store: Store, conversation: str, approve: Approve = deny, *, standing: bool = True
    ) -> None:
        self._store, self._conversation, self._approve = store, conversation, approve
        self._standing = standing

    def refusal(self, tool: Tool, call: ToolCall, *, tainted: bool) -> str | None:
        """Why the call may not run, for the model; None when it may. Asks if need be."""
        if not tool.acts:
            return None
        try:
            code = code_hash(tool)
        except ToolError as error:
            return str(error)
        question = Question(tool, call, tainted and bool(tool.effects & {"writes", "network"}))
        decided = self._store.decision(tool.name, code, self._conversation)
        if decided is False:
            return f"The user does not allow {tool.name}."
        if decided and self._standing and not question.tainted:
            return None
        if len(question.arguments) > LONGEST:
            return f"The arguments of {tool.name} are too long to be shown to the user."
        decision = self._approve(question)
        if decision not in question.choices:
            decision = "no"
        self._remember(tool.name, code, decision)
        if decision in ("no", "never"):
            return f"The user did not allow this call of {tool.name}."
        return self._changed(tool, code)

    def _changed(self, tool: Tool, code: str) -> str | None:
        """Why the answer is void: the code is not the one that was asked about."""
        try:
            same = code_hash(tool) == code
        except ToolError as error:
            return str(error)
        return None if same else f"The code of {tool.name} changed while the user was asked."

    def _remember(self, tool: str, code: str, decision: Decision) -> None:
        if decision == "chat":
            self._store.decide(tool, code, allowed=True, conversation=self._conversation)
        elif decision in ("always", "never"):
            self._store.decide(tool, code, allowed=decision == "always")
