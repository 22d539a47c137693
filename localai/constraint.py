"""What holds a model to the shape of a tool call while it writes: a value, no behaviour.

Made from the tools' schemas in `tools.grammar`, obeyed by the engine's decode loop; it
travels through the engine's pipe as part of a request.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Where = Literal["anywhere", "line", "start", "next"]


class Constraint(msgspec.Struct, frozen=True):
    """Once the model has written `open`, what follows is held to `grammar`.

    `grammar` is GBNF, llama.cpp's grammar format; its rule `root` is what follows. `where`
    says where `open` counts: anywhere in the answer; as the first thing on a line, or in
    the answer; only as the first thing in the answer, white space aside; or as the end of
    what another constraint's grammar has held. What the model writes within its reasoning
    never counts. An empty `open` is there from the beginning:
    the answer itself, or what continues a prompt that ends with the opening, is held to
    the grammar.
    """

    open: str
    grammar: str
    where: Where = "anywhere"
