"""The template for models that bring none: ChatML, the most widely understood markup."""

from __future__ import annotations

START = "<|im_start|>"
END = "<|im_end|>"

TEMPLATE = (
    "{% for message in messages %}"
    "{{ '" + START + "' + message.role + '\\n' + message.content + '" + END + "\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '" + START + "assistant\\n' }}{% endif %}"
)


def escaped(text: str) -> str:
    """`text` with its ChatML markers made harmless for a vocabulary in which they are
    plain text: a space inside, which a reader sees."""
    for marker in (START, END):
        text = text.replace(marker, f"{marker[0]} {marker[1:]}")
    return text
