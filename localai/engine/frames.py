"""What the app and the engine process say to each other, and how it is framed.

A frame is a 4-byte big-endian length and that many bytes of MessagePack. Every command
carries a number, every answer the number of its command, so that answers to something
given up can be told apart and dropped. No I/O here: bytes in, values out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from localai.conversation import Event, Message
from localai.engine.base import (
    AdapterFile,
    Beside,
    Job,
    LoadOptions,
    ModelInfo,
    Rendered,
    RenderOptions,
    Request,
    Sampled,
    Scores,
    Scoring,
    TokenProbability,
)

MAX_FRAME = 64 * 2**20
HEADER = 4

Refusal = Literal["model", "adapter", "overflow", "engine"]


class FrameError(Exception):
    """The bytes are not frames: a length that cannot be, or a body that is no message."""


class Numbered(msgspec.Struct, frozen=True):
    """What every command and answer has."""

    number: int


class Load(Numbered, frozen=True, tag="load"):
    """Load a model; answered by Loaded."""

    options: LoadOptions


class UseAdapter(Numbered, frozen=True, tag="adapter"):
    """Put on an adapter, or none; answered by Loaded."""

    adapter: AdapterFile


class UseBeside(Numbered, frozen=True, tag="beside"):
    """Have another adapter ready beside, None: free what it took; answered by Loaded."""

    beside: Beside | None


class Render(Numbered, frozen=True, tag="render"):
    """Render a conversation within `seconds`; answered by Prompt."""

    messages: tuple[Message, ...]
    options: RenderOptions
    seconds: float


class Tokenize(Numbered, frozen=True, tag="tokenize"):
    """Ids of raw text; answered by Ids."""

    text: str


class Pieces(Numbered, frozen=True, tag="pieces"):
    """Texts of ids; answered by Texts."""

    ids: tuple[int, ...]


class Generate(Numbered, frozen=True, tag="generate"):
    """Generate; answered by one Happened for every event, the last one Finished."""

    request: Request


class Probe(Numbered, frozen=True, tag="probe"):
    """Probabilities of `ids` from `start` on; answered by Probed."""

    ids: tuple[int, ...]
    start: int
    beside: Beside | None = None


class Keep(Numbered, frozen=True, tag="keep"):
    """Save the cache, as no other moment may come; answered by Kept."""


class Sample(Numbered, frozen=True, tag="sample"):
    """Begin to sample these jobs, instead of what was sampled before; no jobs: end it.
    Answered by Some."""

    jobs: tuple[Job, ...]


class SampleOn(Numbered, frozen=True, tag="sample-on"):
    """Sample for at least `seconds`, or until nothing is left; answered by Some."""

    seconds: float


class Score(Numbered, frozen=True, tag="score"):
    """Begin to score these continuations, instead of those before; no questions: end it.
    Answered by Scored."""

    questions: tuple[Scoring, ...]


class ScoreOn(Numbered, frozen=True, tag="score-on"):
    """Score for at least `seconds`, or until nothing is left; answered by Scored."""

    seconds: float


class Cancel(Numbered, frozen=True, tag="cancel"):
    """Stop command `number` if it has not ended; not answered by itself."""


Command = (
    Load
    | UseAdapter
    | UseBeside
    | Render
    | Tokenize
    | Pieces
    | Generate
    | Probe
    | Keep
    | Sample
    | SampleOn
    | Score
    | ScoreOn
    | Cancel
)


class Loaded(Numbered, frozen=True, tag="loaded"):
    """The model is loaded, the adapter is put on."""

    info: ModelInfo


class Prompt(Numbered, frozen=True, tag="prompt"):
    """A rendered conversation."""

    rendered: Rendered


class Ids(Numbered, frozen=True, tag="ids"):
    """Token ids."""

    ids: tuple[int, ...]


class Texts(Numbered, frozen=True, tag="texts"):
    """One text for each id."""

    texts: tuple[str, ...]


class Happened(Numbered, frozen=True, tag="event"):
    """One event of a generation."""

    event: Event


class Probed(Numbered, frozen=True, tag="probed"):
    """Probabilities of tokens in their places."""

    tokens: tuple[TokenProbability, ...]


class Kept(Numbered, frozen=True, tag="kept"):
    """What was worth it is saved."""


class Some(Numbered, frozen=True, tag="some"):
    """Samples that have ended; `left` tells whether others have not."""

    samples: tuple[Sampled, ...]
    left: bool


class Scored(Numbered, frozen=True, tag="scored"):
    """The scores of the next questions; `left` tells whether there are others."""

    scores: tuple[Scores, ...]
    left: bool


class Failed(Numbered, frozen=True, tag="failed"):
    """The command could not be done; `message` is a sentence for the user."""

    refusal: Refusal
    message: str


Answer = Loaded | Prompt | Ids | Texts | Happened | Probed | Kept | Some | Scored | Failed

_encoder = msgspec.msgpack.Encoder()
_commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def pack(message: Command | Answer) -> bytes:
    """One frame. Raises FrameError when it would be too large or is not valid Unicode."""
    try:
        body = _encoder.encode(message)
    except UnicodeEncodeError as error:
        raise FrameError("the text holds characters that are not valid Unicode") from error
    if len(body) > MAX_FRAME:
        raise FrameError(f"it has {len(body) >> 20} MB, and {MAX_FRAME >> 20} MB is the most")
    return len(body).to_bytes(HEADER, "big") + body


def command(body: bytes) -> Command:
    """The command in a frame's body. Raises FrameError."""
    try:
        return _commands.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameError(f"a frame holds no command: {error}") from error


def answer(body: bytes) -> Answer:
    """The answer in a frame's body. Raises FrameError."""
    try:
        return _answers.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FrameError(f"a frame holds no answer: {error}") from error


class FrameReader:
    """Cuts a stream of bytes into frame bodies."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that `data` completes, in order. Raises FrameError at an impossible length.

        A length is judged before its body arrives, so an oversized frame costs no memory.
        """
        self._buffer += data
        while len(self._buffer) >= HEADER:
            length = int.from_bytes(self._buffer[:HEADER], "big")
            if not 0 < length <= MAX_FRAME:
                raise FrameError(f"a frame announces {length} bytes")
            end = HEADER + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[HEADER:end])
            del self._buffer[:end]
            yield body
