"""Set-ups killed at random moments; the next call always works. Part of the fault runs."""

from __future__ import annotations

import random
import signal
import subprocess

import pytest

from tests.scripts.checkout import Checkout

KILLS = 40


@pytest.mark.faults
def test_a_set_up_killed_anywhere_recovers(checkout: Checkout) -> None:
    moments = random.Random(7)
    for number in range(KILLS):
        process = checkout.start()
        try:
            process.wait(timeout=moments.uniform(0, 1.5))
        except subprocess.TimeoutExpired:
            process.send_signal(moments.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
        process.communicate(timeout=60)
        if number % 4 == 3:  # several interruptions in a row, then a call that may finish
            result = checkout.run("alive")
            assert (result.returncode, result.stdout) == (0, "localai alive\n"), result.stderr
            checkout.constraints.write_text(f"llama-cpp-python=={number}\n")
    assert list(checkout.scratch.iterdir()) == []
