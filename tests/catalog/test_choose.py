"""Which files of a repository are taken."""

from __future__ import annotations

import pytest

from localai.catalog.choose import Candidate, RemoteFile, choose, parse, quant_of
from localai.errors import DownloadError, UsageError


def pick(wish: str, *paths: str) -> tuple[str, ...]:
    files = [RemoteFile(path, 1, "0" * 64) for path in paths]
    return tuple(file.path for file in choose("a/b", files, wish).files)


def refusal(wish: str, *paths: str) -> str:
    with pytest.raises(DownloadError) as caught:
        pick(wish, *paths)
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "quant"),
    [
        ("x-Q4_K_M.gguf", "Q4_K_M"),
        ("x.q8_0.gguf", "Q8_0"),
        ("x-IQ3_XXS.gguf", "IQ3_XXS"),
        ("x-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
        ("x-fp16.gguf", "F16"),
        ("x-BF16-00001-of-00002.gguf", "BF16"),
        ("Q6_K/x.gguf", "Q6_K"),
        ("gpt-oss-20b-MXFP4.gguf", "MXFP4"),
        ("x-7B.gguf", ""),
        ("qq8_0x.gguf", ""),
    ],
)
def test_quantisation_in_a_name(path: str, quant: str) -> None:
    assert quant_of(path) == quant


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("a/b", ("a/b", "")),
        ("a/b:Q4_K_M", ("a/b", "Q4_K_M")),
        ("hf.co/a/b:q8_0", ("a/b", "q8_0")),
        ("https://huggingface.co/a/b", ("a/b", "")),
        ("a/b:sub/x.gguf", ("a/b", "sub/x.gguf")),
    ],
)
def test_targets(target: str, expected: tuple[str, str]) -> None:
    assert parse(target) == expected


@pytest.mark.parametrize("target", ["", "a", "a/b/c", "a/b:", "a b/c", "../b", "/etc/passwd"])
def test_targets_that_make_no_sense(target: str) -> None:
    with pytest.raises(UsageError, match="OWNER/REPO"):
        parse(target)


def test_preference_wish_and_file() -> None:
    names = ("x-Q8_0.gguf", "x-Q4_K_S.gguf", "x-Q5_K_M.gguf", "mmproj-Q4_K_M.gguf", "README.md")
    assert pick("", *names) == ("x-Q4_K_S.gguf",)
    assert pick("q8_0", *names) == ("x-Q8_0.gguf",)
    assert pick("mmproj-Q4_K_M.gguf", *names) == ("mmproj-Q4_K_M.gguf",)
    assert pick("", "odd.gguf") == ("odd.gguf",)


def test_parts_belong_together_and_must_be_complete() -> None:
    parts = ("q/x-Q4_0-00001-of-00002.gguf", "q/x-Q4_0-00002-of-00002.gguf")
    assert pick("", *reversed(parts)) == parts
    assert pick("x-Q4_0-00002-of-00002.gguf", *parts) == parts
    assert pick("", "y-Q8_0.gguf", parts[0]) == ("y-Q8_0.gguf",)
    assert "no complete GGUF" in refusal("", parts[0])


def test_nothing_or_too_much_lists_what_there_is() -> None:
    assert "ends in -GGUF" in refusal("", "model.safetensors")
    assert "no GGUF file" in refusal("", "README.md")
    assert "no Q2_K; choose one of Q8_0, F16 with" in refusal("Q2_K", "x-Q8_0.gguf", "x-F16.gguf")
    both = refusal("", "x-Q4_K_M.gguf", "y-Q4_K_M.gguf")
    assert "more than one that fits; choose one of x-Q4_K_M.gguf, y-Q4_K_M.gguf" in both
    many = refusal("Q2_K", *(f"{letter}-F16.gguf" for letter in "abcdefghijklmnop"))
    assert "and 4 more" in many


def test_paths_that_lead_out_are_not_seen() -> None:
    assert pick("", "../../x-Q4_K_M.gguf", "/y-Q4_K_M.gguf", "z-Q8_0.gguf") == ("z-Q8_0.gguf",)


def test_a_candidate_is_named_by_its_first_file() -> None:
    file = RemoteFile("x.gguf", 1, "")
    assert Candidate((file,), "").path == "x.gguf"
