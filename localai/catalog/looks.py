"""What a file that is no GGUF probably is, in words for the person who chose it."""

from __future__ import annotations

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "a git-lfs pointer; run `git lfs pull` where it was cloned"),
    (b"PK\x03\x04", "a zip archive or a PyTorch checkpoint; get the model's GGUF file"),
    (b"\x80\x02", "a PyTorch checkpoint; get the model's GGUF file"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"lmgg", "the old GGML format; get the model's GGUF file"),
    (b"fmgg", "the old GGMF format; get the model's GGUF file"),
    (b"tjgg", "the old GGJT format; get the model's GGUF file"),
    (b"algg", "an old GGML adapter; get a model in GGUF format"),
)
_SAFETENSORS_LONGEST = 100_000_000


def looks_like(start: bytes) -> str:
    """A description with the next step, from the first bytes (some hundred) of a file."""
    for prefix, words in _STARTS:
        if start.startswith(prefix):
            return words
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < _SAFETENSORS_LONGEST:
        return "a safetensors file; get the model's GGUF file"
    text = start.lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "a web page; the download link needs a login or leads to the wrong place"
    if text.startswith((b"{", b"[")):
        return "a JSON file; get the model's GGUF file"
    if not start.strip(b"\0"):
        return "nothing but zero bytes; the download did not finish, so fetch it again"
    if start.isascii() and b"\0" not in start:
        return "a text file; get the model's GGUF file"
    return "some other format; get the model's GGUF file"
