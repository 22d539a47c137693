"""Where words are in a text, and the stretch that is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from localai.store.excerpt import LENGTH, Finder, composed, pieces
from localai.store.query import Phrase, parse


def shown(typed: str, text: str) -> tuple[tuple[str, bool], ...]:
    """What a search for `typed` shows of a text."""
    text = composed(text)
    return pieces(text, Finder(parse(typed).wanted).spans(text))


def test_whole_words_are_marked_whatever_their_accents() -> None:
    assert shown("cafe ", "A CAFÉ, no cafés") == (
        ("A ", False),
        ("CAFÉ", True),
        (", no cafés", False),
    )
    assert shown("zürich ", "in Zu\u0308rich") == (("in ", False), ("Zürich", True))
    assert [text for text, hit in shown("caf", "A café, decaf") if hit] == ["café"]


def test_a_phrase_is_one_mark() -> None:
    assert shown('"night train"', "The night, train; a Night train") == (
        ("The ", False),
        ("night, train", True),
        ("; a ", False),
        ("Night train", True),
    )


def test_the_stretch_has_as_many_of_the_words_as_it_can() -> None:
    text = "zebra " + "x " * 300 + "zebra and horse " + "y " * 300
    cut = shown("zebra horse", text)
    assert [piece for piece, hit in cut if hit] == ["zebra", "horse"]
    assert cut[0][0].startswith("…x")
    assert cut[-1][0].endswith("y…")


def test_words_that_cannot_be_told_apart_leave_the_beginning() -> None:
    assert shown("zebra", "horse " * 90) == (("horse " * 25 + "horse" + "…", False),)


def test_more_of_a_word_in_less_text_is_better() -> None:
    finder = Finder((Phrase("zebra"),))

    def score(text: str) -> float:
        return finder.score(finder.spans(text), len(text), 50)

    assert score("zebra zebra") > score("a zebra") > score("a zebra " + "x" * 90) > score("horse")


@given(st.text(), st.text(max_size=9), st.lists(st.text(max_size=5)))
def test_the_pieces_are_a_stretch_of_the_text(text: str, word: str, others: list[str]) -> None:
    text = composed(f"{text} {word} {text}")
    finder = Finder([Phrase(typed) for typed in [word, *others]])
    cut = "".join(piece for piece, _ in pieces(text, finder.spans(text)))
    assert cut.removeprefix("…").removesuffix("…") in text or cut in text
    assert len(cut) <= LENGTH + 2 or len(word) > LENGTH
