"""What the bridge tells the screen, and what widgets tell it. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.message import Message

from localai.chat.comparing import Sides
from localai.chat.consent import Decision, Question
from localai.chat.inspection import Inspection
from localai.chat.turn import Milestone
from localai.engine.base import ModelInfo, TokenProbability
from localai.evals.sure import Certainty
from localai.store.rows import StoredMessage
from localai.store.tuning import Run
from localai.tools.tool import Tool
from tui.learning.values import Glance, Overview


class TurnMoved(Message):
    """A turn reached a milestone; streamed text is fetched with `Bridge.take`."""

    def __init__(self, event: Milestone) -> None:
        super().__init__()
        self.event = event


class TurnEnded(Message):
    """The turn is over; `error` is a sentence when it failed."""

    def __init__(self, error: str = "") -> None:
        super().__init__()
        self.error = error


class Asked(Message):
    """A tool may run only if the user agrees; `answer` takes the decision, from any thread."""

    def __init__(self, question: Question, answer: Callable[[Decision], None]) -> None:
        super().__init__()
        self.question = question
        self.answer = answer


class AskedNoMore(Message):
    """The answer was stopped; the question does not stand any more."""


class ModelReady(Message):
    """The model is known by name, and loaded when there is an `info`."""

    def __init__(self, info: ModelInfo | None, name: str) -> None:
        super().__init__()
        self.info = info
        self.name = name


class Trouble(Message):
    """Something other than a turn failed; `model` when there is no model to use."""

    def __init__(self, sentence: str, *, model: bool = False) -> None:
        super().__init__()
        self.sentence = sentence
        self.model = model


class Broken(Message):
    """The bridge met an error that nobody expected."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Inspected(Message):
    """What was sent for an answer."""

    def __init__(self, inspection: Inspection) -> None:
        super().__init__()
        self.inspection = inspection


class Probed(Message):
    """How probable each token of the answer `answer_id` was."""

    def __init__(self, answer_id: str, tokens: tuple[TokenProbability, ...]) -> None:
        super().__init__()
        self.answer_id = answer_id
        self.tokens = tokens


class Told(Message):
    """Something was done; `sentence` says what."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class Corrected(Message):
    """A correction is recorded: `row` is the message with the user's text; `waiting`
    examples wait for the next tune."""

    def __init__(self, row: StoredMessage, waiting: int) -> None:
        super().__init__()
        self.row = row
        self.waiting = waiting


class Marked(Message):
    """An answer was called good or bad, or a mark was taken back; `sentence` says so."""

    def __init__(self, row: StoredMessage, sentence: str) -> None:
        super().__init__()
        self.row = row
        self.sentence = sentence


class ToolsFound(Message):
    """The tools that there are, by name."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        super().__init__()
        self.tools = tools


class Withdrawn(Message):
    """A correction was taken back in a conversation, whose text now is `row`: the model's own
    answer, unless only another conversation has that."""

    def __init__(self, conversation_id: str, row: StoredMessage) -> None:
        super().__init__()
        self.conversation_id = conversation_id
        self.row = row


class Glanced(Message):
    """Which adapter answers next, or the newest run, is not as it was."""

    def __init__(self, glance: Glance) -> None:
        super().__init__()
        self.glance = glance


class Surveyed(Message):
    """Everything about learning, for the screen that shows it."""

    def __init__(self, overview: Overview) -> None:
        super().__init__()
        self.overview = overview


class SidesFound(Message):
    """The bare model and what answers now, to be compared; `blind` without their names, in
    `conversation` where that was begun for it."""

    def __init__(self, sides: Sides, *, blind: bool, conversation: str = "") -> None:
        super().__init__()
        self.sides = sides
        self.blind = blind
        self.conversation = conversation


class Reported(Message):
    """The report of a run, as Markdown."""

    def __init__(self, run: Run, text: str) -> None:
        super().__init__()
        self.run = run
        self.text = text


class Doubted(Message):
    """How far the answers to the same prompt agree by now."""

    def __init__(self, certainty: Certainty) -> None:
        super().__init__()
        self.certainty = certainty
