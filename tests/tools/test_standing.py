"""What the user takes back while a chat is open does not run any more."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from localai import config, paths
from localai.config import ToolSettings
from localai.tools import registry, trust
from localai.tools.allowed import Allowed
from localai.tools.builtin.clock import weekday
from localai.tools.mcp.servers import Servers
from localai.tools.outcome import Failed, Ok, Outcome
from localai.tools.run import toolbox
from localai.tools.toolbox import Toolbox
from tests.tools.conftest import Write
from tests.tools.mcp.conftest import settings
from tests.tools.plugged import text

pytestmark = pytest.mark.usefixtures("home")
DATE = {"date": "2024-02-29"}


def call(box: Toolbox, name: str, **arguments: str) -> Outcome:
    return box.call(name, arguments, threading.Event())


def test_a_file_that_is_trusted_no_longer(written: Write) -> None:
    path = written("words.py", text())
    trust.pin(trust.look(path))
    box = Toolbox(registry.offered(ToolSettings()))
    assert call(box, "words", text="a").text == "a"
    trust.remove(path)
    refused = call(box, "words", text="a")
    assert isinstance(refused, Failed)
    assert f"{path} is not trusted any more" in refused.text
    assert call(box, "weekday", **DATE).text == "Thursday"
    trust.pin(trust.look(path))
    assert call(box, "words", text="a").text == "a"
    path.write_text(text(body="return 'other'"))
    trust.pin(trust.look(path))  # the chat has not seen what it does now
    assert isinstance(call(box, "words", text="a"), Failed)


def test_a_tool_that_is_disabled_meanwhile() -> None:
    box = Toolbox([weekday])
    assert isinstance(call(box, "weekday", **DATE), Ok)
    config.save("tools.disabled", ["weekday"])
    refused = call(box, "weekday", **DATE)
    assert isinstance(refused, Failed)
    assert refused.text.startswith("weekday is disabled; localai tools enable weekday")
    config.save("tools.disabled", [])
    assert isinstance(call(box, "weekday", **DATE), Ok)


def test_a_tool_of_a_server_that_is_disabled_meanwhile() -> None:
    servers = Servers({"test": settings("good")})
    assert servers.start(servers.names) == ()
    box = toolbox(servers.tools(), Allowed(), servers)
    try:
        assert call(box, "test_echo", text="a").text == "a"
        config.save("tools.disabled", ["test_echo"])
        assert "test_echo is disabled" in call(box, "test_echo", text="a").text
    finally:
        box.close()


def test_settings_that_cannot_be_read_are_a_sentence(home: Path) -> None:
    paths.private_dir(home)
    paths.config_file().write_text("[tools\n")
    outcome = call(Toolbox([weekday]), "weekday", **DATE)
    assert isinstance(outcome, Failed)
    assert "cannot be read" in outcome.text
