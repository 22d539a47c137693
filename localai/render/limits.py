"""What a chat template may spend: steps, seconds, characters.

The sandbox of jinja2 stops code execution but not denial of service. Everything that can
grow or repeat passes through a `Meter`, which refuses before the memory is taken. It does
not interrupt C code: operations that could run long there are refused by their sizes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import thread_time
from typing import Any

MAX_SECONDS = 3.0
MAX_CHARS = 64_000_000
MAX_ITEMS = 1_000_000
MAX_INT_BITS = 4096
MAX_WIDTH = 1000

_WIDTHS = re.compile(r"\d{4,}|\*")
_GROWING = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs"})


class TemplateLimit(Exception):
    """A template asked for more than a chat template can need."""


class Meter:
    """Watches the clock at every step of one rendering, and the size of every value."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin a rendering with its full time."""
        self._steps = 0
        self._deadline = thread_time() + MAX_SECONDS

    def tick(self) -> None:
        """Count one step; look at the clock now and then."""
        self._steps += 1
        if self._steps % 256 == 0 and thread_time() > self._deadline:
            raise TemplateLimit("it takes too long")

    def each(self, items: Iterable[Any]) -> Iterator[Any]:
        """`items`, each counted: the loops of a template run over this."""
        for item in items:
            self.tick()
            yield item

    def size(self, value: Any) -> int:
        """Characters that `value` would fill when printed, roughly; refuses too many.

        Lists that hold one list many times are small in memory and huge in print, so
        this walks what a printer would walk and stops at the limit.
        """
        total = 0
        todo = [value]
        while todo:
            item = todo.pop()
            total += len(item) if isinstance(item, str) else 1
            if isinstance(item, Mapping):
                todo.extend(item.keys())
                todo.extend(item.values())
            elif isinstance(item, list | tuple | set | frozenset):
                todo.extend(item)
            if total + len(todo) > MAX_CHARS or (len(todo) > MAX_ITEMS):
                raise TemplateLimit("its output is too large")
            if not isinstance(item, str):
                self.tick()
        return total

    def binop(self, operator: str, left: Any, right: Any) -> None:
        """Refuse an arithmetic operation whose result would be too large."""
        self.tick()
        if operator == "+":
            if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
                _fits(left, len(left) + len(right))
        elif operator == "*":
            _check_product(left, right)
        elif operator == "**":
            _check_power(left, right)
        elif operator == "%" and isinstance(left, str):
            self.formatted(left, right)

    def formatted(self, pattern: str, arguments: Any) -> None:
        """Refuse printf or str.format patterns with wide fields."""
        if _WIDTHS.search(pattern):
            raise TemplateLimit("it pads text too wide")
        fields = pattern.count("%") + pattern.count("{")
        _fits("", len(pattern) + fields * self.size(arguments))

    def method(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Refuse a call of a string method whose result would be too large."""
        self.tick()
        owner = getattr(function, "__self__", None)
        if not isinstance(owner, str):
            return
        name = getattr(function, "__name__", "")
        if name in _GROWING:
            width(arguments[0] if arguments else 8)
            if name == "expandtabs":
                _fits("", len(owner) + owner.count("\t") * MAX_WIDTH)
        elif name == "replace" and len(arguments) >= 2:
            self.replaced(owner, str(arguments[0]), str(arguments[1]))
        elif name == "join" and arguments:
            self.joined(owner, arguments[0])
        elif name == "translate":
            raise TemplateLimit("it uses str.translate")

    def replaced(self, text: str, old: str, new: str) -> None:
        """Refuse a replacement whose result would be too large."""
        _fits("", len(text) + (text.count(old) if old else len(text) + 1) * len(new))

    def joined(self, separator: str, items: Any) -> None:
        """Refuse a join whose result would be too large."""
        if isinstance(items, list | tuple | str):
            _fits("", self.size(items) + len(separator) * len(items))


def width(value: Any) -> int:
    """A padding width, precision or indentation within reason."""
    number = int(value)
    if abs(number) > MAX_WIDTH:
        raise TemplateLimit("it pads text too wide")
    return number


def _fits(like: Any, length: int) -> None:
    if length > (MAX_CHARS if isinstance(like, str) else MAX_ITEMS):
        raise TemplateLimit("its output is too large")


def _check_product(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > MAX_INT_BITS:
            raise TemplateLimit("it computes with numbers too large")
        return
    for sequence, count in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple) and isinstance(count, int):
            _fits(sequence, len(sequence) * max(count, 0))


def _check_power(base: Any, exponent: Any) -> None:
    if (
        isinstance(base, int)
        and isinstance(exponent, int)
        and base.bit_length() * abs(exponent) > MAX_INT_BITS
    ):
        raise TemplateLimit("it computes with numbers too large")
