"""What a prompt begins with."""

from __future__ import annotations

import pytest

from localai.catalog import Description
from localai.catalog.description import FileSource
from localai.chat.prompt import system_text
from localai.config import ChatSettings, Settings


@pytest.mark.parametrize(
    ("own", "of_the_model", "expected"),
    [("", "", ""), ("", "Be right.", "Be right."), ("Be brief.", "Be right.", "Be brief.")],
)
def test_the_users_system_text_goes_before_the_models(
    own: str, of_the_model: str, expected: str
) -> None:
    model = Description(name="m", source=FileSource("m.gguf"), file="m.gguf", system=of_the_model)
    assert system_text(Settings(chat=ChatSettings(system=own)), model) == expected
