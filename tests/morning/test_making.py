"""From the rows of a run to everything that its report tells."""

from __future__ import annotations

import math

import msgspec
import pytest

from localai import paths
from localai.conversation import assistant, user
from localai.evals import stats
from localai.morning.history import history, trends
from localai.morning.making import morning
from localai.morning.shifts import shift
from localai.morning.verdict import Pool, verdict
from localai.store.runs import EndState
from localai.store.store import Store
from localai.tune import gate
from localai.tune.gate.verdict import judge
from localai.tune_process import PLAN
from tests.morning.nights import BAD, BASE, GOOD, NATS, begin, promoted, rejected
from tests.tui.lessons import FACTS
from tests.tune.gate.tables import WON, heard


def test_everything_of_a_good_night(store: Store) -> None:
    told = morning(store, promoted(store))
    assert (told.state, told.adapter, told.answers) == ("promoted", "tuned-1", "tuned-1")
    assert [(each.question, each.said, each.wanted, each.new) for each in told.learned] == [
        (*fact, True) for fact in FACTS
    ]
    assert [each.question for each in told.lost] == ["What is 2 + 2?"]
    assert [each.question for each in told.changed] == [
        "Which city leads Zubrowka?",
        "What is 2 + 2?",
        "Name a colour.",
    ]
    assert [(each.name, each.seconds) for each in told.stages] == [
        ("starting the model", 2.0),
        ("training", 754.0),
    ]
    assert (len(told.losses), told.losses[0].value, told.losses[-1].step) == (20, 3.0, 20)
    assert [each.value for each in told.held_out] == [0.9, 1.1]
    assert [each.pass_1 for each in told.rounds] == [0.25, 0.5]


def test_intervals_are_those_of_the_evaluations(store: Store) -> None:
    found = shift(Pool("corrections", 25, 0.12, 0.88, won=20, lost=1))
    assert (found.before.low, found.before.high) == stats.wilson(3, 25)
    assert (found.after.low, found.after.high) == stats.wilson(22, 25)
    assert (found.by.n, found.by.won, found.by.lost) == (25, 20, 1)
    assert found.by.value == pytest.approx(0.76)
    assert found.by.low < 0.76 < found.by.high
    assert found.by.p == stats.mid_p(20, 1)


def test_what_is_no_share_is_not_told_as_one(store: Store) -> None:
    verdict = GOOD | {"pools": [*GOOD["pools"], NATS]}
    told = morning(store, promoted(store, verdict))
    promoted(store, verdict)
    assert [each.pool for each in told.shifts] == ["corrections", "general"]
    assert [score.pool for score in history(store)[0].scores] == ["corrections", "general"]
    assert [name for name, _ in trends(store.runs())] == ["corrections", "general"]


def test_what_the_adapter_before_had_learned_is_not_new(store: Store) -> None:
    promoted(store)
    conversation = store.create_conversation("")
    row = store.add_message(conversation.id, "", user("Who?"))
    said = store.add_message(conversation.id, row.id, assistant("Ann."))
    store.add_correction(said.id, "Bea.")
    told = morning(store, promoted(store))
    assert [(each.wanted, each.new) for each in told.learned][:2] == [
        ("Bea.", True),
        (FACTS[0][2], False),
    ]


def test_sets_are_counted_and_what_is_gone_is_said(store: Store) -> None:
    ids = [
        store.write_example((user(f"Ahoy {n}"), assistant("Arr!")), name="pirate") for n in range(3)
    ]
    run = store.begin_run("toy", BASE, {"corrections": [*ids, "GONE"], "duplicates": ["A", "B"]})
    told = morning(store, run)
    assert (told.learned, told.sets, told.gone, told.duplicates) == ((), {"pirate": 3}, 1, 2)


def test_after_the_way_back_another_one_answers(store: Store) -> None:
    promoted(store)
    run = promoted(store)
    store.roll_back(BASE)
    told = morning(store, run)
    assert (told.adapter, told.answered, told.answers) == ("tuned-2", "tuned-2", "tuned-1")


def test_while_it_runs_what_answers_now_is_meant(store: Store) -> None:
    run = begin(store)
    promoted(store)
    told = morning(store, run)
    assert (told.answered, told.answers) == ("tuned-1", "tuned-1")


def test_a_refusal_says_why(store: Store) -> None:
    told = morning(store, rejected(store))
    assert told.reason == BAD["reason"]
    assert [each.passed for each in told.shifts] == [True, False]
    assert told.next_step == "Correct more answers, then tune again."


def test_what_was_tried_before_is_told_after_what_was_tried_last(store: Store) -> None:
    run = promoted(store, GOOD | {"together": {"reason": BAD["reason"], "pools": []}})
    assert morning(store, run).reason == (
        f"{GOOD['reason']} With its own right answers to problems, which was tried first, it was "
        f"refused: {BAD['reason']}"
    )


def test_a_round_that_went_wrong_is_told(store: Store) -> None:
    trouble = GOOD | {"trouble": "It came to no number"}
    run = promoted(store, trouble)
    told = morning(store, run).reason
    assert told.endswith("were left out, since a round went wrong: It came to no number.")
    told = morning(store, promoted(store, trouble | {"round": 2})).reason
    assert told.endswith("with number 2, since the next one went wrong: It came to no number.")


def test_the_losses_are_those_of_what_was_judged(store: Store) -> None:
    told = morning(store, promoted(store, GOOD | {"steps": [8, 18]}))
    assert [each.step for each in told.losses] == list(range(1, 11))
    assert told.losses[0].value == 3.0 / 9
    assert [(each.step, each.value) for each in told.held_out] == [(2, 0.9)]


@pytest.mark.parametrize("state", ["failed", "stopped", "interrupted"])
def test_without_a_verdict_it_says_what_is_known_and_what_comes_next(
    store: Store, state: EndState
) -> None:
    run = begin(store, data="pirate")
    store.add_metric(run.id, 1, {"loss": math.nan})
    store.add_metric(run.id, 2, {"loss": 1.5})
    ended = store.end_run(run.id, state, error="The disk is full.")
    told = morning(store, ended)
    assert (told.shifts, told.changed) == ((), ())
    assert [each.step for each in told.losses] == [2]
    assert told.error == "The disk is full."
    assert "`localai tune --data pirate` begins anew" in told.next_step
    work = paths.tune_work() / run.id
    work.mkdir(parents=True)
    (work / PLAN).write_bytes(b"plan")
    assert "`localai tune --data pirate --resume` goes on" in morning(store, ended).next_step
    rounds = store.end_run(begin(store, rl=True).id, "interrupted")
    assert "`localai tune --rl` begins anew" in morning(store, rounds).next_step


def test_a_verdict_that_cannot_be_read_is_none() -> None:
    assert verdict({}) is verdict(None) is verdict({"promoted": "perhaps"}) is None
    assert verdict(GOOD | {"later": "field"}) is not None
    read = verdict({"promoted": False, "parity": {"kl": None, "same": None, "n": 0}})
    assert read is not None
    assert read.parity is not None
    assert read.parity.kl is None


def test_what_the_gate_writes_is_read() -> None:
    judged = judge([heard("corrections", [WON] * 6)], gate.Aim(), "whole")
    read = verdict(msgspec.to_builtins(judged))
    assert read is not None
    assert (read.promoted, read.pools[0].won, read.pools[0].passed) == (True, 6, True)
    assert (read.targets, read.stage) == (("corrections",), "whole")
    assert [each.won for each in read.answers] == [True] * 6
