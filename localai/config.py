"""All settings, in one typed model read from `config.toml` and `LOCALAI_*` variables.

The docstring under each setting is its documentation (`docs/settings.md` is made from
it). Settings are passed in, never global. Writing keeps the user's comments.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from localai import paths
from localai.config_mistakes import sentence
from localai.config_night import NightSettings
from localai.context_window import KvType
from localai.errors import ConfigError
from localai.question_kinds import Kind as QuestionKind

_SERVER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


class EngineSettings(BaseModel, extra="forbid"):
    """How the model is loaded."""

    context: int = Field(0, ge=0)
    """Context window in tokens; 0 takes what the model was trained for, at most 8192, and less
    where the free memory holds less."""
    kv_type: KvType = "f16"
    """How the context window is kept in memory: `q8_0` takes half and hardly shows, `q4_0` takes
    little more than a quarter and costs small models some sense."""
    gpu_layers: int = Field(-1, ge=-1)
    """Layers on the GPU; -1 puts all there."""
    threads: int = Field(0, ge=0)
    """CPU threads; 0 takes all physical cores when the machine is free, fewer when it is busy."""
    idle_minutes: float = Field(15, ge=0)
    """Minutes without use after which the app frees the model's memory; 0 keeps it for ever."""
    kv_disk: float = Field(2, ge=0)
    """Gigabytes of disk for what the model has read of recent conversations, so that a long one
    goes on at once after a restart; 0 keeps none and erases what there is."""


class SamplingSettings(BaseModel, extra="forbid"):
    """How the next token is chosen; unset values come from the model's description."""

    temperature: float | None = Field(None, ge=0)
    """0 always takes the most likely token; higher is more varied."""
    top_k: int | None = Field(None, ge=0)
    """Keep only this many most likely tokens; 0 is off."""
    top_p: float | None = Field(None, gt=0, le=1)
    """Keep the smallest set of tokens with this total probability; 1 is off."""
    min_p: float | None = Field(None, ge=0, lt=1)
    """Drop tokens less likely than this share of the best one; 0 is off."""
    repeat_penalty: float | None = Field(None, gt=0)
    """Divides the logits of recently used tokens; 1 is off."""


class ChatSettings(BaseModel, extra="forbid"):
    """How a conversation is held."""

    system: str = ""
    """System text for new conversations; empty takes the model description's."""
    max_tokens: int = Field(0, ge=0)
    """Longest answer in tokens; 0 lets it go on until the context window is full."""
    thinking: Literal["auto", "on", "off"] = "auto"
    """Reasoning before the answer, for models that can switch it; auto leaves it to the model."""
    thinking_budget: int = Field(0, ge=0)
    """Most tokens of reasoning before the model must answer; 0 is no limit."""
    example_tokens: int = Field(256, ge=0)
    """Most tokens of your corrections that are shown to the model as examples, when a question
    is near one that you corrected; 0 shows none."""


Linear = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
"""The linear layers of a transformer's layer, by the names that PEFT and mlx-lm use."""


def _whole_path(path: Path) -> Path:
    try:
        path = path.expanduser()
    except RuntimeError as error:  # ~name, and nobody has that name
        raise ValueError(f"{path} leads nowhere") from error
    if not path.is_absolute():
        raise ValueError(f"{str(path)!r} is no whole path; begin it with / or ~")
    return path


