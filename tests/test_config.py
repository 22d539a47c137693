"""Settings: the file, the environment over it, and plain words for what is wrong."""

from pathlib import Path

import pytest

from localai import config, paths
from localai.errors import ConfigError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOCALAI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write(text: str) -> None:
    paths.private_dir(paths.config_file().parent)
    paths.config_file().write_text(text, "utf-8")


def test_defaults_need_no_file() -> None:
    assert config.load().engine.context == 0


def test_the_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write("[engine]\ncontext = 2048\nthreads = 3\n")
    monkeypatch.setenv("LOCALAI_ENGINE__CONTEXT", "4096")
    settings = config.load()
    assert (settings.engine.context, settings.engine.threads) == (4096, 3)


def test_an_unknown_type_of_cache_is_refused() -> None:
    write('[engine]\nkv_type = "q5_0"\n')
    with pytest.raises(
        ConfigError, match=r"engine\.kv_type .* it should be 'f16', 'q8_0' or 'q4_0'"
    ):
        config.load()


def test_allowed_folders_are_whole_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/elsewhere")
    write("[tools]\nfolders = ['~/notes', '/srv/texts/']\n")
    assert config.load().tools.folders == [Path("/elsewhere/notes"), Path("/srv/texts")]


def test_mcp_servers_have_a_table_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/elsewhere")
    write('[mcp.my_time-2]\ncommand = ["serve", "-v"]\nenv = {A = "1"}\nfolder = "~/data"\n')
    server = config.load().mcp["my_time-2"]
    assert (server.command, server.env) == (["serve", "-v"], {"A": "1"})
    assert (server.folder, server.enabled) == (Path("/elsewhere/data"), True)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[mcp.time]\nenabled = true", "mcp.time.command is missing"),
        ("[mcp.time]\nenabled = true", "; write it under [mcp.time]."),
        ("[mcp.time]\ncommand = []", "the program and its arguments as a list"),
        ('[mcp.time]\ncommand = "serve"', "mcp.time.command"),
        ('[mcp.time]\ncommand = "serve"', "the program and its arguments as a list"),
        ('[mcp.time]\ncommand = ["serve", 1]', "the program and its arguments as a list"),
        ('[mcp."two words"]\ncommand = ["serve"]', "setting mcp.two words in"),
        ('[mcp."two words"]\ncommand = ["serve"]', "letters, digits, dashes and underscores"),
        ('[mcp]\ncommand = ["serve"]', "mcp.command"),
        ('[mcp]\ncommand = ["serve"]', "it must be a table; write [mcp.NAME]."),
        ('[mcp.time]\ncommand = ["serve"]\nenv = "A"', "a table; write [mcp.time.env]."),
        ('[mcp.time]\ncommand = ["serve"]\nenv = {A = 1}', "mcp.time.env.A"),
        ('[mcp.time]\ncommand = ["serve"]\nenv = {A = 1}', "it must be text"),
        ('[mcp.time]\ncommand = ["serve"]\ntimeout = "long"', "it must be a number"),
        ('[mcp.time]\ncommand = ["serve"]\nname = "a"', "there is no setting of that name"),
        ('[mcp.time]\ncommand = ["serve"]\nfolder = "data"', "is no whole path"),
        ('[mcp.time]\ncommand = ["serve"]\ntimeout = 0', "mcp.time.timeout"),
        ('[mcp.time]\ncommand = ["serve"]\nurl = "a"', "mcp.time.url"),
        ('[mcp.time]\nurl = "a"', "by a URL are not supported yet; give the command"),
    ],
)
def test_a_wrong_mcp_server_is_named(table: str, words: str) -> None:
    write(table)
    with pytest.raises(ConfigError) as caught:
        config.load()
    assert words in str(caught.value)
    assert "nput should" not in str(caught.value)


def test_saving_keeps_what_the_user_wrote() -> None:
    write('# mine\nmodel = "a"  # the best\n')
    config.save("model", "b")
    config.save("app.theme", "localai-light")
    text = paths.config_file().read_text("utf-8")
    assert "# mine" in text
    assert "# the best" in text
    settings = config.load()
    assert (settings.model, settings.app.theme) == ("b", "localai-light")
    assert paths.config_file().stat().st_mode & 0o077 == 0


def test_saving_through_a_link_changes_the_file_it_leads_to(tmp_path: Path) -> None:
    write("")
    real = tmp_path / "mine.toml"
    real.write_text('model = "a"\n', "utf-8")
    paths.config_file().unlink()
    paths.config_file().symlink_to(real)
    config.save("model", "b")
    assert paths.config_file().is_symlink()
    assert real.read_text("utf-8") == 'model = "b"\n'


def test_a_setting_of_the_top_can_be_added_below_tables() -> None:
    write("[engine]\ncontext = 2048\n")
    config.save("model", "x")
    settings = config.load()
    assert (settings.model, settings.engine.context) == ("x", 2048)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[engine]\ncontext = -5\n", "engine.context"),
        ("[sampling]\ntop_p = 7\n", "sampling.top_p"),
        ('modle = "x"\n', "modle"),
        ("[chat]\nthinking = 'maybe'\n", "chat.thinking"),
        ("[tools]\nfolders = ['notes']\n", "tools.folders.0 .*: 'notes' is no whole path"),
        ("[tools]\nfolders = ['~nobody-here/x']\n", "leads nowhere"),
    ],
)
def test_a_wrong_setting_is_named(text: str, named: str) -> None:
    write(text)
    with pytest.raises(ConfigError, match=named):
        config.load()


@pytest.mark.parametrize("content", [b"[engine\n", b"\xff\xfe\x00"])
def test_an_unreadable_file_is_named(content: bytes) -> None:
    write("")
    paths.config_file().write_bytes(content)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        config.load()
    with pytest.raises(ConfigError, match="cannot be saved"):
        config.save("model", "x")


def test_a_file_that_cannot_be_written_is_one_plain_sentence() -> None:
    write("")
    paths.config_file().unlink()
    paths.config_file().mkdir()
    with pytest.raises(ConfigError, match=r"cannot be saved in [^\[]+ \([^\[]+\); check who"):
        config.save("model", "x")


def test_a_folder_that_cannot_be_made_is_one_sentence(home: Path) -> None:
    home.write_text("in the way")
    with pytest.raises(Exception, match="LOCALAI_HOME"):
        config.save("model", "x")


def test_a_name_with_a_dot_in_it_is_saved_in_parts() -> None:
    config.save(("styles", "model-1.5", "direct"), ["sums"])
    config.save(("styles", "model-1.5", "steps"), ["ages"])
    assert config.load().styles == {
        "model-1.5": config.StyleSettings(direct=["sums"], steps=["ages"])
    }
