"""Which sound GGUF files are no text models that answer word by word. Pure."""

from __future__ import annotations

from localai.catalog.gguf import GgufHeader

_ENCODERS = frozenset(
    {
        "bert",
        "eurobert",
        "gemma-embedding",
        "jina-bert-v2",
        "jina-bert-v3",
        "llama-embed",
        "modern-bert",
        "neo-bert",
        "nomic-bert",
        "nomic-bert-moe",
    }
)
_OTHER_KINDS = {
    "t5": "an encoder-decoder (T5) model",
    "t5encoder": "a text encoder",
    "clip": "the image part of a model",
    "wavtokenizer-dec": "a sound decoder",
    "dream": "a diffusion language model",
    "llada": "a diffusion language model",
    "llada-moe": "a diffusion language model",
    "rnd1": "a diffusion language model",
}
_FILE_KINDS = {
    "adapter": "an adapter, not a model",
    "mmproj": "the image part of a model",
    "imatrix": "a quantisation table, not a model",
    "vocab": "a vocabulary without weights",
}


def other_kind(header: GgufHeader) -> str:
    """What a file is that cannot chat, "" for one that can (as far as its kind goes)."""
    if words := _FILE_KINDS.get(header.kind) or _OTHER_KINDS.get(header.architecture):
        return words
    if not header.architecture:
        return "a GGUF file that does not say what model it is"
    if _only_embeds(header):
        return "an embedding model: it turns text into numbers"
    return ""


def _only_embeds(header: GgufHeader) -> bool:
    """Encoders, and decoders that were turned into embedding models or rerankers."""
    return header.architecture in _ENCODERS or header.causal is False or bool(header.pooling)
