"""What makes data sets to learn from, by name. Each is imported when it is used.

A module has `make(place, n, tell)`: up to n dialogues, each with its source. The bare model
answers where its own answers are wanted; `tell(done, total)` hears how far it is.
"""

from __future__ import annotations

MAKERS: dict[str, str] = {"tools": "tools"}
"""Name to the module in this package that makes it."""
