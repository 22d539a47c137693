"""The vocabularies of the tiny models: byte-level BPE, SentencePiece, WordPiece.

Each holds all bytes, so any text is possible and any character can come in halves, some
longer pieces, and the control tokens of a chat. Tokens are in no real model's order.
"""

from __future__ import annotations

from collections.abc import Sequence

import gguf

NORMAL, UNKNOWN, CONTROL = gguf.TokenType.NORMAL, gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL
MARKER, BYTE = gguf.TokenType.USER_DEFINED, gguf.TokenType.BYTE

WORDS = ("the", "and", "is", "in", "sea", "fox", "what", "café", "日本", "capital", "France")

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}"
    "{% endif %}"
)

GEMMA = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


def add_bytes(writer: gguf.GGUFWriter, template: str, control: Sequence[str] = ()) -> int:
    """GPT-2's kind: every byte stands as a printable character; `control` are more control
    tokens. The number of tokens."""
    letters = _printable()
    words = [_spelt(f"{space}{word}", letters) for word in WORDS for space in ("", " ")]
    tokens, merges = [letters[byte] for byte in range(256)], []
    for word in words:
        for end in range(2, len(word) + 1):
            if word[:end] not in tokens:
                tokens.append(word[:end])
                merges.append(f"{word[: end - 1]} {word[end - 1]}")
    types = [NORMAL] * len(tokens)
    for text, kind in (
        ("<|endoftext|>", CONTROL),
        ("<|im_start|>", CONTROL),
        ("<|im_end|>", CONTROL),
        ("<think>", MARKER),
        ("</think>", MARKER),
        *((text, CONTROL) for text in control),
    ):
        tokens.append(text)
        types.append(kind)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    if template:
        writer.add_chat_template(template)
    return len(tokens)


def add_sentencepiece(writer: gguf.GGUFWriter, template: str) -> int:
    """Gemma's kind: spaces are U+2581, rare bytes have tokens of their own."""
    rows: list[tuple[str, float, gguf.TokenType]] = [
        ("<pad>", 0.0, CONTROL),
        ("<eos>", 0.0, CONTROL),
        ("<bos>", 0.0, CONTROL),
        ("<unk>", 0.0, UNKNOWN),
        ("<start_of_turn>", 0.0, CONTROL),
        ("<end_of_turn>", 0.0, CONTROL),
    ]
    rows += [(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]
    pieces = {"▁", "\n", *(chr(code) for code in range(33, 127))}
    for word in WORDS:
        for whole in (word, f"▁{word}"):
            pieces |= {whole[:end] for end in range(1, len(whole) + 1)}
    ordered = sorted(pieces, key=lambda piece: (-len(piece), piece))
    rows += [(piece, -float(rank), NORMAL) for rank, piece in enumerate(ordered)]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text for text, _, _ in rows])
    writer.add_token_scores([score for _, score, _ in rows])
    writer.add_token_types([kind for _, _, kind in rows])
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(1)
    writer.add_unk_token_id(3)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    if template:
        writer.add_chat_template(template)
    return len(rows)


def add_wordpiece(writer: gguf.GGUFWriter) -> int:
    """BERT's kind: the beginnings of words carry U+2581."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(code) for code in range(97, 123)]
    tokens = [*special, *(f"▁{letter}" for letter in letters), *letters]
    writer.add_tokenizer_model("bert")
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL] * len(special) + [NORMAL] * (2 * len(letters)))
    writer.add_token_type_count(2)
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(3)
    writer.add_unk_token_id(1)
    return len(tokens)


def _printable() -> dict[int, str]:
    """GPT-2's character for every byte: itself where it can be seen, else from U+0100 on."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in seen]
    letters = {byte: chr(byte) for byte in seen}
    return letters | {byte: chr(256 + index) for index, byte in enumerate(rest)}


def _spelt(text: str, letters: dict[int, str]) -> str:
    return "".join(letters[byte] for byte in text.encode())
