"""What is asked in other words, and that nothing of the gate's is ever trained on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.lessons import phrasings
from localai.lessons.clauses import clause
from localai.lessons.keywords import searched
from localai.tune import replay

WORDS = st.one_of(
    st.sampled_from(("what", "who", "where", "which", "how", "is", "are", "does", "I", "do")),
    st.sampled_from(("write", "tell", "please", "thank", "hello", "question", "know", "Anna")),
    st.sampled_from(("the", "a", "my", "name", "of", "cat", "used", "for", "called", "born")),
)
SENTENCES = st.builds(
    lambda words, mark: " ".join(words) + mark,
    st.lists(WORDS, min_size=1, max_size=8),
    st.sampled_from(["?", ".", "!", "", " ", "??", ":"]),
)
TEXTS = st.one_of(SENTENCES, st.text(min_size=1)).filter(lambda text: bool(text.strip()))


@given(TEXTS)
def test_the_two_sets_share_nothing(text: str) -> None:
    training, held_out = phrasings.training(text), phrasings.held_out(text)
    assert training[0] == text.strip()
    assert len(set(training)) == len(training) >= 5
    assert len(set(held_out)) == len(held_out) >= 6
    assert not {each.casefold() for each in training} & {each.casefold() for each in held_out}
    assert all(each.strip() for each in (*training, *held_out))


@given(TEXTS)
def test_the_text_itself_is_never_lost(text: str) -> None:
    """Every way to put it has the words of the text in it, in one order or another, but for
    those of few words."""
    words = set(text.casefold().rstrip("?.! \t\n").split())
    short = searched(text.strip())
    framed = [each for each in phrasings.training(text) if each not in short]
    for each in (*framed, *phrasings.held_out(text)):
        assert all(word.rstrip("?.!") in each.casefold() for word in words)


@given(TEXTS)
def test_a_text_put_twice_is_put_alike(text: str) -> None:
    assert phrasings.training(text) == phrasings.training(f"  {text}\n")


@pytest.mark.parametrize(
    ("question", "turned"),
    [
        ("What is the name of my cat?", "what the name of my cat is"),
        ("Who was Albert Einstein?", "who Albert Einstein was"),
        ("Where is my bicycle?", "where my bicycle is"),
        ("Which colour is the door?", "which colour the door is"),
        ("What colour are the walls?", "what colour the walls are"),
        ("What is 7 plus 5?", "what 7 plus 5 is"),
        ("What is photosynthesis?", "what photosynthesis is"),
        ("Who wrote Hamlet?", "who wrote Hamlet"),
        ("Which river flows through London?", "which river flows through London"),
        ("Which river is the longest?", "which river is the longest"),
        ("Who is responsible for the garden?", "who is responsible for the garden"),
        ("What is copper used for?", ""),
        ("Where is the wine kept?", ""),
        ("Where are you from?", ""),
        ("What are you doing?", ""),
        ("What is the dog doing in the garden?", ""),
        ("What is wrong?", ""),
        ("What sound does a duck make?", ""),
        ("What should I pack for a day at the beach?", ""),
        ("Have you heard of Napoleon? Who was he?", ""),
        ("What is the answer", ""),
        ("?", ""),
    ],
)
def test_clauses(question: str, turned: str) -> None:
    assert clause(question) == turned


def test_a_question_is_also_asked_indirectly() -> None:
    question = "What is the name of my cat?"
    assert "Tell me what the name of my cat is." in phrasings.training(question)
    assert "what is the name of my cat" in phrasings.training(question)
    assert "I want to know what the name of my cat is." in phrasings.held_out(question)


@pytest.mark.parametrize(
    ("text", "expected", "absent"),
    [
        ("Write a poem", "Write a poem. Thank you!", "Please tell me: Write a poem"),
        ("Please write a poem.", "Here is a task for you: Please write a poem.", "Question:"),
        ("how old am I", "how old am I? Thank you!", "Here is a task for you"),
        ("My name is Ada.", "By the way: My name is Ada.", "Thank you!"),
        ("Wie heiße ich", "By the way: Wie heiße ich", "Question:"),
        ("Shorten this:\n1 2\nthree", "Shorten this:\n1 2\nthree\n\nThank you!", "three."),
    ],
)
def test_texts_of_each_kind_read_well(text: str, expected: str, absent: str) -> None:
    found = phrasings.training(text)
    assert expected in found
    assert not any(absent in each for each in found)


def test_the_first_held_out_ways_are_of_both_kinds() -> None:
    """The gate asks with the first few only."""
    plain, turned = phrasings.held_out("Who wrote Hamlet?")[:2]
    assert plain == "Quick question: Who wrote Hamlet?"
    assert turned == "I want to know who wrote Hamlet."


def test_no_replayed_prompt_breaks_a_frame() -> None:
    for prompt in replay.prompts():
        for each in (*phrasings.training(prompt), *phrasings.held_out(prompt)):
            assert "{" not in each
            assert ".." not in each
