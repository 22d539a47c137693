"""Which files of a repository make up the model that was asked for. Pure.

A repository of GGUF files usually holds one model in many quantisations, some of them in
parts, beside files that are no models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from localai.catalog.description import REPO, is_safe
from localai.catalog.parts import model_stem, parts
from localai.errors import DownloadError, UsageError

PREFERRED = (
    "Q4_K_M",
    "Q4_K_S",
    "Q4_K_L",
    "Q4_0",
    "Q4_1",
    "Q5_K_M",
    "Q5_K_S",
    "Q5_0",
    "Q5_1",
    "Q6_K",
    "Q8_0",
    "IQ4_NL",
    "IQ4_XS",
    "Q3_K_M",
)
"""What is taken when no quantisation is named, best first: small enough, close enough."""

_QUANT = re.compile(
    r"(?:^|[-._/])(?P<quant>(?:UD-)?(?:I?Q\d_[0-9A-Z_]+|TQ\d_0|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32))"
    r"(?=$|[-./])",
    re.IGNORECASE,
)
_REPO = re.compile(
    r"(?:(?:https?://)?(?:huggingface\.co|hf\.co)/)?"
    rf"(?P<repo>{REPO.pattern})/?(?::(?P<wish>\S+))?"
)
_NO_MODEL = re.compile(r"mmproj|imatrix|ggml-vocab", re.IGNORECASE)
_MOST_NAMED = 12


class RemoteFile(msgspec.Struct, frozen=True):
    """A file of a repository: its path there, bytes and sha256 (hex, "" if not told)."""

    path: str
    size: int
    sha256: str


class Candidate(msgspec.Struct, frozen=True):
    """One model in one quantisation ("" unknown): its files, the first part first."""

    files: tuple[RemoteFile, ...]
    quant: str

    @property
    def path(self) -> str:
        """The path of the first file."""
        return self.files[0].path


def parse(target: str) -> tuple[str, str]:
    """ "owner/repo:quant" -> ("owner/repo", "quant"). Raises UsageError."""
    match = _REPO.fullmatch(target)
    if match is None:
        raise UsageError(
            f"{target!r} is not a model on the hub; write OWNER/REPO or OWNER/REPO:QUANT, "
            "for example unsloth/Qwen3-0.6B-GGUF:Q4_K_M."
        )
    return match["repo"], match["wish"] or ""


def choose(repo: str, files: Iterable[RemoteFile], wish: str = "") -> Candidate:
    """The model that `wish` (a quantisation, a file, or nothing) means.

    Raises DownloadError, saying what there is, when none or several fit.
    """
    listed = tuple(files)
    found = _candidates(listed)
    models = [each for each in found if not _NO_MODEL.search(each.path)]
    if not models:
        raise DownloadError(_nothing(repo, listed))
    if wish:
        fits = [each for each in models if each.quant == wish.upper()]
        fits = fits or [each for each in found if _is_named(each, wish)]
    else:
        fits = models if len(models) == 1 else _best(models)
    if len(fits) == 1:
        return fits[0]
    problem = "more than one that fits" if fits else f"no {wish or 'usual quantisation'}"
    raise DownloadError(
        f"{repo} has {problem}; choose one of {_names(fits or models)} "
        f"with `localai models pull {repo}:NAME`."
    )


def quant_of(path: str) -> str:
    """The quantisation that a file's path names, "" if none: "a/x-q4_k_m.gguf" -> "Q4_K_M"."""
    pure = PurePosixPath(path)
    found = [
        match["quant"].upper()
        for match in _QUANT.finditer(str(pure.with_name(model_stem(pure.name))))
    ]
    return {"FP16": "F16", "FP32": "F32"}.get(found[-1], found[-1]) if found else ""


def _candidates(files: Sequence[RemoteFile]) -> list[Candidate]:
    """Complete models, single files and sets of parts alike, in the repository's order."""
    by_path = {
        file.path: file
        for file in files
        if file.path.lower().endswith(".gguf") and is_safe(file.path)
    }
    found: dict[str, Candidate] = {}
    for path in by_path:
        pure = Path(path)
        names = [each.as_posix() for each in parts(pure)]
        if names[0] not in found and all(name in by_path for name in names):
            members = tuple(by_path[name] for name in names)
            found[names[0]] = Candidate(members, quant_of(path))
    return list(found.values())


def _is_named(candidate: Candidate, name: str) -> bool:
    """Whether `name` is the path or the name of one of its files."""
    return any(name in (file.path, PurePosixPath(file.path).name) for file in candidate.files)


def _best(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those of the most preferred quantisation that is there."""
    for quant in PREFERRED:
        if fits := [each for each in candidates if each.quant == quant]:
            return fits
    return []


def _names(candidates: Sequence[Candidate]) -> str:
    """Quantisations where they are unique, else paths."""
    quants = [each.quant for each in candidates]
    unique = all(quants) and len(set(quants)) == len(quants)
    names = quants if unique else [each.path for each in candidates]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _nothing(repo: str, files: Sequence[RemoteFile]) -> str:
    if any(file.path.lower().endswith(".gguf") for file in files):
        return f"{repo} has no complete GGUF file of a text model; choose another repository."
    if any(file.path.endswith((".safetensors", ".bin")) for file in files):
        return (
            f"{repo} holds a model, but not as a GGUF file; look for a repository of the same "
            "name that ends in -GGUF."
        )
    return f"{repo} holds no GGUF file; look for a repository whose name ends in -GGUF."
