"""The filters and functions that chat templates may use: the usual set, each bounded.

The allow-list is what templates in the wild use; anything else fails to compile and is
named in the error. `tojson` and `strftime_now` follow the convention of Hugging Face
templates (plain JSON, no HTML escaping).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.filters import FILTERS

from localai.render.limits import Meter, TemplateLimit, width

_AS_THEY_ARE = frozenset(
    {
        "abs",
        "attr",
        "capitalize",
        "count",
        "d",
        "default",
        "dictsort",
        "first",
        "float",
        "groupby",
        "int",
        "items",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "safe",
        "select",
        "selectattr",
        "sort",
        "title",
        "trim",
        "truncate",
        "unique",
        "upper",
        "wordcount",
    }
)


def filters(meter: Meter) -> dict[str, Callable[..., Any]]:
    """Filter name -> function, those that can grow guarded by `meter`."""
    chosen: dict[str, Callable[..., Any]] = {name: FILTERS[name] for name in _AS_THEY_ARE}
    chosen["tojson"] = lambda value, **options: tojson(meter, value, **options)
    chosen["fromjson"] = chosen["from_json"] = json.loads
    chosen["string"] = lambda value: _string(meter, value)
    chosen["join"] = lambda value, d="", attribute=None: _join(meter, value, d, attribute)
    chosen["replace"] = lambda text, old, new, count=-1: _replace(meter, text, old, new, count)
    chosen["format"] = lambda text, *args, **kw: _format(meter, text, *args, **kw)
    chosen["indent"] = lambda text, width=4, *flags, **options: _indent(
        meter, text, width, *flags, **options
    )
    chosen["round"] = lambda value, precision=0, method="common": FILTERS["round"](
        value, max(-20, min(20, precision)), method
    )
    return chosen


def raise_exception(message: str) -> NoReturn:
    """What templates call to refuse a conversation."""
    raise TemplateError(str(message))


def strftime(now: Callable[[], datetime]) -> Callable[[str], str]:
    """`strftime_now` of the convention, by the given clock."""

    def strftime_now(pattern: str) -> str:
        if len(pattern) > 100:
            raise TemplateLimit("its date format is too long")
        return now().strftime(pattern)

    return strftime_now


def tojson(
    meter: Meter,
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """`value` as JSON, without the HTML escapes of jinja's own filter."""
    meter.size(value)
    spaces = None if indent is None else width(indent)
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=spaces,
        separators=separators,
        sort_keys=sort_keys,
    )


def _string(meter: Meter, value: Any) -> str:
    meter.size(value)
    return str(value)


def _join(meter: Meter, value: Any, separator: str, attribute: Any) -> str:
    items = list(meter.each(value))
    if attribute is not None:
        items = [item.get(attribute, "") if isinstance(item, dict) else "" for item in items]
    meter.joined(separator, items)
    return separator.join(str(item) for item in items)


def _replace(meter: Meter, text: Any, old: str, new: str, count: int) -> str:
    whole = _string(meter, text)
    meter.replaced(whole, old, new)
    return whole.replace(old, new, count)


def _format(meter: Meter, text: str, *args: Any, **options: Any) -> str:
    meter.formatted(text, options or args)
    return str(text) % (options or args)


def _indent(
    meter: Meter, text: str, width_: int | str, first: bool = False, blank: bool = False
) -> str:
    pad = width_ if isinstance(width_, str) else " " * width(width_)
    meter.replaced(text, "\n", "\n" + pad)
    lines = text.split("\n")
    padded = [pad + line if (line or blank) else line for line in lines[1:]]
    head = pad + lines[0] if first else lines[0]
    return "\n".join([head, *padded])
