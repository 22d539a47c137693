"""What runs at once, what asks, and how long a decision holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localai.chat.consent import Decision, Question
from localai.engine.scripted import Script
from localai.store.store import Store
from localai.tools.place import File
from localai.tools.tool import Effect, Tool
from tests.chat.toolbox import SCHEMA, Box, call, results, session, tool


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.memory() as memory:
        yield memory


class Asked:
    """A user who gives the decisions one after the other."""

    def __init__(self, *decisions: Decision) -> None:
        self._decisions, self.questions = list(decisions), list[Question]()

    def __call__(self, question: Question) -> Decision:
        self.questions.append(question)
        return self._decisions.pop(0)


@pytest.mark.parametrize(
    ("effects", "built_in", "asks"),
    [
        ((), True, False),
        (("reads",), True, False),
        (("network",), True, True),
        (("writes",), True, True),
        ((), False, True),
    ],
)
def test_only_our_own_tools_that_read_run_unasked(
    store: Store, effects: tuple[Effect, ...], built_in: bool, asks: bool
) -> None:
    user = Asked("once", "no")
    box = Box(tool("act", *effects, built_in=built_in))
    chat = session(store, [call("act", "hi"), "Done."], box, approve=user)
    list(chat.send("Go."))
    assert len(user.questions) == asks
    assert box.calls == [("act", {"text": "hi"})]


def test_nobody_to_ask_means_no(store: Store) -> None:
    box = Box(tool("act", "writes"))
    chat = session(store, [call("act", "hi"), "Done."], box)
    (result,) = results(list(chat.send("Go.")))
    assert (result.ok, box.calls) == (False, [])
    assert "did not allow" in result.text


@pytest.mark.parametrize(
    ("decision", "again", "elsewhere"),
    [("once", 1, 1), ("chat", 0, 1), ("always", 0, 0), ("no", 1, 1), ("never", 0, 0)],
)
def test_a_decision_holds_as_long_as_it_says(
    store: Store, decision: Decision, again: int, elsewhere: int
) -> None:
    user = Asked(decision, "no", "no")
    box = Box(tool("act", built_in=False))
    replies: list[str | Script] = [call("act", "a"), "x", call("act", "b"), "y"]
    chat = session(store, replies, box, approve=user)
    list(chat.send("Go."))
    list(chat.send("Again."))
    assert len(user.questions) == 1 + again
    other = session(store, [call("act", "c"), "z"], box, approve=user)
    list(other.send("Go."))
    assert len(user.questions) == 1 + again + elsewhere
    allowed = {"once": 1, "chat": 2, "always": 3, "no": 0, "never": 0}[decision]
    assert len(box.calls) == allowed


def test_changed_code_is_asked_about_again(store: Store) -> None:
    user = Asked("always", "always")
    for sha256 in ("00", "00", "11"):
        changed = Tool("act", "Acts.", SCHEMA, frozenset(),
                       File("/tools/act.py", sha256))  # fmt: skip
        list(session(store, [call("act", "a"), "x"], Box(changed), approve=user).send("Go."))
    assert len(user.questions) == 2


def test_what_acts_asks_again_once_somebody_elses_text_was_read(store: Store) -> None:
    user = Asked("always", "no", "no")
    box = Box(tool("act", "network"), tool("read", "reads"))
    replies: list[str | Script] = [
        call("act", "a"),  # asks, and is allowed for good; what it brings is not ours
        call("act", "b"),  # asks all the same
        "x",
        call("act", "c"),  # and in the next turn, whose prompt still has that text
        "y",
    ]
    chat = session(store, replies, box, approve=user)
    list(chat.send("Go."))
    list(chat.send("Again."))
    assert [question.tainted for question in user.questions] == [False, True, True]
    assert user.questions[1].choices == ("once", "no", "never")
    assert box.calls == [("act", {"text": "a"})]


def test_arguments_too_long_to_be_shown_are_refused(store: Store) -> None:
    user = Asked("once")
    box = Box(tool("act", "writes"))
    chat = session(store, [call("act", "x" * 20_000), "Done."], box, approve=user)
    (result,) = results(list(chat.send("Go.")))
    assert "too long" in result.text
    assert user.questions == []


def test_code_that_changes_while_the_user_is_asked_does_not_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(("aa", "bb"))
    monkeypatch.setattr("localai.chat.consent.code_hash", lambda tool: next(codes))
    box = Box(tool("act", "writes"))
    (result,) = results(
        list(session(store, [call("act", "a"), "x"], box, approve=Asked("once")).send("Go."))
    )
    assert "changed while the user was asked" in result.text
    assert box.calls == []


def test_without_standing_permissions_only_refusals_hold(store: Store) -> None:
    box = Box(tool("act", built_in=False), tool("bad", built_in=False))
    replies: list[str | Script] = [call("act", "a"), call("bad", "b"), "x"]
    list(session(store, list(replies), box, approve=Asked("always", "never")).send("Go."))
    assert len(box.calls) == 1
    user = Asked("no")
    list(session(store, list(replies), box, approve=user, standing=False).send("Go."))
    assert [question.tool.name for question in user.questions] == ["act"]
    assert len(box.calls) == 1


def test_text_that_has_left_the_window_still_taints(store: Store) -> None:
    user = Asked("always", "no")
    box = Box(tool("act", "network"), tool("read", "reads"))
    long = "word " * 1500
    replies: list[str | Script] = [call("act", "a"), "x", call("read", "b"), long, long, long]
    replies += [call("act", "c"), "y"]
    chat = session(store, replies, box, approve=user)
    for text in ("Act.", "Read.", "And?", "And?", "And again."):
        list(chat.send(text))
    last = chat.messages()[-1].origin
    assert last
    assert last.dropped > 4  # the turn that read is gone from the prompt
    assert [question.tainted for question in user.questions] == [False, True]
