"""Reading pages of the public web as text. Off until the settings allow it."""

from __future__ import annotations

from localai.tools.tool import tool


@tool(effects=("network",), needs="web_fetch")
def web_fetch(url: str) -> str:
    """Read a page of the public web, as text.

    Args:
        url: the whole address, such as https://example.com/page.
    """
    # HTTP and TLS take longer to import than all tools together: only in a call of its own.
    from localai.tools.builtin import exchange, pages

    return pages.told(exchange.fetch(url, exchange.Network()))
