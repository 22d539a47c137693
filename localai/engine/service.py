"""What the engine process does with a command: one model, its renderer and its decoder.

Knows nothing of pipes or processes; `worker` brings commands and takes answers away.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec

from localai.engine import frames
from localai.engine.adapters import Adapters
from localai.engine.alarm import alarm
from localai.engine.base import Beside, LoadOptions, ModelInfo, Request
from localai.engine.coalesce import coalesce
from localai.engine.decoder import Decoder
from localai.engine.info import model_info
from localai.engine.keeper import Keeper
from localai.engine.llama import Llama
from localai.engine.refusals import failed
from localai.engine.sampling_context import SamplingContext
from localai.engine.scoring_context import ScoringContext
from localai.engine.second import Second
from localai.engine.vocab import VocabTokenizer
from localai.errors import EngineError, LocalaiError
from localai.render.tokens import Renderer
from localai.room import Room

COALESCE_SECONDS = 0.02
TEMPLATE_SECONDS = 60.0


class Loaded(NamedTuple):
    """A model and what works on it; `second` is where another adapter answers beside."""

    llama: Llama
    tokenizer: VocabTokenizer
    renderer: Renderer
    decoder: Decoder
    info: ModelInfo
    keeper: Keeper
    adapters: Adapters
    second: Second

    def side(self, beside: Beside | None) -> Decoder:
        """What answers by this adapter, or by the one in force. Raises AdapterError."""
        return self.decoder if beside is None else self.second.decoder(beside)


class Service:
    """Answers commands one after the other. `cancelled` tells whether a number was given up."""

    def __init__(self, cancelled: Callable[[int], bool]) -> None:
        self._cancelled = cancelled
        self._loaded: Loaded | None = None
        self._sampling, self._scoring = SamplingContext(), ScoringContext()

    def answers(self, command: frames.Command) -> Iterator[frames.Answer]:
        """Everything there is to say to `command`; a failure is an answer, too."""
        number = command.number
        try:
            yield from self._answers(command)
        except LocalaiError as error:
            yield failed(number, error)
        except Exception as error:
            traceback.print_exc()
            what = f"The engine could not do this ({type(error).__name__}: {error})"
            yield frames.Failed(number, "engine", f"{what}; ask again, or see the engine's log.")

    def rest(self, waiting: Callable[[], bool]) -> None:
        """Use a moment in which nobody asks anything; `waiting` tells when it is over."""
        if self._loaded is not None:
            _save(self._loaded, waiting)

    def _answers(self, command: frames.Command) -> Iterator[frames.Answer]:
        number = command.number
        if isinstance(command, frames.Load):
            yield frames.Loaded(number, self._load(command.options))
            return
        model = self._model()
        if isinstance(command, frames.UseAdapter):
            yield frames.Loaded(number, self._use_adapter(model, command))
        elif isinstance(command, frames.UseBeside):
            if command.beside is None:
                model.second.close()
            else:
                model.second.decoder(command.beside)
            yield frames.Loaded(number, model.info)
        elif isinstance(command, frames.Render):
            with alarm(command.seconds):
                rendered = model.renderer.render(command.messages, command.options)
            yield frames.Prompt(number, rendered)
        elif isinstance(command, frames.Tokenize):
            yield frames.Ids(number, _prompt_ids(model, command.text))
        elif isinstance(command, frames.Pieces):
            _check(command.ids, model.info)
            yield frames.Texts(number, model.tokenizer.pieces(command.ids))
        elif isinstance(command, frames.Generate):
            yield from self._generate(number, model, command)
        elif isinstance(command, frames.Keep):
            _save(model, lambda: False, last=True)
            yield frames.Kept(number)
        elif isinstance(command, frames.Probe):
            _check(command.ids, model.info)
            decoder = model.side(command.beside)
            yield frames.Probed(number, tuple(decoder.probabilities(command.ids, command.start)))
        elif isinstance(command, frames.Sample | frames.SampleOn):
            yield self._sample(model, command)
        elif isinstance(command, frames.Score | frames.ScoreOn):
            yield self._score(model, command)

    def _sample(self, model: Loaded, command: frames.Sample | frames.SampleOn) -> frames.Answer:
        if isinstance(command, frames.SampleOn):
            found = self._sampling.go_on(command.seconds)
            return frames.Some(command.number, found, self._sampling.left)
        if any(job.request.beside is not None for job in command.jobs):
            raise EngineError("Samples are the adapter's in force; let that one answer first.")
        jobs = [
            msgspec.structs.replace(job, request=_request(model, job.request))
            for job in command.jobs
        ]
        self._sampling.begin(model.llama, jobs, model.renderer.end_ids)
        return frames.Some(command.number, (), self._sampling.left)

    def _score(self, model: Loaded, command: frames.Score | frames.ScoreOn) -> frames.Answer:
        if isinstance(command, frames.ScoreOn):
            found = self._scoring.go_on(command.seconds)
            return frames.Scored(command.number, found, self._scoring.left)
        for question in command.questions:
            _check((*question.prompt, *chain(*question.continuations)), model.info)
        self._scoring.begin(model.llama, command.questions)
        return frames.Scored(command.number, (), self._scoring.left)

    def _load(self, options: LoadOptions) -> ModelInfo:
        if options.room:  # from now on until this process ends
            Room(Path(options.room)).chat()
        llama = Llama.open(options)
        try:
            with alarm(TEMPLATE_SECONDS):
                renderer = Renderer(
                    options.template or llama.template,
                    llama.tokenizer,
                    source="override" if options.template else "file",
                )
            info = model_info(llama, renderer)
            keeper = Keeper(llama, renderer.template)
            decoder = Decoder(llama, keeper.restore)
            adapters = Adapters(llama)
            second = Second(llama, adapters)
            self._loaded = Loaded(
                llama, llama.tokenizer, renderer, decoder, info, keeper, adapters, second
            )
        except Exception:
            llama.close()
            raise
        return info

    def _use_adapter(self, model: Loaded, command: frames.UseAdapter) -> ModelInfo:
        self._sampling.end()  # they compute with the adapter of before
        self._scoring.end()
        llama = model.llama
        model.adapters.put_on(llama, model.decoder, command.adapter)
        sha256 = "" if llama.adapter is None else llama.adapter.sha256
        info = msgspec.structs.replace(model.info, adapter=sha256, adapter_scale=llama.scale)
        self._loaded = model._replace(info=info)
        return info

    def _model(self) -> Loaded:
        if self._loaded is None:
            raise EngineError("No model is loaded; load one first.")
        return self._loaded

    def _generate(
        self, number: int, model: Loaded, command: frames.Generate
    ) -> Iterator[frames.Answer]:
        request = _request(model, command.request)
        events = model.side(request.beside).generate(
            request, lambda: self._cancelled(number), model.renderer.end_ids
        )
        for event in coalesce(events, COALESCE_SECONDS):
            yield frames.Happened(number, event)


def _request(model: Loaded, request: Request) -> Request:
    """The request with what ends every answer of this model. Raises EngineError."""
    _check(request.ids, model.info)
    return msgspec.structs.replace(request, stop=(*request.stop, *model.renderer.stop))


def _save(model: Loaded, waiting: Callable[[], bool], *, last: bool = False) -> None:
    """Save the cache, or drop it when it may hold what was forgotten meanwhile."""
    if model.keeper.outdated():
        model.decoder.reset()
    model.keeper.save(model.decoder.line, waiting, last=last)


def _prompt_ids(model: Loaded, text: str) -> tuple[int, ...]:
    """Raw text as a prompt, with BOS where the model wants one."""
    tokenizer = model.tokenizer
    bos = (tokenizer.bos,) if tokenizer.add_bos and tokenizer.bos is not None else ()
    return (*bos, *tokenizer.tokenize(text, special=False))


def _check(ids: Sequence[int], info: ModelInfo) -> None:
    """Refuse ids the vocabulary does not have: llama.cpp would abort on them."""
    if not all(0 <= id < info.n_vocab for id in ids):
        raise EngineError("These tokens belong to another model; send the text again.")
