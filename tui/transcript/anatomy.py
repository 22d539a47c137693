"""The parts of an inspected answer as styled text. Pure; the screen only places them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from localai.sanitize import clean, one_line
from localai.store.rows import StoredMessage

LABEL = 14
EXCERPT = 60
A_LINE = 3


def facts(answer: StoredMessage, adapter: str) -> Content:
    """Model, the adapter's name, sampling, counts and times, one a line."""
    rows: list[tuple[str, str]] = []
    origin, completion = answer.origin, answer.completion
    if origin is not None:
        rows.append(("Model", origin.model))
        rows.append(("File", origin.model_path))
        rows.append(("Adapter", adapter or "none"))
        rows.append(("Style", "step by step" if origin.style == "steps" else origin.style))
        if origin.examples:
            count = len(origin.examples)
            rows.append(("Examples", f"{count} of your corrections, before the question"))
        rows += sampling_rows(origin.sampling)
    if completion is not None:
        timings = completion.timings
        rows += [
            ("Prompt", f"{completion.prompt_tokens:,} tokens, {completion.cached_tokens:,} reused"),
            ("Answer", _answer_tokens(completion.generated_tokens, completion.reasoning_tokens)),
            ("First token", f"{timings.first_token_ms:,.0f} ms"),
            ("Reading", f"{timings.prompt_ms:,.0f} ms"),
            (
                "Writing",
                f"{timings.generate_ms:,.0f} ms, {completion.tokens_per_second:.0f} tokens/s",
            ),
            ("Ended by", completion.finish_reason),
        ]
    rows.append(("Status", f"{answer.status} {answer.error}".strip()))
    lines = [
        Content.assemble(Content.styled(f"{name:<{LABEL}}", "$foreground 60%"), clean(value))
        for name, value in rows
    ]
    return Content("\n").join(lines)


def sampling_rows(sampling: Mapping[str, object]) -> list[tuple[str, str]]:
    """How tokens were chosen, a few values a line."""
    values = [
        f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in sampling.items()
        if value is not None
    ] or ["not recorded"]
    lines = [", ".join(values[i : i + A_LINE]) for i in range(0, len(values), A_LINE)]
    return [("" if number else "Sampling", line) for number, line in enumerate(lines)]


def _answer_tokens(generated: int, reasoning: int) -> str:
    return f"{generated:,} tokens" + (f", {reasoning:,} of them reasoning" if reasoning else "")


def left_out(rows: Sequence[StoredMessage]) -> Content:
    """The messages that were not sent, the beginning of each."""
    lines = []
    for row in rows:
        excerpt = one_line(row.message.text, EXCERPT)
        lines.append(Content.styled(f"{row.message.role:<{LABEL}}{excerpt}", "$foreground 60%"))
    return Content("\n").join(lines)


def prompt_text(pieces: Sequence[str], boundaries: bool) -> Content:
    """The prompt, control tokens coloured; with `boundaries`, every other token shaded."""
    parts = []
    for number, piece in enumerate(pieces):
        text = clean(piece)
        style = "$accent" if _looks_like_control(piece) else "$foreground"
        if boundaries and number % 2:
            style += " on $panel"
        if boundaries:
            text = text.replace("\n", "↵\n")
        parts.append(Content.styled(text, style))
    return Content.assemble(*parts)


def _looks_like_control(piece: str) -> bool:
    return len(piece) > 2 and piece[0] in "<[" and piece[-1] in ">]"