class TuneSettings(BaseModel, extra="forbid"):
    """How the model learns from corrections."""

    rank: int = Field(8, ge=1, le=256)
    """Rank of the adapter's matrices; more holds more and costs speed in every answer."""
    alpha: float = Field(16, gt=0, le=1024)
    """What the matrices give is multiplied by `alpha` / `rank`."""
    rslora: bool = False
    """Multiplies by `alpha` / the root of `rank` instead, so that high ranks learn as fast as
    low ones."""
    layers: int = Field(0, ge=0)
    """Layers of the model that learn, counted from the last one; 0 is all."""
    targets: list[Linear] = []
    """What learns in them: `["q_proj", "v_proj"]`; none named is every linear layer."""
    learning_rate: float = Field(4e-4, gt=0, le=0.1)
    """Size of the training steps; lower is slower and safer."""
    epochs: int = Field(2, ge=1)
    """How often the corrections are gone through, in all the ways to ask them."""
    replay: float = Field(0.34, ge=0.33, le=0.9)
    """Least share of each training step that repeats the model's own answers, to keep what it
    knew; where little is new it is more, so that all of them come round once."""
    recall: float = Field(3, gt=0, le=100)
    """What keeping a token of those answers as likely as it was counts; learning a new one
    counts 1."""
    data_epochs: int = Field(6, ge=1)
    """How often a named data set is gone through at most. Its examples are asked in one way
    each; training ends sooner when those that are held out get no better."""
    data_recall: float = Field(1, gt=0, le=100)
    """`recall` while a named data set is learned, which may be to change every answer."""
    rewrites: int = Field(2, ge=0, le=8)
    """Ways to ask a corrected question in the model's own words that are learned at most, beside
    those by templates; 0 learns none and looks for none."""
    sets: list[Literal["abstention", "tools", "reasoning"]] = []
    """Data sets that `localai tune` makes where they are not there, and learns beside your own
    examples: `["abstention", "tools"]`."""
    rl: Literal["night", "always", "never"] = "night"
    """When `localai tune` also has the model answer problems that can be checked, and learn from
    its own right answers, which takes an hour or more: night is when the timer has begun it."""
    problems: list[Annotated[Path, AfterValidator(_whole_path)]] = Field([])
    """Files with questions of your own, which the model tries, too, when it learns from its own
    right answers: `["~/questions.jsonl"]`. The answer must be one number or one word."""
    gate_questions: int = Field(100, ge=40, le=1000)
    """Questions of each kind that a new adapter is asked before it may answer; more tell smaller
    losses from chance and take longer."""
    nice: int = Field(19, ge=0, le=19)
    """How far a tune steps back behind other programs; 0 lets it compete with them."""
    pause_for_chat: Literal["auto", "always", "never"] = "auto"
    """Whether training pauses while you chat, and the chat's model leaves the memory while it
    trains: auto where the memory does not hold both."""


class ToolSettings(BaseModel, extra="forbid"):
    """What the tools may reach."""

    folders: list[Annotated[Path, AfterValidator(_whole_path)]] = Field([])
    """Folders that `read_file` and `search_notes` may read, with all beneath them:
    `["~/notes"]`. None is allowed unless it stands here."""
    web_fetch: bool = False
    """Lets `web_fetch` read pages of the public web."""
    offer: Literal["auto", "on", "off"] = "auto"
    """Whether the model is told of the tools: on, off, or as its description says."""
    most_calls: int = Field(8, ge=1, le=100)
    """Most calls in one turn; then the model has to answer with what it has."""
    grammar: bool = True
    """Holds a call to the tool's schema while the model writes it; formats without a grammar
    are not held."""
    disabled: list[str] = Field([])
    """Tools that no model is offered and that do not run: `["clock"]`. `localai tools disable`
    and `localai tools enable` change it."""


def _server_name(name: str) -> str:
    if not _SERVER_NAME.fullmatch(name):
        raise ValueError(
            "a server's name is a letter and then letters, digits, dashes and underscores, "
            "at most 32 in all"
        )
    return name


def _program(command: Any) -> Any:
    words = command if isinstance(command, list) else []
    if not words or not words[0] or any(not isinstance(w, str) or "\0" in w for w in words):
        raise ValueError('write the program and its arguments as a list: ["program", "argument"]')
    return command


