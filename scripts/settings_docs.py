"""Write docs/settings.md from the settings themselves: `scripts/settings_docs.py`.

The text of each setting is the docstring under it in localai/config.py, so the page
cannot say anything else than the code; a test compares the two.
"""

from __future__ import annotations

import ast
import inspect
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args, get_origin

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from localai.config import Settings

PAGE = ROOT / "docs" / "settings.md"
INTRODUCTION = """\
# Settings

Settings live in `config.toml`; `localai doctor` prints where that is. Every line is
optional. An environment variable overrides the file: `LOCALAI_MODEL`,
`LOCALAI_ENGINE__CONTEXT` (two underscores between a table and its setting).
"""


def page() -> str:
    """The whole page."""
    groups: list[tuple[str, type[BaseModel]]] = [("", Settings)]
    for name, field in Settings.model_fields.items():
        if model := _table(field.annotation):
            groups.append((name, model))
        elif model := _named_table(field.annotation):
            groups.append((f"{name}.NAME", model))
    return "\n".join([INTRODUCTION, *(_group(name, model) for name, model in groups)])


def _table(annotation: Any) -> type[BaseModel] | None:
    """The model of a setting that is a table of its own."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def _named_table(annotation: Any) -> type[BaseModel] | None:
    """The model of a setting that is any number of tables, each with a name."""
    return _table(get_args(annotation)[-1]) if get_origin(annotation) is dict else None


def _group(name: str, model: type[BaseModel]) -> str:
    """One table of the file, as a Markdown table."""
    title = f"## `[{name}]`" if name else "## Top of the file"
    lines = [title, ""]
    if name and model.__doc__:
        lines += [model.__doc__.strip(), ""]
    lines += ["| setting | default | what it does |", "|---|---|---|"]
    told = _docstrings(model)
    for key, field in model.model_fields.items():
        if _table(field.annotation) or _named_table(field.annotation):
            continue
        lines.append(f"| `{key}` | {_default(field)} | {told[key]} |")
    return "\n".join(lines) + "\n"


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Setting -> the text under it, on one line. Read here, from the source: were it done when
    the settings are imported, every command would pay for it."""
    (of_class,) = ast.parse(inspect.getsource(model)).body
    assert isinstance(of_class, ast.ClassDef)
    found: dict[str, str] = {}
    for before, after in pairwise(of_class.body):
        match before, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(ast.Constant(str() as text)):
                found[name] = " ".join(text.split())
    return found


def _default(field: FieldInfo) -> str:
    """How the default is written in TOML; unset ones have no value there."""
    value = field.default
    if field.is_required():
        return "needed"
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
