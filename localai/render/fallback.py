"""Templates for models that bring none, by the turn markers that their vocabularies hold.

A pretrained model has usually not met them, and to its weights they may all be one; so an
answer ends with the end of text, which every model knows, where its vocabulary has one. The
markers only tell turns apart. Without any there is ChatML, spelt out.
"""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

START = "<|im_start|>"
END = "<|im_end|>"


class Turns(NamedTuple):
    """How turns are marked: `start`, role, `middle`, content, `end`. `answers` is the role of
    the model; `system` whether there is one for the system text."""

    start: str
    middle: str
    end: str
    after: str = "\n"
    answers: str = "assistant"
    system: bool = True

    @property
    def markers(self) -> tuple[str, ...]:
        """What a vocabulary must hold."""
        return tuple(each for each in map(str.strip, (self.start, self.middle, self.end)) if each)

    @property
    def template(self) -> str:
        """As jinja2."""
        refusal = "" if self.system else _NO_SYSTEM
        role = f"('{self.answers}' if message.role == 'assistant' else message.role)"
        end = f"(eos_token or '{self.end}' if message.role == 'assistant' else '{self.end}')"
        middle, after = self.middle.replace("\n", r"\n"), self.after.replace("\n", r"\n")
        return (
            f"{{% for message in messages %}}{refusal}"
            f"{{{{ '{self.start}' + {role} + '{middle}' + message.content + {end} + '{after}' }}}}"
            "{% endfor %}{% if add_generation_prompt %}"
            f"{{{{ '{self.start}{self.answers}{middle}' }}}}{{% endif %}}"
        )


_NO_SYSTEM = (
    "{% if message.role == 'system' %}{{ raise_exception('there is no system role') }}{% endif %}"
)
CHATML = Turns(START, "\n", END)
KNOWN = (
    CHATML,
    Turns("<start_of_turn>", "\n", "<end_of_turn>", answers="model", system=False),
    Turns("<|start_header_id|>", "<|end_header_id|>\n\n", "<|eot_id|>", after=""),
)


def known(control: Container[str]) -> Turns | None:
    """The first whose markers are all among the control tokens; None where there are none."""
    return next((each for each in KNOWN if all(text in control for text in each.markers)), None)


def escaped(text: str) -> str:
    """`text` with its ChatML markers made harmless for a vocabulary in which they are
    plain text: a space inside, which a reader sees."""
    for marker in (START, END):
        text = text.replace(marker, f"{marker[0]} {marker[1:]}")
    return text
