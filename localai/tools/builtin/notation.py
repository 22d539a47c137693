"""From what people and models write to the calculator's grammar.

Powers as ^ or ², the printed signs for times, divided by and minus, "3 x 4", thousands in
groups of three, "15% of 80", a trailing "=". Only what can be read in one way is changed;
inside a function's parentheses a comma always separates arguments. Nothing is computed here.
"""

from __future__ import annotations

import re

from localai.errors import ToolError

MOST_CHARACTERS = 1000

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2013\u2010\u2011", "-"),  # minus, en dash, two hyphens
        **dict.fromkeys("\u00d7\u00b7\u22c5\u2217\u2715", "*"),  # times, dots, asterisk, cross
        **dict.fromkeys("\u00f7\u2215\u2044", "/"),  # division, two slashes
        **dict.fromkeys("\u00a0\u2009\u202f\t\r\n", " "),  # no-break, thin, narrow spaces
        "^": "**",
        "\u2264": "<=",
        "\u2265": ">=",
        "\u2260": "!=",
        "\u03c0": "pi",
        "\u03c4": "tau",
    }
)
_ASKED = re.compile(r"\s*=\s*\??$")
_SUPERSCRIPT = re.compile(r"(?<=[\w)])([\u00b2\u00b3])(?![\u00b2\u00b3\w(])")
_TIMES = re.compile(r"(?<=[\d)]) +x +(?=[\d(.+-])")
_PERCENT_OF = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?|\.\d+) *% *of\b")
_LONE_PERCENT = re.compile(r"% *(?:$|[)*/,]|of\b)")
_PARTS = re.compile(
    r"(?P<call>[A-Za-z_]\w* *\()|(?P<open>\()|(?P<close>\))"
    r"|(?P<grouped>(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w,]))|(?P<comma>,)"
)
_ZEROS = re.compile(r"\d,0\d\d")
_FOREIGN = re.compile(r"[^\w.+\-*/%(),<>=! ]|[^\x00-\x7f]")


def plain(text: str) -> str:
    """The expression in the grammar's own signs. Raises ToolError for what has no meaning."""
    text = text.strip()
    if len(text) > MOST_CHARACTERS:
        raise ToolError(
            f"The expression has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read."
        )
    if len(text.splitlines()) > 1:
        raise ToolError("Only one expression on one line can be calculated.")
    text = _ASKED.sub("", text)
    text = _SUPERSCRIPT.sub(lambda sign: "**2" if sign[1] == "\u00b2" else "**3", text)
    text = _TIMES.sub(" * ", text.translate(_SIGNS))
    text = _without_thousands(_PERCENT_OF.sub(_percent_of, text)).strip()
    if not text:
        raise ToolError("There is nothing to calculate.")
    if foreign := _FOREIGN.search(text):
        raise ToolError(f"The sign {foreign[0]!r} has no meaning in a calculation.")
    if _LONE_PERCENT.search(text):
        raise ToolError("A percent sign is read as in 15% of 80; write 15/100 for 15% itself.")
    return text


def _percent_of(match: re.Match[str]) -> str:
    """15% of ... as (15/100) * ..., where nothing before it binds tighter."""
    before = match.string[: match.start()].rstrip()
    if before.endswith(("**", "/", "%")):
        raise ToolError('Put "% of" in parentheses, as in 100 / (15% of 80).')
    return f"({match[1]}/100)*"


def _without_thousands(text: str) -> str:
    calls: list[bool] = []  # for each open parenthesis, whether it is a function's

    def replaced(part: re.Match[str]) -> str:
        if part["call"] or part["open"]:
            calls.append(part["call"] is not None)
        elif part["close"]:
            del calls[-1:]
        elif part["grouped"] and not any(calls):
            return part[0].replace(",", "")
        elif part["comma"] and not any(calls):
            raise ToolError(
                "A comma separates thousands (1,000,000) or a function's arguments; "
                "decimals take a point."
            )
        return part[0]

    text = _PARTS.sub(replaced, text)
    if doubtful := _ZEROS.search(text):
        raise ToolError(f"Write the number around {doubtful[0]} without commas.")
    return text
