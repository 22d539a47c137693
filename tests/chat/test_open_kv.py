"""What the model reads is saved beside the data, within the setting, and never in private."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from localai import config, paths
from localai.chat.open import open_session
from localai.cli.invocation import Invocation
from localai.engine.base import Engine, LoadOptions
from localai.engine.scripted import ScriptedEngine
from localai.store.store import Store

OpenWith = Callable[..., LoadOptions]


@pytest.fixture
def opened(
    tmp_path: Path, tiny_model: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> OpenWith:
    """The options that a session's engine gets."""
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "home"))

    def open_with(*, private: bool = False) -> LoadOptions:
        seen: list[LoadOptions] = []

        def factory(options: LoadOptions) -> Engine:
            seen.append(options)
            return ScriptedEngine(["Hi"])

        model = str(tiny_model("plain"))
        with Store.memory() as store:
            settings = config.load()
            open_session(store, settings, model=model, private=private, factory=factory).close()
        return seen[0]

    return open_with


def test_the_budget_is_in_gigabytes(opened: OpenWith, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (opened().kv_folder, opened().kv_disk) == (str(paths.kv()), 2_000_000_000)
    monkeypatch.setenv("LOCALAI_ENGINE__KV_DISK", "0.5")
    assert opened().kv_disk == 500_000_000


def test_a_private_session_saves_nothing_and_erases_nothing(opened: OpenWith) -> None:
    assert opened(private=True).kv_folder == ""


def test_a_question_that_is_not_kept_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from localai.cli.main import cli
    from tests.cli.scripted_main import session_opener

    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "home"))
    private: list[bool] = []

    def open_noting(*args: object, **how: object) -> object:
        private.append(bool(how["private"]))
        return session_opener(ScriptedEngine(["Hi"]))(*args, **how)

    for option in (["--no-save"], []):
        obj = Invocation(open_session=open_noting)  # type: ignore[arg-type]
        assert CliRunner().invoke(cli, ["ask", *option, "Hello"], obj=obj).exit_code == 0
    assert private == [True, False]
