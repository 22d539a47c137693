"""The app's own two themes: calm, with text of at least 4.5:1 contrast."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="localai-dark",
    primary="#74c0b0",
    secondary="#93aee0",
    accent="#e3b778",
    foreground="#d9dce3",
    background="#14161b",
    surface="#1d2027",
    panel="#262a33",
    success="#93c78b",
    warning="#e3b778",
    error="#ec8383",
    dark=True,
    variables={
        "block-cursor-background": "#2f3d40",
        "block-cursor-foreground": "#e9ebf0",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#262a33",
        "block-cursor-blurred-foreground": "#d9dce3",
        "input-selection-background": "#74c0b0 30%",
        "scrollbar": "#2c313b",
        "scrollbar-hover": "#3a414e",
        "scrollbar-active": "#74c0b0",
        "scrollbar-background": "#14161b",
        "scrollbar-background-hover": "#14161b",
        "scrollbar-background-active": "#14161b",
    },
)

LIGHT = Theme(
    name="localai-light",
    primary="#1b6f63",
    secondary="#365a9e",
    accent="#8a5408",
    foreground="#26282e",
    background="#fcfbf8",
    surface="#f1efe9",
    panel="#e6e3db",
    success="#2f7238",
    warning="#8a5408",
    error="#b0332b",
    dark=False,
    variables={
        "block-cursor-background": "#d3e5e0",
        "block-cursor-foreground": "#26282e",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e6e3db",
        "block-cursor-blurred-foreground": "#26282e",
        "input-selection-background": "#1b6f63 25%",
        "scrollbar": "#d5d1c6",
        "scrollbar-hover": "#bdb8aa",
        "scrollbar-active": "#1b6f63",
        "scrollbar-background": "#fcfbf8",
        "scrollbar-background-hover": "#fcfbf8",
        "scrollbar-background-active": "#fcfbf8",
    },
)
