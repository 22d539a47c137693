"""A report as Markdown: everything in it, and nothing of a stranger's text as markup."""

from __future__ import annotations

from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from localai.cli.screen import Size
from localai.cli.terminal import Terminal
from localai.morning import wording
from localai.morning.history import history
from localai.morning.making import morning
from localai.morning.markdown import inline, quoted, report, table_of
from localai.morning.rounds import HEADS, cells
from localai.store.discovering import Round
from localai.store.store import Store
from tests.morning.nights import BAD, GOOD, HOSTILE, WORN, asked, begin, promoted, rejected

ANY = st.text(st.characters(codec="utf-8"), max_size=40)


def test_all_of_a_good_night(store: Store) -> None:
    text = report(morning(store, promoted(store)))
    for line in (
        "**tuned-1 answers now.** corrections 12 % → 88 % (n 25), 1 of 40 other questions lost",
        "The corrections were learned.",
        "| corrections | 25 | 12 % (4 to 30) | 88 % (70 to 96) | +76 (+48 to +93) |\n",
        "From 3 examples of your own.",
        "- What is the capital of Zubrowka? (new)",
        "The capital is Paris. → The capital is Lutz.",
        "## What got worse",
        "It is 4. → It is 5.",
        "**Which city leads Zubrowka?** (corrections)",
        "Before, wrong:",
        "> It is Lutz.",
        "Loss 3.00 → 0.15 in 20 steps: █",
        "least after step 10: 0.90.",
        "| 2 | 60 | 50 % | 80 % | 8.0 | 1,200 | 50 | 50 % (n 100) |",
        "the share that was right, on average over the problems.",
        "\n- round 1: wrong 300, repeats itself 4\n- round 2: wrong 300, repeats itself 4\n",
        "| training | 13 min |",
        "At most 1.8 GB of memory in training; MLX against llama.cpp: KL 0.0017 over 400 positions",
    ):
        assert line in text


def test_a_refusal_names_the_pool_and_the_rule(store: Store) -> None:
    text = report(morning(store, rejected(store)))
    assert "## What it was to learn" in text
    assert "It changed nothing; the bare model answers as before." in text
    assert BAD["reason"] in text.replace("\\", "")
    assert "✗ general: 1 won, 6 lost of 40; allowed: at most 2 lost on balance." in text


def test_what_all_tunes_together_came_to(store: Store) -> None:
    text = report(morning(store, rejected(store, BAD | WORN)))
    heading, meaning = f"## {wording.SINCE}", wording.ALL_TUNES
    assert text.index("## Before and after") < text.index(heading) < text.index(meaning)
    assert "|  | n | bare | after | points |  |\n" in text
    assert "| known | 200 | 60 % (53 to 67) | 42 % (35 to 49) | -18 (-24 to -12) | ✗ |" in text
    assert "✗ known: 2 won, 38 lost of 200; allowed: at most 10 points lost." in text
    assert "has lost much of that already: `localai tune rollback` takes it back" in text
    assert heading not in report(morning(store, promoted(store)))


def test_what_is_not_known_of_a_round_is_left_out(store: Store) -> None:
    run = begin(store)
    store.put_round(Round(run=run.id, asked=60, samples=480, pass_1=0.25, pass_n=0.8))
    text = report(morning(store, run))
    assert "| 0 | 60 | 25 % | 80 % |  |  | 0 |  |\n" in text
    assert "not learned" not in text


def test_the_table_of_rounds_fits_into_80_columns() -> None:
    wide = Round(
        number=10,
        asked=1_200,
        samples=30_000,
        pass_1=1.0,
        pass_n=1.0,
        tokens_per_right=12_345.0,
        kept=1_050,
        sampling_seconds=200.0,
        dev=1.0,
        dev_n=1_170,
    )
    stream = StringIO()
    shown = Terminal(stream, size=lambda: Size(80, 24))
    shown.text("\n".join(f"| {' | '.join(row)} |" for row in (HEADS, ["---"] * 8, cells(wide))))
    shown.close()
    for whole in (*HEADS, *cells(wide)):
        assert whole in stream.getvalue()


def test_without_a_verdict_it_has_no_empty_sections(store: Store) -> None:
    run = store.end_run(begin(store).id, "failed", error="The disk is full.")
    text = report(morning(store, run))
    assert "It failed; the bare model answers as before." in text
    assert "The disk is full." in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## What it was to learn"
    ]


def test_a_strangers_text_stays_text(store: Store) -> None:
    hostile = asked("corrections", HOSTILE, f"# {HOSTILE}\n- a\n1. b", "", False, True)
    text = report(morning(store, promoted(store, GOOD | {"answers": [hostile]})))
    assert "\x1b" not in text
    assert "\u202e" not in text
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inner = [child for token in tokens for child in token.children or ()]
    assert not any(token.type in ("html_inline", "link_open", "image") for token in inner)
    assert not any(token.type == "html_block" for token in tokens)
    assert "<script>alert(1)</script>" in "".join(token.content for token in inner)
    assert text.count("> (nothing)") == 1


@given(ANY)
def test_any_text_reads_as_it_is(text: str) -> None:
    parsed = MarkdownIt("commonmark").enable("table").parse(f"x {inline(text, 1000)}")
    inner = parsed[1].children or []
    assert {token.type for token in inner} <= {"text", "text_special"}
    assert len(parsed) == 3


@given(ANY)
def test_any_text_is_one_quotation(text: str) -> None:
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(quoted(text))
    kinds = {token.type for token in parsed}
    assert kinds <= {
        *("blockquote_open", "blockquote_close"),
        *("paragraph_open", "paragraph_close", "inline"),
    }
    assert parsed[-1].type == "blockquote_close"


def test_all_runs_in_a_table(store: Store) -> None:
    promoted(store)
    rejected(store)
    store.end_run(begin(store, "other").id, "stopped")
    lines = table_of(history(store)).splitlines()
    assert lines[2] == "| when |  | model | corrections | general |"
    assert [line.split(" | ")[1:3] for line in lines[4:]] == [
        ["stopped", "other"],
        ["not promoted", "toy"],
        ["tuned-1", "toy"],
    ]
    assert "| 88 % (70 to 96) | 80 % (65 to 90) |" in lines[-1]
