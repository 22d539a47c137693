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
    from localai.store.rows import Conversation, StoredMessage
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
        talk, answer = _answer(store, given["conversation"], given["message"])
        if given["good"] or given["bad"]:
            store.mark(answer.id, "good" if given["good"] else "bad")
            note(
                "The answer is marked good; the next tune learns it."
                if given["good"]
                else "The answer is marked bad; it is never learned."
            )
        elif given["undo"]:
            note(_undo(store, talk, answer))
        elif given["tool"] or given["no_tool"] or given["shorter"]:
            with closing(_session(invocation, store, talk)) as session:
                _again(session, talk, answer, given)
        else:
            _edit(store, talk, answer, text, given)


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


def _answer(
    store: Store, conversation: str, message: str | None
) -> tuple[Conversation, StoredMessage]:
    """The conversation and the answer in it that are meant; in a fork the answer may have been
    written elsewhere."""
    talk = meant.conversation(store, conversation)
    if message:
        return talk, store.message(store.message_id(talk.id, message))
    for stored in reversed(store.path(talk.leaf, talk.id)):
        if stored.message.role == "assistant":
            return talk, stored
    raise UsageError("Nothing was answered in this conversation yet; ask something first.")


def _edit(
    store: Store,
    talk: Conversation,
    answer: StoredMessage,
    text: tuple[str, ...],
    given: dict[str, Any],
) -> None:
    """Record a better text, and keep it as a note if that is wanted."""
    from localai import config
    from localai.chat import notes

    # A place that is not there is told before anything is recorded.
    place = notes.folder(config.load().tools.folders) if given["note"] else None
    reason: Reason = "invented" if given["invented"] else "edited"
    made = store.add_correction(answer.id, _better(text, given["invented"]), reason, talk.id)
    note("Correction recorded; the next tune learns it. Take it back: localai correct --undo")
    if place is not None:
        note(f"Kept in {notes.keep(store, place, made.chosen)}.")


def _better(text: tuple[str, ...], invented: bool) -> str:
    """The better text, as given or piped in."""
    if invented and not text:
        from localai.chat.amending import INVENTED

        return INVENTED
    return prompt.compose(text, "" if text else prompt.told(prompt.read_piped(sys.stdin.buffer)))


def _undo(store: Store, talk: Conversation, answer: StoredMessage) -> str:
    """Take a correction or a mark back."""
    for row in reversed(store.path(answer.id)):
        if row.message.role == "user":
            break
        # What was chosen may be the call on the way to the answer.
        if made := store.correction_for(row.id):
            store.withdraw_correction(made.id, talk.id)
            return "The correction is taken back; the conversation goes on from the model's answer."
    if store.unmark(answer.id):
        return "The mark is taken back."
    raise UsageError("Nothing was said of this answer; there is nothing to take back.")


def _session(invocation: Invocation, store: Store, talk: Conversation) -> Session:
    from localai import config

    return invocation.open_session(store, config.load(), model=invocation.model, conversation=talk)


def _again(
    session: Session, talk: Conversation, answer: StoredMessage, given: dict[str, Any]
) -> None:
    """Answer another way, and record which is better."""
    if given["tool"]:
        arguments = _arguments(session, answer, given["tool"], given["arguments"])
        _shown(session, session.with_tool(answer.id, given["tool"], arguments))
        note(f"Recorded that {given['tool']} should have been used.")
    elif given["no_tool"]:
        _shown(session, session.without_tools(answer.id))
        note("Recorded that no tool should have been used.")
    elif _shortened(session, talk, answer):
        note("Recorded that the shorter answer is better.")
    else:
        note("The first answer stays.")


def _shortened(session: Session, talk: Conversation, answer: StoredMessage) -> bool:
    """Whether a shorter answer was found and kept; else the conversation stays where it was."""
    kept = False
    try:
        shorter = _shown(session, session.more_briefly(answer.id))
        # One that came by way of a call stands further down and is no match for the first.
        beside = shorter.parent == answer.parent and shorter.status == "done"
        leaner = 0 < len(shorter.message.text) < len(answer.message.text)
        if beside and leaner and _kept():
            session.prefer(answer.id, shorter.id, "shorter")
            kept = True
    finally:
        if not kept:
            session.store.set_leaf(talk.id, talk.leaf)
    return kept


def _arguments(
    session: Session, answer: StoredMessage, name: str, given: str | None
) -> dict[str, Any]:
    """What was given, or what the question suggests. Raises UsageError."""
    import msgspec

    if given is None:
        from localai.chat import proposal
        from localai.store.rows import last_question

        asked = last_question(session.store.path(answer.id))
        tool = session.tools.get(name)
        return proposal.arguments(tool, asked.message.text if asked else "") if tool else {}
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
    from localai.cli.turn import Turn, forgive

    with interruptible(session.cancel) as interrupts:
        turn = Turn(view(sys.stdout), Progress(sys.stderr), interrupts)
        answer = turn.run(events)
    if turn.lost_reader is not None:
        forgive(turn.lost_reader)
    if interrupts.exit_code or turn.lost_reader is not None:
        raise click.exceptions.Exit(interrupts.exit_code)
    return answer


def _kept() -> bool:
    """Whether the shorter answer is the better one; without a terminal it is."""
    return not sys.stdin.isatty() or click.confirm("Keep the shorter one?", default=True, err=True)
