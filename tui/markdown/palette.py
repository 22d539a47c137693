"""The text styles of a theme, worked out once per theme change.

Turns the colours of whatever Textual theme is active into Rich styles for the line
renderers. It does not decide layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.style import Style
from textual.color import Color

FADED = 0.35
"""How far muted text moves from the foreground towards the background."""


@dataclass(frozen=True)
class Palette:
    """Styles by meaning. `base` carries the background, the others only what differs."""

    base: Style
    muted: Style
    accent: Style
    heading: Style
    code: Style
    code_panel: Style
    user_panel: Style
    user_bar: Style
    cursor: Style
    link: Style
    error: Style
    warning: Style
    keyword: Style
    string: Style
    number: Style
    name: Style

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Palette:
        """Styles for the variables of a theme (`App.theme_variables`)."""

        def colour(name: str) -> Color:
            return Color.parse(variables[name])

        def ink(value: Color, *, bold: bool | None = None, underline: bool | None = None) -> Style:
            return Style(color=value.rich_color, bold=bold, underline=underline)

        front, back = colour("foreground"), colour("background")
        muted = front.blend(back, FADED)
        code_back = colour("surface").rich_color
        return cls(
            base=Style(color=front.rich_color, bgcolor=back.rich_color),
            muted=ink(muted),
            accent=ink(colour("primary")),
            heading=ink(colour("primary"), bold=True),
            code=Style(color=colour("accent").rich_color, bgcolor=code_back),
            code_panel=Style(color=front.rich_color, bgcolor=code_back),
            user_panel=Style(color=front.rich_color, bgcolor=code_back),
            user_bar=Style(color=colour("primary").rich_color, bgcolor=code_back),
            cursor=ink(colour("accent")),
            link=ink(colour("secondary"), underline=True),
            error=ink(colour("error")),
            warning=ink(colour("warning")),
            keyword=ink(colour("primary")),
            string=ink(colour("success")),
            number=ink(colour("accent")),
            name=ink(colour("secondary")),
        )
