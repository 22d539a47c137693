"""Every ending has one plain sentence, and last words are safe to show."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.engine.deaths import Cause, Death, Phase, describe
from localai.engine.log import HINT_LENGTH, EngineLog
from localai.engine.spawn import environment


@given(
    st.builds(
        Death,
        st.sampled_from(get_args(Cause)),
        st.sampled_from(get_args(Phase)),
        st.none() | st.integers(-70, 255),
        adapter=st.sampled_from(["", "tuned.gguf"]),
    )
)
def test_every_death_is_one_sentence_with_a_next_step(death: Death) -> None:
    sentence = describe(death, "", Path("x.log"))
    assert sentence.count("; ") == 1
    assert sentence.endswith("(log: x.log).")
    assert "{" not in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-signal.SIGKILL, "lack of memory"),
        (-signal.SIGABRT, "gave up"),
        (-signal.SIGSEGV, "segmentation fault"),
        (-signal.SIGTERM, "SIGTERM"),
        (-signal.SIGALRM, "template took too long"),
        (3, "exit code 3"),
    ],
)
def test_the_way_of_dying_is_told(code: int, words: str) -> None:
    assert words in describe(Death("ended", "answering", code), "", None)


def test_an_adapter_that_was_deadly_is_named() -> None:
    death = Death("ended", "reading the adapter", -signal.SIGABRT, adapter="a/tuned.gguf")
    sentence = describe(death, "", None)
    assert "gave up while reading the adapter" in sentence
    assert "a/tuned.gguf is not tried again" in sentence


def test_being_ended_by_us_is_not_called_a_lack_of_memory() -> None:
    sentence = describe(Death("hung", "answering", -signal.SIGKILL, 120.0), "", None)
    assert "120 s" in sentence
    assert "memory" not in sentence


def test_last_words_are_the_last_telling_line_cut_and_harmless(tmp_path: Path) -> None:
    log = EngineLog(tmp_path / "engine.log")
    assert (log.last_words(), log.path) == ("", None)
    for written, words in [
        (
            b"error: before\nllama: fine\nGGML_ASSERT(a) failed \x1b[31mred\nbye\n",
            "GGML_ASSERT(a) failed red",
        ),
        (b"all is well\n", ""),
        (b"error " * 1000, ("error " * 100)[:HINT_LENGTH]),
    ]:
        file = log.open()
        assert file is not None
        os.write(file.fileno(), written)
        assert log.last_words() == words
    log.close()


def test_the_environment_is_an_allow_list() -> None:
    source = {"PATH": "/bin", "LC_ALL": "C", "OPENAI_API_KEY": "s", "SSH_AUTH_SOCK": "s"}
    made = environment(source | {"HF_HUB_OFFLINE": "0"})
    assert (made["PATH"], made["LC_ALL"], made["HF_HUB_OFFLINE"]) == ("/bin", "C", "1")
    assert "s" not in made.values()
