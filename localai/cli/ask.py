"""`localai ask`: one question, one answer.

Puts options, piped text, settings, store and session together and picks where the
answer goes. What happens during the turn is `turn.py`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from localai.cli import options, prompt, sureness
from localai.cli.failure import note
from localai.cli.interrupts import interruptible
from localai.cli.invocation import Invocation
from localai.cli.progress import Progress
from localai.errors import UsageError

if TYPE_CHECKING:
    from localai.chat.answering import Events
    from localai.chat.consent import Approve
    from localai.chat.prompt import Style
    from localai.chat.session import Session
    from localai.cli.output import AnswerView
    from localai.config import Settings
    from localai.conversation import ToolCall, ToolResult
    from localai.evals.sure import Certainty
    from localai.store.rows import Conversation, StoredMessage
    from localai.store.store import Store


@click.command()
@click.argument("text", nargs=-1)
@click.option("-m", "--model", metavar="MODEL", help="Model name, or path of a GGUF file.")
@click.option("--system", metavar="TEXT", help="System text of the new conversation.")
@click.option("-c", "--continue", "latest", is_flag=True, help="Go on with the last conversation.")
@click.option("--conversation", metavar="ID", help="Go on with this conversation.")
@click.option("--again", is_flag=True, help="Answer the last question of it again.")
@click.option("--instead", is_flag=True, help="Ask TEXT in the place of its last question.")
@options.setting_options
@click.option(
    "--seed", metavar="N", type=click.IntRange(0, 2**32 - 1), help="Makes the answer repeatable."
)
@click.option("--steps", is_flag=True, help="Work through it step by step before answering.")
@click.option(
    "--style",
    type=click.Choice(["auto", "direct", "steps"]),
    help="auto: steps where this model is known to be right more often with them.",
)
@click.option("--show-reasoning", is_flag=True, help="Print the reasoning before the answer.")
@click.option(
    "--allow", metavar="NAME", multiple=True, help="Let this tool act without asking; repeatable."
)
@click.option("--raw", is_flag=True, help="Let the model continue the text, without a template.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object when it is done.")
@click.option("--sure", is_flag=True, help="Ask five more times, and say how many say the same.")
@click.option("--no-save", is_flag=True, help="Keep nothing of this in the history.")
@click.pass_obj
def ask(invocation: Invocation, /, text: tuple[str, ...], **given: Any) -> None:
    """Ask one question and print the answer.

    What is piped in comes before TEXT, as in: cat notes.txt | localai ask "summarize".
    Ctrl-C stops the answer and keeps what was said.
    """
    _check(text, given)
    progress = Progress(sys.stderr)
    question = "" if given["again"] else _question(text, progress)
    from localai import config

    settings = options.override(config.load(), given)
    with invocation.memory_store() if given["no_save"] else invocation.open_store() as store:
        answer, calls, code, sure = _converse(
            invocation, store, settings, question, given, progress
        )
    if given["as_json"]:
        from localai.cli import record

        shown = record.answer(answer, saved=not given["no_save"], calls=calls)
        if sure is not None:
            shown["sure"] = record.certainty(sure)
        click.echo(record.dumps(shown))
    elif not code:
        _remark(answer, settings)
        if sure is not None:
            sureness.tell(sure)
    raise click.exceptions.Exit(code)


NOT_RAW = ("system", "steps", "style", "sure", "thinking", "thinking_budget", "tools", "allow")
"""Options that have no place beside --raw."""


def _check(text: tuple[str, ...], given: dict[str, Any]) -> None:
    """Refuse options that contradict each other."""
    if given["again"] and (text or given["instead"]):
        raise UsageError("--again asks the last question as it is; leave out TEXT and --instead.")
    if given["allow"] and given["tools"] == "off":
        raise UsageError("--allow has no place beside --tools off.")
    going_on = any(given[each] for each in ("latest", "conversation", "again", "instead"))
    if given["latest"] and given["conversation"]:
        raise UsageError("Give either --continue or --conversation, not both.")
    if going_on and given["no_save"]:
        raise UsageError("--no-save starts from nothing; leave it out to go on.")
    if going_on and given["system"] is not None:
        raise UsageError("--system is for new conversations; leave it out to go on.")
    if given["steps"] and given["style"] not in (None, "steps"):
        raise UsageError(f"--steps has no place beside --style {given['style']}.")
    if given["raw"]:
        for name in NOT_RAW:
            if given[name]:
                option = "--" + name.replace("_", "-")
                raise UsageError(f"--raw uses no chat template; {option} has no place in it.")


def _question(words: tuple[str, ...], progress: Progress) -> str:
    """The prompt, from the command line and standard input."""
    stream = sys.stdin.buffer
    if not prompt.is_piped(stream):
        return prompt.compose(words)
    progress.show("Reading standard input until it ends …")
    try:
        piped = prompt.read_piped(stream)
    finally:
        progress.clear()
    return prompt.compose(words, prompt.told(piped))


def _converse(
    invocation: Invocation,
    store: Store,
    settings: Settings,
    question: str,
    given: dict[str, Any],
    progress: Progress,
) -> tuple[StoredMessage, list[tuple[ToolCall, ToolResult]], int, Certainty | None]:
    """The answer as stored, the calls on the way to it, the exit code, and how sure it is."""
    from localai.cli.turn import Turn, forgive

    session = invocation.open_session(
        store,
        settings,
        model=given["model"] or invocation.model,
        conversation=_conversation(store, given),
        system=prompt.argument(given["system"] or ""),
        raw=given["raw"],
        seed=given["seed"],
        approve=_approval(given["allow"]),
        standing=False,
        private=given["no_save"],
    )
    try:
        _check_allowed(given["allow"], session, settings)
        with interruptible(session.cancel) as interrupts:
            view = _view(given)
            turn = Turn(view, progress, interrupts, count_answer=given["as_json"])
            answer = turn.run(_events(session, question, given))
            sure = None
            if given["sure"] and not interrupts.signal and answer.status == "done":
                sure = sureness.ask(session, answer, progress)
    finally:
        session.close()
    if turn.lost_reader is not None:
        forgive(turn.lost_reader)
    return answer, turn.calls, interrupts.exit_code, sure


def _events(session: Session, question: str, given: dict[str, Any]) -> Events:
    """The turn that was asked for: a question, one instead of the last, the last one again."""
    from localai.store.rows import last_question

    if not (given["again"] or given["instead"]):
        return session.send(question, style=_style(session, question, given))
    asked = last_question(session.messages())
    if asked is None:
        raise UsageError("Nothing was asked in this conversation yet; ask something first.")
    style = _style(session, question or asked.message.text, given)
    if given["instead"]:
        return session.ask_instead(asked.id, question, style=style)
    return session.regenerate(asked.id, style=style)


def _style(session: Session, question: str, given: dict[str, Any]) -> Style:
    """The style that was asked for; auto is what is known to be better for such a question."""
    if given["style"] == "auto":
        return session.style_for(question)
    return "steps" if given["steps"] or given["style"] == "steps" else "direct"


def _approval(names: tuple[str, ...]) -> Approve:
    """What may act: the tools named on the command line. Nobody is there to be asked again
    once text from elsewhere was read, so then nothing may."""
    return lambda question: "once" if question.tool.name in names and not question.tainted else "no"


def _check_allowed(names: tuple[str, ...], session: Session, settings: Settings) -> None:
    """Say why a tool that was named cannot be used."""
    for name in names:
        if name not in session.tools:
            from localai.cli import mcp

            with mcp.servers() as servers:
                found = mcp.find(name, servers, settings.tools)
            raise UsageError(found.why or f"{name} could not be used just now; ask again.")


def _conversation(store: Store, given: dict[str, Any]) -> Conversation | None:
    if given["conversation"]:
        return store.conversation(given["conversation"])
    if not (given["latest"] or given["again"] or given["instead"]):
        return None
    latest = store.latest()
    if latest is None:
        raise UsageError("There is no conversation to go on with yet; ask a first question.")
    return latest


def _view(given: dict[str, Any]) -> AnswerView:
    """Where the answer goes: rendered on a terminal, plain elsewhere, nowhere for --json."""
    from localai.cli.output import Silent, view

    if given["as_json"]:
        return Silent()
    return view(sys.stdout, show_reasoning=given["show_reasoning"], plain=given["raw"])


def _remark(answer: StoredMessage, settings: Settings) -> None:
    """Say on stderr what the answer alone does not tell."""
    completion = answer.completion
    if completion is None:
        return
    if completion.finish_reason == "length":
        if completion.generated_tokens == settings.chat.max_tokens:
            note(f"The answer was cut off at {settings.chat.max_tokens:,} tokens (--max-tokens).")
        else:
            note("The answer was cut off because the context window is full.")
    elif answer.message.calls:
        note("The model used all its calls and gave no answer; ask in other words.")
    elif not answer.message.text.strip():
        note("The model ended without an answer; ask in other words.")