class McpSettings(BaseModel, extra="forbid"):
    """An MCP server, whose tools a model may call; NAME is what you call it."""

    command: Annotated[list[str], BeforeValidator(_program)]
    """The program that serves MCP over its standard input and output, and its arguments."""
    env: dict[str, str] = {}
    """Variables for its environment, beside PATH, HOME, the language and the time zone."""
    folder: Annotated[Path, AfterValidator(_whole_path)] | None = None
    """Folder in which it runs; unset takes the home folder."""
    enabled: bool = True
    """Whether its tools are offered."""
    timeout: float = Field(30, gt=0, le=3600)
    """Seconds that a call may take."""


class StyleSettings(BaseModel, extra="forbid"):
    """How the model NAME is right more often, as `localai styles find` found out."""

    direct: list[QuestionKind] = []
    """Kinds in which steps make its answers wrong more often: `["sums"]`. Redoing an answer step
    by step and `localai ask --style auto` leave them out there."""
    steps: list[QuestionKind] = []
    """Kinds in which steps make its answers right more often; `localai ask --style auto` asks
    for them."""


class AppSettings(BaseModel, extra="forbid"):
    """How the app looks, and what it does not offer."""

    theme: str = "localai-dark"
    """Colour theme; `localai-light` is the bright one, Textual's own are there, too."""
    not_taught: list[str] = Field([])
    """Models that are not offered what another one has learned; F9 adds the one in use."""
    seen_tune: str = ""
    """The last tune whose outcome you have read or put away, or the last night without one; the app
    tells of what comes later."""


class Settings(BaseSettings):
    """Everything a user can set."""

    model_config = SettingsConfigDict(
        env_prefix="LOCALAI_",
        env_nested_delimiter="__",
        extra="forbid",
    )

    model: str = ""
    """Model to use: a name from `localai models list` or a path; empty takes the starter model."""
    engine: EngineSettings = EngineSettings()
    sampling: SamplingSettings = SamplingSettings()
    chat: ChatSettings = ChatSettings()
    tune: TuneSettings = TuneSettings()
    night: NightSettings = NightSettings()
    tools: ToolSettings = ToolSettings()
    mcp: dict[Annotated[str, AfterValidator(_server_name)], McpSettings] = {}
    """MCP servers by name."""
    styles: dict[str, StyleSettings] = {}
    """What is known of each model's styles, by the model's name."""
    app: AppSettings = AppSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file; no .env, no secrets folder."""
        file = TomlConfigSettingsSource(settings_cls, paths.config_file())
        return init_settings, env_settings, file


def load() -> Settings:
    """The settings in force. Raises ConfigError naming the first wrong one."""
    try:
        return Settings()
    except ValidationError as error:
        # A name that is unknown explains one that is missing.
        first = min(error.errors(), key=lambda wrong: wrong["type"] != "extra_forbidden")
        raise ConfigError(sentence(first, paths.config_file())) from error
    except (ValueError, OSError) as error:
        raise ConfigError(
            f"The settings file {paths.config_file()} cannot be read ({error}); "
            "correct it or move it away."
        ) from error


def save(name: str | Sequence[str], value: Any) -> None:
    """Set one setting in the file, keeping everything else as the user wrote it. Its name is
    dotted, or given in parts where one of them may have a dot in it."""
    import tomlkit  # only writing needs it, and every command reads

    path, parts = paths.config_file(), name.split(".") if isinstance(name, str) else name
    try:
        document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
        table: Any = document
        *groups, key = parts
        for group in groups:
            table = table.setdefault(group, tomlkit.table())
        table[key] = value
        paths.private_dir(path.parent)
        paths.replace(path.resolve(), tomlkit.dumps(document))  # a link to it stays a link
    except OSError as error:
        raise ConfigError(
            f"The setting {'.'.join(parts)} cannot be saved in {path} ({error.strerror}); "
            "check who owns the file and its folder, and that the disk has space."
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"The setting {'.'.join(parts)} cannot be saved in {path} ({error}); check the file."
        ) from error
