"""Reading PDFs in a process of their own: pages come, or the file costs its time only."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import pypdf
import pytest

from localai.tools.builtin import pdf
from localai.tools.builtin.pdf import Pages
from tests.tools.pdfs import from_streams, written


def read(tmp_path: Path, data: bytes, first: int = 1, seconds: float = 20) -> Pages:
    """What comes of a file with this content."""
    file = tmp_path / "file.pdf"
    file.write_bytes(data)
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.read(descriptor, 5)  # somebody has read in it before
        return pdf.read(descriptor, first, seconds)
    finally:
        os.close(descriptor)


def test_pages_come_in_order_from_any_one_on(tmp_path: Path) -> None:
    data = written(["Hello there", "second page"])
    assert read(tmp_path, data) == Pages(((1, "Hello there"), (2, "second page")), True)
    assert read(tmp_path, data, 2) == Pages(((2, "second page"),), True)
    assert read(tmp_path, data, 3) == Pages((), True)


def test_what_is_no_pdf_or_locked_gives_nothing(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(written(["secret"])))
    writer.encrypt("password", algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    for data in (b"", b"%PDF-1.4\nnonsense", written(["cut"])[:-120], locked.getvalue()):
        assert read(tmp_path, data) == Pages((), False)


def test_a_page_without_an_end_costs_only_its_time(tmp_path: Path) -> None:
    endless = b"BT " + b"1 0 0 1 5 5 Tm (abc def) Tj " * 500_000 + b"ET"
    data = from_streams([b"BT /F1 12 Tf (fast) Tj ET", endless])
    began = time.monotonic()
    found = read(tmp_path, data, seconds=1)
    assert time.monotonic() - began < 10
    assert not found.ended
    assert found.pages in ((), ((1, "fast"),))  # a busy machine may not come even there


def test_very_much_text_is_cut_between_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "MOST_BYTES", 100)
    found = read(tmp_path, written(["word " * 9] * 2_000))
    assert not found.ended
    assert 0 < len(found.pages) < 2000
