"""What one model's default system text stood over, another model learns under its own."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from localai.catalog import Catalog
from localai.conversation import Message, assistant, system, user
from localai.engine.scripted import ScriptedEngine
from localai.lessons.heads import stand_ins, under_own_head
from localai.lessons.maker import Maker
from tests.catalog import toy
from tests.lessons.made import lesson

HEADS = {"I am Old.": "I am New.", "I am None.": ""}
TALK = (user("Hi"), assistant("Hello."))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((system("I am Old."), *TALK), (system("I am New."), *TALK)),
        ((system("I am None."), *TALK), TALK),
        ((system("Be kind."), *TALK), (system("Be kind."), *TALK)),
        ((user("I am Old."), assistant("So?")), (user("I am Old."), assistant("So?"))),
        ((), ()),
    ],
)
def test_only_a_default_is_replaced(
    before: tuple[Message, ...], after: tuple[Message, ...]
) -> None:
    found = lesson("It is Minka.", context=before)
    assert under_own_head(found, HEADS) == msgspec.structs.replace(found, context=after)


def test_it_is_learned_and_asked_about_under_the_new_one() -> None:
    engine = ScriptedEngine()
    fitted = Maker(engine, heads=HEADS).fit(lesson("Minka.", context=(system("I am Old."),)))
    assert fitted.lesson.ask("Who?")[0] == system("I am New.")
    assert "I am New." in "".join(engine.pieces(fitted.rendered.ids))


def test_the_defaults_of_all_other_models_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "home"))
    catalog, starter = Catalog(), Catalog().default.description
    plain = catalog.add(toy.write(tmp_path / "plain.gguf"), "plain").description
    assert starter.system
    assert stand_ins(plain) == {starter.system: ""}
    assert stand_ins(starter) == {}
    named = catalog.save(msgspec.structs.replace(plain, name="named", system="I am Old."))
    assert stand_ins(starter) == {"I am Old.": starter.system}
    assert stand_ins(named.description) == {starter.system: "I am Old."}
