"""Earlier prompts, for going back to with the arrow keys. Pure."""

from __future__ import annotations

from collections.abc import Iterable


class Recall:
    """A position in a list of earlier prompts; the text being written is at its end."""

    def __init__(self, prompts: Iterable[str] = ()) -> None:
        self._prompts: list[str] = []
        self._draft = ""
        for prompt in prompts:
            self.add(prompt)
        self._position = len(self._prompts)

    def add(self, prompt: str) -> None:
        """Remember a prompt that was sent; repeating the last one adds nothing."""
        if prompt and self._prompts[-1:] != [prompt]:
            self._prompts.append(prompt)
        self._position = len(self._prompts)

    def older(self, current: str) -> str | None:
        """The prompt before, or None at the oldest."""
        if self._position == 0:
            return None
        if self._position == len(self._prompts):
            self._draft = current
        self._position -= 1
        return self._prompts[self._position]

    def newer(self) -> str | None:
        """The prompt after, at last the text that was being written; None when there."""
        if self._position >= len(self._prompts):
            return None
        self._position += 1
        if self._position == len(self._prompts):
            return self._draft
        return self._prompts[self._position]
