"""What the user has decided about tools, for how long, and for which code."""

from __future__ import annotations

from localai.store.store import Store


def test_an_allowance_holds_for_its_code_and_place() -> None:
    with Store.memory() as store:
        here = store.create_conversation("Here", "").id
        there = store.create_conversation("There", "").id
        assert store.decision("act", "aa", here) is None
        store.decide("act", "aa", allowed=True, conversation=here)
        assert store.decision("act", "aa", here) is True
        assert store.decision("act", "aa", there) is None
        assert store.decision("act", "bb", here) is None
        assert store.decision("other", "aa", here) is None
        store.decide("act", "aa", allowed=True)
        assert store.decision("act", "aa", there) is True


def test_never_holds_for_any_code_and_everywhere() -> None:
    with Store.memory() as store:
        here = store.create_conversation("Here", "").id
        store.decide("act", "aa", allowed=True, conversation=here)
        store.decide("act", "aa", allowed=False)
        assert store.decision("act", "bb", here) is False
        assert [(each.tool, each.allowed) for each in store.decisions()] == [
            ("act", False),
            ("act", True),
        ]
        assert store.forget_decisions("act") == 2
        assert store.decision("act", "aa", here) is None


def test_decisions_go_with_their_conversation() -> None:
    with Store.memory() as store:
        here = store.create_conversation("Here", "").id
        store.decide("act", "aa", allowed=True, conversation=here)
        store.decide("act", "aa", allowed=True)
        store.delete(here)
        store.purge(here)
        assert [each.conversation for each in store.decisions()] == [""]
