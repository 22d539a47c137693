from __future__ import annotations

import os
import signal
import threading

import pytest

from localai.cli.interrupts import Interrupted, interruptible

PATIENCE = 30


def test_before_the_answer_a_signal_leaves_at_once() -> None:
    cancelled = threading.Event()
    with pytest.raises(Interrupted) as caught, interruptible(cancelled.set):
        os.kill(os.getpid(), signal.SIGTERM)
    assert caught.value.exit_code == 128 + signal.SIGTERM
    assert not cancelled.is_set()


def test_the_first_signal_stops_the_answer_and_the_second_leaves() -> None:
    cancelled = threading.Event()
    with interruptible(cancelled.set) as interrupts:
        interrupts.answering = True
        os.kill(os.getpid(), signal.SIGINT)
        assert cancelled.wait(PATIENCE)
        assert interrupts.exit_code == 130
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signal.SIGINT)


def test_cancelling_goes_on_until_the_answer_has_ended() -> None:
    calls: list[int] = []
    enough = threading.Event()

    def cancel() -> None:
        calls.append(1)
        if len(calls) == 3:
            enough.set()

    with interruptible(cancel) as interrupts:
        interrupts.stop()
        assert enough.wait(PATIENCE)
    assert interrupts.exit_code == 0


def test_handlers_come_back_and_ignored_signals_stay_ignored() -> None:
    before = signal.getsignal(signal.SIGINT)
    hangup = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible(lambda: None) as interrupts:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGINT) == interrupts.receive
        assert interrupts.exit_code == 0
        assert signal.getsignal(signal.SIGINT) == before
    finally:
        signal.signal(signal.SIGHUP, hangup)


def test_no_cancel_without_a_reason() -> None:
    called = threading.Event()
    with interruptible(called.set):
        pass
    assert not called.is_set()
