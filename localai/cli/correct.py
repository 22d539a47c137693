"""`localai correct`: say what an answer should have been, or what was wrong with it.

What a correction is, and how an answer is given another way, is `chat.amending`'s and the
store's; here is which answer is meant and what is told of it.
"""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from localai.cli import meant, prompt
from localai.cli.failure import note
from localai.cli.invocation import Invocation
from localai.errors import UsageError

if TYPE_CHECKING:
    from localai.chat.answering import Events
    from localai.chat.session import Session
    from localai.store.rows import StoredMessage
    from localai.store.store import Store
    from localai.store.tuning import Reason

WAYS = ("good", "bad", "invented", "tool", "no_tool", "shorter", "undo")


@click.command()
@click.argument("text", nargs=-1)
@click.option("--conversation", default="latest", metavar="ID", help="Not in the last one used.")
@click.option("--message", metavar="ID", help="This answer; else the last one.")
@click.option("--good", is_flag=True, help="It is right; learn it.")
@click.option("--bad", is_flag=True, help="It is wrong; never learn it.")
@click.option("--invented", is_flag=True, help="It is made up; TEXT, or not knowing, is better.")
@click.option("--tool", metavar="NAME", help="This tool should have been used; it is run.")
@click.option("--arguments", metavar="JSON", help="With --tool: its arguments.")
@click.option("--no-tool", is_flag=True, help="No tool should have been used; answer without.")
@click.option("--shorter", is_flag=True, help="It is too long; answer again, keep the shorter.")
@click.option("--note", is_flag=True, help="Keep the better answer in your notes, too.")
@click.option("--undo", is_flag=True, help="Take back what was said of it.")
@click.pass_obj
def correct(invocation: Invocation, /, text: tuple[str, ...], **given: Any) -> None:
    """Correct the last answer, so that the model can learn from it.

    TEXT is what the answer should have been, as in: localai correct "It is Paris."
    """
    _check(text, given)
    with invocation.open_store() as store:
        answer = _answer(store, given["conversation"], given["message"])
        if given["good"] or given["bad"]:
            store.mark(answer.id, "good" if given["good"] else "bad")
            note(
                "The answer is marked good; the next tune learns it."
                if given["good"]
                else "The answer is marked bad; it is never learned."
            )
        elif given["undo"]:
            note(_undo(store, answer))
        elif given["tool"] or given["no_tool"] or given["shorter"]:
            with closing(_session(invocation, store, answer)) as session:
                _again(session, answer, given)
        else:
            made = _edit(store, answer, text, given["invented"])
            if given["note"]:
                with closing(_session(invocation, store, answer)) as session:
                    note(f"Kept in {session.keep_note(made)}.")


def _check(text: tuple[str, ...], given: dict[str, Any]) -> None:
    """One way at a time."""
    chosen = [name for name in WAYS if given[name]]
    if len(chosen) > 1:
        one, other = (f"--{name.replace('_', '-')}" for name in chosen[:2])
        raise UsageError(f"Give either {one} or {other}, not both.")
    if text and chosen and chosen != ["invented"]:
        raise UsageError(f"TEXT has no place beside --{chosen[0].replace('_', '-')}.")
    if given["arguments"] and not given["tool"]:
        raise UsageError("--arguments belongs to --tool; name the tool, too.")
    if given["note"] and chosen not in ([], ["invented"]):
        raise UsageError("--note keeps a text that you give; it has no place here.")
    if not text and not chosen and sys.stdin.isatty():
        raise UsageError('Say what the answer should have been: localai correct "It is Paris."')


def _answer(store: Store, conversation: str, message: str | None) -> StoredMessage:
    """The answer that is meant."""
    row = meant.conversation(store, conversation)
    if message:
        return store.message(store.message_id(row.id, message))
    for stored in reversed(store.path(row.leaf)):
        if stored.message.role == "assistant":
            return stored
    raise UsageError("Nothing was answered in this conversation yet; ask something first.")


def _edit(store: Store, answer: StoredMessage, text: tuple[str, ...], invented: bool) -> str:
    """Record a better text; the id of the message that has it."""
    from localai.chat.amending import INVENTED

    reason: Reason = "invented" if invented else "edited"
    if invented and not text:
        better = INVENTED
    else:
        piped = "" if text else prompt.read_piped(sys.stdin.buffer).text
        better = prompt.compose(text, piped)
    made = store.add_correction(answer.id, better, reason)
    note("Correction recorded; the next tune learns it. Take it back: localai correct --undo")
    return made.chosen


def _undo(store: Store, answer: StoredMessage) -> str:
    """Take a correction or a mark back."""
    made = store.correction_for(answer.id)
    if made is not None:
        store.withdraw_correction(made.id)
        return "The correction is taken back; the conversation goes on from the model's answer."
    if store.unmark(answer.id):
        return "The mark is taken back."
    raise UsageError("Nothing was said of this answer; there is nothing to take back.")


def _session(invocation: Invocation, store: Store, answer: StoredMessage) -> Session:
    from localai import config

    conversation = store.conversation(answer.conversation)
    return invocation.open_session(
        store, config.load(), model=invocation.model, conversation=conversation
    )


def _again(session: Session, answer: StoredMessage, given: dict[str, Any]) -> None:
    """Answer another way, and record which is better."""
    if given["tool"]:
        arguments = _arguments(session, answer, given["tool"], given["arguments"])
        _shown(session, session.with_tool(answer.id, given["tool"], arguments))
        note(f"Recorded that {given['tool']} should have been used.")
    elif given["no_tool"]:
        _shown(session, session.without_tools(answer.id))
        note("Recorded that no tool should have been used.")
    else:
        shorter = _shown(session, session.more_briefly(answer.id))
        if 0 < len(shorter.message.text) < len(answer.message.text) and _kept():
            session.prefer(answer.id, shorter.id, "shorter")
            note("Recorded that the shorter answer is better.")
        else:
            session.store.set_leaf(answer.conversation, answer.id)
            note("The first answer stays.")


def _arguments(
    session: Session, answer: StoredMessage, name: str, given: str | None
) -> dict[str, Any]:
    """What was given, or what the question suggests. Raises UsageError."""
    import msgspec

    if given is None:
        from localai.chat import proposal

        path = session.store.path(answer.id)
        question = next((r.message.text for r in reversed(path) if r.message.role == "user"), "")
        tool = session.tools.get(name)
        return proposal.arguments(tool, question) if tool else {}
    try:
        return msgspec.json.decode(given, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise UsageError(
            f"""--arguments is no JSON object ({error}); write it as '{{"text": "hello"}}'."""
        ) from error


def _shown(session: Session, events: Events) -> StoredMessage:
    """Show an answer as it comes; the answer as stored."""
    from localai.cli.interrupts import interruptible
    from localai.cli.output import view
    from localai.cli.progress import Progress
    from localai.cli.turn import Turn

    with interruptible(session.cancel) as interrupts:
        turn = Turn(view(sys.stdout), Progress(sys.stderr), interrupts)
        answer = turn.run(events)
    if interrupts.exit_code:
        raise click.exceptions.Exit(interrupts.exit_code)
    return answer


def _kept() -> bool:
    """Whether the shorter answer is the better one; without a terminal it is."""
    return not sys.stdin.isatty() or click.confirm("Keep the shorter one?", default=True, err=True)
