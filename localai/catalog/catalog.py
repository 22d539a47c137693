"""The models localai knows: the bundled descriptions, the user's own, and plain files.

Looks names up and keeps the user's descriptions; it judges no model file and goes to no
network (`check` and `pull` do).
"""

from __future__ import annotations

import difflib
import itertools
from pathlib import Path

from localai import paths
from localai.catalog import description as descriptions
from localai.catalog.description import Description, FileSource, HubSource, as_name
from localai.catalog.entry import ModelEntry, from_description, from_path, hub_files, required_path
from localai.catalog.fit import fit
from localai.catalog.parts import model_stem, parts
from localai.catalog.scan import PREFIXES, scan
from localai.catalog.soundness import read_whole
from localai.errors import ModelError, UsageError

DEFAULT = "smollm2-135m-instruct"


class Catalog:
    """The models of one data folder. `models_dir` None takes `paths.models()`."""

    def __init__(self, models_dir: Path | None = None) -> None:
        self.models_dir = models_dir if models_dir is not None else paths.models()

    @property
    def default(self) -> ModelEntry:
        """The starter model."""
        return self.find(DEFAULT)

    def list(self) -> tuple[ModelEntry, ...]:
        """Every described model, the bundled ones first; unreadable descriptions are left out."""
        return tuple(self._load()[0].values())

    def problems(self) -> tuple[str, ...]:
        """One sentence for each description that cannot be used."""
        return tuple(self._load()[1].values())

    def scan(self) -> tuple[ModelEntry, ...]:
        """Models that other programs on this machine hold and no description names."""
        known = {entry.path.resolve() for entry in self.list() if entry.path is not None}
        return tuple(entry for entry in scan() if entry.path and entry.path.resolve() not in known)

    def find(self, name_or_path: str) -> ModelEntry:
        """The model of that name or file, here or not. Raises ModelError if there is none."""
        if not name_or_path:
            return self.default
        entries, problems = self._load()
        if name_or_path in entries:
            return entries[name_or_path]
        if name_or_path in problems:
            raise ModelError(problems[name_or_path])
        if name_or_path.startswith(PREFIXES):
            for entry in scan():
                if entry.name == name_or_path:
                    return entry
        if _looks_like_path(name_or_path):
            return self._by_path(Path(name_or_path).expanduser(), entries)
        raise ModelError(_unknown(name_or_path, entries))

    def resolve(self, name_or_path: str) -> ModelEntry:
        """As `find`, but its `path` is never None: raises ModelError saying how to get it."""
        entry = self.find(name_or_path)
        required_path(entry)
        return entry

    def add(self, path: Path, name: str = "") -> ModelEntry:
        """Describe a GGUF file where it lies. Raises ModelError for a file that is none,
        UsageError for a name that is taken or bad."""
        path = path.expanduser().absolute()
        header = read_whole(path)
        wish = name or as_name(model_stem(path.name))
        self.require_free(wish)
        return self.save(
            Description(
                name=wish,
                source=FileSource(str(path)),
                file=path.name,
                bytes=sum(part.stat().st_size for part in parts(path)),
                licence=header.licence,
                memory_bytes=fit(header).total,
                sampling=header.sampling,
            )
        )

    def name_for(self, found: Description) -> str:
        """A name for what was fetched: its old one if it is known, else a free one."""
        entries, problems = self._load()
        for entry in entries.values():
            old = entry.description.source
            if (
                isinstance(old, HubSource)
                and isinstance(found.source, HubSource)
                and (old.repo, old.files) == (found.source.repo, found.source.files)
            ):
                return entry.name
        taken = {*entries, *problems}
        numbered = (f"{found.name}-{number}" for number in itertools.count(2))
        return next(name for name in itertools.chain([found.name], numbered) if name not in taken)

    def require_free(self, name: str) -> None:
        """Raise UsageError when a new model cannot be called `name`."""
        if not descriptions.NAME.fullmatch(name):
            raise UsageError(
                f"A model cannot be called {name!r}; use lower case letters, digits, "
                "dots, dashes and underscores."
            )
        entries, problems = self._load()
        if name in entries or name in problems:
            raise UsageError(
                f"There is a model called {name} already; choose another name with --name."
            )

    def save(self, description: Description) -> ModelEntry:
        """Write a description into the user's folder, over one of the same name."""
        paths.private_dir(self.models_dir)
        descriptions.write(self._file(description.name), description)
        return from_description(description, self.models_dir)

    def removal(self, name: str) -> tuple[Path, ...]:
        """What `remove` would delete: the description, and the files if localai fetched them.

        Files that another description needs, too, stay. Raises UsageError for a model that
        was neither added nor pulled.
        """
        entry = self.find(name)
        if not entry.described or not self._file(entry.name).is_file():
            raise UsageError(
                f"{entry.name} was neither added nor pulled, so there is nothing to remove; "
                "`localai models list` shows where each model comes from."
            )
        needed = {
            path
            for other in self.list()
            if other.name != entry.name and isinstance(other.description.source, HubSource)
            for path in hub_files(other.description.source, self.models_dir)
        }
        source = entry.description.source
        own = hub_files(source, self.models_dir) if isinstance(source, HubSource) else ()
        files = (path for path in own if path.is_file() and path not in needed)
        return (self._file(entry.name), *files)

    def remove(self, name: str) -> None:
        """Forget a model of the user's; deletes what `removal` says, and nothing else."""
        for path in self.removal(name):
            try:
                path.unlink()
            except OSError as error:
                raise ModelError(
                    f"{path} cannot be deleted ({error.strerror}); check its permissions."
                ) from error

    def _file(self, name: str) -> Path:
        return self.models_dir / f"{name}.toml"

    def _load(self) -> tuple[dict[str, ModelEntry], dict[str, str]]:
        """Entries by name, and problems by the name of the file; the user's own win."""
        entries: dict[str, ModelEntry] = {}
        problems: dict[str, str] = {}
        for folder in (_bundled(), self.models_dir):
            for file in sorted(folder.glob("*.toml")):
                try:
                    found = descriptions.read(file)
                except ModelError as error:
                    problems[file.stem] = str(error)
                else:
                    entries[found.name] = from_description(found, self.models_dir)
        return entries, problems

    def _by_path(self, path: Path, entries: dict[str, ModelEntry]) -> ModelEntry:
        """A file given by its path; its description, if there is one."""
        try:
            for entry in entries.values():
                if entry.path is not None and entry.path.samefile(path):
                    return entry
            return from_path(path)
        except OSError as error:
            raise ModelError(
                f"There is no readable file {path} ({error.strerror}); check the path, or see "
                "`localai models list`."
            ) from error


def _bundled() -> Path:
    """The descriptions that come with localai: in the package, or beside it in a checkout."""
    packaged = Path(__file__).parent / "bundled"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "models"


def _looks_like_path(text: str) -> bool:
    return "/" in text or "\\" in text or text.endswith(".gguf") or Path(text).exists()


def _unknown(name: str, entries: dict[str, ModelEntry]) -> str:
    close = difflib.get_close_matches(name, entries, n=1)
    hint = f"did you mean {close[0]}?" if close else "`localai models list` shows all."
    return f"There is no model called {name}; {hint}"
