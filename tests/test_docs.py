"""The documentation says what the program does."""

from pathlib import Path

from scripts import settings_docs

ROOT = Path(__file__).resolve().parent.parent


def test_the_settings_page_is_made_from_the_settings() -> None:
    assert settings_docs.PAGE.read_text("utf-8") == settings_docs.page(), (
        "run scripts/settings_docs.py"
    )


def test_every_file_that_the_documents_point_to_is_there() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for piece in page.read_text("utf-8").split("](")[1:]:
            target = piece.split(")")[0].split("#")[0]
            if target and "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} points to {target}"
