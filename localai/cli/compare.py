"""`localai compare`: one question, two answers, and which of them is better.

The answers go to stdout, beside each other on a wide terminal and below each other elsewhere;
the vote is asked for on a terminal only.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from localai.cli import options
from localai.cli.failure import note, say
from localai.cli.invocation import Invocation
from localai.errors import UsageError

if TYPE_CHECKING:
    from localai.chat.comparing import Sides
    from localai.chat.session import Session
    from localai.cli.comparing import Comparing
    from localai.config import Settings
    from localai.store.preferred import Vote
    from localai.store.store import Store


@click.command()
@click.argument("text", nargs=-1)
@click.option("-m", "--model", metavar="MODEL", help="Model name, or path of a GGUF file.")
@click.option("--styles", metavar="A,B", help="Two ways to ask: direct,steps, which is usual.")
@click.option("--adapters", metavar="A,B", help="Two adapters, such as base,current.")
@click.option("--blind", is_flag=True, help="Shuffle the sides; names are shown after the vote.")
@options.setting_options
@click.option("--seed", metavar="N", type=click.IntRange(0, 2**32 - 1), help="Makes it repeatable.")
@click.option("--votes", is_flag=True, help="Show how earlier votes came out, and ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and ask for no vote.")
@click.pass_obj
def compare(invocation: Invocation, /, text: tuple[str, ...], **given: Any) -> None:
    """Ask one question twice, and say which answer is better.

    As in: localai compare "What is 17 * 23?" --styles direct,steps
    """
    from localai import config

    _check(text, given)
    if given["votes"]:
        _votes(invocation, as_json=given["as_json"])
        return
    settings = options.override(config.load(), given)
    with invocation.open_store() as store:
        code = _compare(invocation, store, settings, " ".join(text), given)
    raise click.exceptions.Exit(code)


def _check(text: tuple[str, ...], given: dict[str, Any]) -> None:
    """Refuse what contradicts itself."""
    if given["votes"] and (text or given["styles"] or given["adapters"] or given["blind"]):
        raise UsageError("--votes asks nothing; leave out the question and the sides.")
    if given["styles"] and given["adapters"]:
        raise UsageError("Give either --styles or --adapters, not both.")
    if given["blind"] and given["as_json"]:
        raise UsageError("--json names the sides; leave out --blind.")
    if not given["votes"] and not "".join(text).strip():
        raise UsageError('There is nothing to ask; write a question: localai compare "…"')


def _compare(
    invocation: Invocation, store: Store, settings: Settings, text: str, given: dict[str, Any]
) -> int:
    """Ask, show, have it voted on; the exit code."""
    from localai.cli.comparing import Comparing

    session = invocation.open_session(
        store,
        settings,
        model=given["model"] or invocation.model,
        seed=given["seed"],
        standing=False,
    )
    try:
        sides = _sides(session, given)
        comparing = Comparing(session, sides, blind=given["blind"], as_json=given["as_json"])
        code = comparing.run(text)
    finally:
        session.close()
    if not code and comparing.complete and not given["as_json"]:
        _vote(comparing)
    return code


def _sides(session: Session, given: dict[str, Any]) -> Sides:
    from localai.chat import comparing

    if given["adapters"]:
        names = given["adapters"].split(",")
        sides = comparing.by_adapter(session.store, session.entry, names)
    else:
        sides = comparing.by_style((given["styles"] or "direct,steps").split(","))
    return comparing.shuffled(sides) if given["blind"] else sides


def _vote(comparing: Comparing) -> None:
    """Ask which is better, where there is somebody to ask."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    question = "Which is better? 1, 2, e (alike), b (both bad); Enter leaves it open"
    keys: dict[str, Vote] = {"1": "left", "2": "right", "e": "equal", "b": "bad"}
    say("")
    choice = click.Choice([*keys, ""], case_sensitive=False)
    key = click.prompt(
        question, default="", type=choice, show_default=False, show_choices=False, err=True
    )
    if key:
        note(comparing.vote(keys[key]))
    elif comparing.blind:
        note(comparing.who)


def _votes(invocation: Invocation, *, as_json: bool) -> None:
    """How votes came out so far."""
    from localai.cli import record
    from localai.evals import votes

    with invocation.read_store() as store:
        found = votes.tallies(store.preferences())
    if as_json:
        click.echo(record.dumps([record.tally(each) for each in found]))
        return
    for each in found:
        blind = "blind" if each.blind else "named"
        click.echo(f"{each.first} / {each.second}  {blind}  {votes.sentence(each)}")
    if not found:
        say('There are no votes yet; compare two answers: localai compare "…"')
