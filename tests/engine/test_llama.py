"""Opening models, good and bad, and their vocabularies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import gguf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.engine.base import LoadOptions, Scoring
from localai.engine.decoder import Decoder
from localai.engine.info import model_info
from localai.engine.llama import Llama
from localai.engine.vocab import VocabTokenizer
from localai.errors import EngineError, ModelError
from localai.render.tokens import Renderer
from scripts.tiny_models import TRAINED
from tests.engine.running import opened, scores

pytestmark = pytest.mark.model

# SentencePiece writes a space as ▁, so its models cannot tell the two apart.
contents = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0▁"), max_size=40)


@pytest.fixture(scope="module", params=["plain", "window"])
def tokenizer(
    request: pytest.FixtureRequest, tiny_model: Callable[[str], Path]
) -> Iterator[VocabTokenizer]:
    with opened(tiny_model(request.param)) as rig:
        yield rig.tokenizer


def refused(path: Path) -> str:
    """What is said about a file that cannot be used: one sentence with its name."""
    with pytest.raises(ModelError) as error:
        Llama.open(LoadOptions(str(path), n_threads=1))
    message = str(error.value)
    assert str(path) in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("kind", ["embedding", "vocabulary"])
def test_a_file_that_cannot_chat(kind: str, tiny_model: Callable[[str], Path]) -> None:
    expected = {"embedding": "cannot chat", "vocabulary": "token_embd.weight"}
    assert expected[kind] in refused(tiny_model(kind))


def test_an_embedding_model_that_does_not_say_so(
    tmp_path: Path, tiny_model: Callable[[str], Path]
) -> None:
    data = tiny_model("embedding").read_bytes()
    for key in (b"bert.attention.causal", b"bert.pooling_type"):
        assert key in data
        data = data.replace(key, key[:-1] + b"_")
    (tmp_path / "quiet.gguf").write_bytes(data)
    assert "cannot chat" in refused(tmp_path / "quiet.gguf")


def test_a_model_without_a_tokenizer(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(path := tmp_path / "none.gguf", "llama")
    writer.add_tokenizer_model("none")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    refused(path)


def test_files_that_are_damaged_missing_or_no_models(
    tmp_path: Path, tiny_model: Callable[[str], Path]
) -> None:
    data = tiny_model("plain").read_bytes()
    for name, content in {
        "empty": b"",
        "text": b"Dear model,",
        "header": data[:20],
        "truncated": data[: len(data) // 2],
    }.items():
        path = tmp_path / f"{name}.gguf"
        path.write_bytes(content)
        refused(path)
    refused(tmp_path / "missing.gguf")
    refused(tmp_path)


def test_an_architecture_nobody_knows(tmp_path: Path, tiny_model: Callable[[str], Path]) -> None:
    path = tmp_path / "new.gguf"
    path.write_bytes(tiny_model("plain").read_bytes().replace(b"llama", b"lamla", 1))
    assert "unknown model architecture: 'lamla'" in refused(path)


def test_llama_cpp_talks_to_the_log_alone(
    tmp_path: Path,
    tiny_model: Callable[[str], Path],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with opened(tiny_model("plain")) as rig:
        rig.go_on(rig.ids("the sea"), 3)
    (tmp_path / "text.gguf").write_text("Dear model,")
    refused(tmp_path / "text.gguf")
    assert capfd.readouterr() == ("", "")
    assert {record.name for record in caplog.records} == {"llama.cpp"}
    assert all(record.getMessage().strip() for record in caplog.records)


def test_a_path_of_any_bytes(tmp_path: Path, tiny_model: Callable[[str], Path]) -> None:
    path = tmp_path / "modèle 日本 \udcff.gguf"
    path.write_bytes(tiny_model("plain").read_bytes())
    with opened(path) as rig:
        assert rig.go_on(rig.ids("the sea"), 3).done.generated_tokens


def test_what_is_loaded(tiny_model: Callable[[str], Path]) -> None:
    with opened(tiny_model("window"), n_ctx=0) as rig:
        info = model_info(rig.llama, Renderer(rig.llama.template, rig.tokenizer))
    assert (info.name, info.architecture) == ("Tiny window", "gemma3")
    assert info.n_ctx == TRAINED
    assert (info.accelerator, info.template_source) == ("CPU", "file")
    assert info.n_vocab == rig.tokenizer.size


def test_without_a_template_there_is_none(tiny_model: Callable[[str], Path]) -> None:
    with opened(tiny_model("bare")) as rig:
        assert rig.llama.template is None
    with opened(tiny_model("plain")) as rig:
        assert rig.llama.template is not None


def test_more_logits_than_there_is_room_for_are_refused(tiny_model: Callable[[str], Path]) -> None:
    rows = [(1, at, 0, True) for at in range(4)]
    options = LoadOptions(str(tiny_model("plain")), n_threads=1, n_outputs=3)
    with closing(Llama.open(options)) as llama:
        with pytest.raises(EngineError, match="4 tokens were asked for at once and there is room"):
            llama.decode(rows)
        assert llama.decode(rows[:3])


def test_no_more_logits_are_asked_for_than_there_is_room_for(
    tiny_model: Callable[[str], Path],
) -> None:
    options = LoadOptions(str(tiny_model("plain")), n_threads=1, n_outputs=3)
    with closing(Llama.open(options)) as llama:
        rows = list(Decoder(llama).probabilities(range(1, 40), 1))
        assert [row.id for row in rows] == [*range(2, 40)]
        (scored,) = scores(llama, [Scoring((1,), tuple((2, id, 4) for id in range(30)))])
        assert len(scored) == 30


def test_a_cache_type_that_does_not_fit_the_heads_is_refused_in_a_sentence(
    tiny_model: Callable[[str], Path],
) -> None:
    options = LoadOptions(str(tiny_model("plain")), n_threads=1, kv_type="q8_0")
    with pytest.raises(ModelError, match=r"set a smaller engine\.context, engine\.kv_type to f16"):
        Llama.open(options)


def test_closing_twice_is_harmless(tiny_model: Callable[[str], Path]) -> None:
    llama = Llama.open(LoadOptions(str(tiny_model("plain")), n_threads=1))
    llama.close()
    llama.close()


@given(contents)
def test_tokens_spell_the_text(tokenizer: VocabTokenizer, text: str) -> None:
    ids = tokenizer.tokenize(text, special=False)
    assert b"".join(map(tokenizer.piece_bytes, ids)).decode() == text


@given(st.lists(contents, min_size=2, max_size=3), st.data())
def test_typed_control_tokens_are_text(
    tokenizer: VocabTokenizer, parts: list[str], data: st.DataObject
) -> None:
    controls = sorted(t for t, id in tokenizer.control.items() if tokenizer.is_control(id))
    typed = data.draw(st.sampled_from(controls))
    ids = tokenizer.tokenize(typed.join(parts), special=False)
    assert tokenizer.control[typed] not in ids
    assert tokenizer.control[typed] in tokenizer.tokenize(typed.join(parts), special=True)


def test_a_vocabulary_has_a_name_of_its_own(tiny_model: Callable[[str], Path]) -> None:
    hashes = {}
    for kind in ("plain", "bare", "window", "recurrent"):
        with opened(tiny_model(kind)) as rig:
            hashes[kind] = rig.tokenizer.vocab_hash
    assert hashes["plain"] == hashes["bare"] == hashes["recurrent"]
    assert hashes["plain"] != hashes["window"]
    assert len(hashes["plain"]) == 64
