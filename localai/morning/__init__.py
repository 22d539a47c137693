"""What a tune came to, told to whoever comes back: as Markdown, as a page with plots, and in a
few lines. It only looks at what the store has; nothing here trains or judges.

`write` is what a run calls when it has ended.
"""

from localai.morning.files import write

__all__ = ["write"]
