"""Placeholder until plugins are merged."""

from __future__ import annotations

import hashlib

from localai.tools.tool import Tool


def code_hash(tool: Tool) -> str:
    """Hash."""
    return hashlib.sha256(repr((tool.place, tool.parameters)).encode()).hexdigest()
