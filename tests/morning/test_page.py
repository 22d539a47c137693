"""A report as a page: whole, closed, without anything from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from localai.morning import wording
from localai.morning.history import history
from localai.morning.making import morning
from localai.morning.page import page
from localai.store.store import Store
from tests.morning.nights import BAD, GOOD, HOSTILE, WORN, asked, begin, promoted, rejected

EMPTY = {"meta", "br", "hr", "img", "input", "link"}


class Closed(HTMLParser):
    """Knows the tags that are open, and what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [name for name, _ in attrs if name in ("href", "src") or name[:2] == "on"]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def parsed(text: str) -> Closed:
    found = Closed()
    found.feed(text)
    found.close()
    assert found.open == []
    assert not found.tags & {"script", "link", "img", "iframe"}
    assert found.links == []
    return found


def pictures(text: str) -> dict[str, ElementTree.Element]:
    found = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    return {each.attrib["aria-label"]: each for each in map(ElementTree.fromstring, found)}


def test_a_good_night(store: Store) -> None:
    promoted(store)
    run = promoted(store)
    text = page(morning(store, run), history(store))
    found = parsed(text)
    for words in (
        "tuned-2 answers now.",
        "What got worse",
        "It should say:",
        "13 min",
        "wrong 300, repeats itself 4",
        "per s",
        "8.0",
        "1,200",
        "50 % (n 100)",
        "on average over the problems",
    ):
        assert words in found.said
    drawn = pictures(text)
    assert set(drawn) == {
        "shares of right answers before and after",
        "loss of each step",
        "shares of right answers by round",
        "corrections",
        "general",
    }
    loss = drawn["loss of each step"].findall(".//polyline")
    assert [len(line.attrib["points"].split()) for line in loss] == [20, 2]
    assert len(drawn["corrections"].findall(".//circle")) == 2
    for picture in drawn.values():
        _, _, wide, tall = map(float, picture.attrib["viewBox"].split())
        for spot in picture.iter("circle"):
            assert 0 <= float(spot.attrib["cx"]) <= wide
            assert 0 <= float(spot.attrib["cy"]) <= tall


def test_what_all_tunes_together_came_to(store: Store) -> None:
    found = parsed(page(morning(store, rejected(store, BAD | WORN)), history(store)))
    assert wording.SINCE in found.said
    assert wording.ALL_TUNES in found.said
    assert "known20060 %42 %" in found.said
    assert wording.SINCE not in parsed(page(morning(store, promoted(store)), ())).said


def test_all_runs_without_one(store: Store) -> None:
    promoted(store)
    rejected(store)
    found = parsed(page(None, history(store)))
    assert "All tunes" in found.said
    assert "not promoted" in found.said
    assert parsed(page(None, ())).said


@pytest.mark.parametrize("state", ["failed", "stopped"])
def test_without_a_verdict(store: Store, state: str) -> None:
    run = store.end_run(begin(store).id, state, error="The disk is full.")  # type: ignore[arg-type]
    assert "The disk is full." in parsed(page(morning(store, run), history(store))).said


def test_a_strangers_text_stays_text(store: Store) -> None:
    verdict = GOOD | {
        "reason": HOSTILE,
        "answers": [asked(HOSTILE, HOSTILE, HOSTILE, "</pre><svg onload=x>", True, False)],
    }
    pools = [{**pool, "name": HOSTILE} for pool in GOOD["pools"][:1]]
    run = promoted(store, verdict | {"pools": pools}, model=HOSTILE)
    promoted(store, verdict | {"pools": pools}, model=HOSTILE)
    text = page(morning(store, run), history(store))
    found = parsed(text)
    assert "<script>alert(1)</script>" in found.said
    assert "</pre><svg onload=x>" in found.said
    assert "\x1b" not in text
    assert "\u202e" not in text
