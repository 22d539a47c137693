"""Chat templates in the manner of the main families, written for these tests, each with
a vocabulary that holds its markers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.render.toy import ToyTokenizer


@dataclass(frozen=True)
class Family:
    """`end` is the end-of-turn marker; `trims` says that contents lose outer white space,
    `needs_turns` that users and assistants must alternate."""

    name: str
    template: str
    control: tuple[str, ...]
    end: str
    bos: str = ""
    eos: str = ""
    user_defined: tuple[str, ...] = ()
    trims: bool = False
    needs_turns: bool = False
    system: bool = True
    options: tuple[tuple[str, Any], ...] = ()

    def tokenizer(self) -> ToyTokenizer:
        return ToyTokenizer(
            self.control,
            user_defined=self.user_defined,
            bos=self.bos,
            eos=self.eos,
            eog=[self.end] if self.end in self.control else [],
            **dict(self.options),
        )


CHATML = Family(
    "chatml",
    "{% if messages[0].role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}"
    "{% for m in messages %}{{ '<|im_start|>' ~ m.role ~ '\n' ~ m.content ~ '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    ("<|im_start|>", "<|im_end|>", "<|endoftext|>"),
    "<|im_end|>",
    eos="<|im_end|>",
)

HEADERS = Family(
    "headers",
    "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + "
    "'<|end_header_id|>\n\n' + m['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}"
    "{% endif %}",
    ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    "<|eot_id|>",
    bos="<|begin_of_text|>",
    trims=True,
)

ALTERNATE = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
{{ raise_exception('no system role here') }}
{%- endif -%}
{%- for m in messages -%}
{%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) -%}
{{ raise_exception('roles must alternate') }}
{%- endif -%}
"""

TURNS = Family(
    "turns",
    ALTERNATE + "{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else m['role']) + '\n'"
    " + (m['content'] | trim) + '<end_of_turn>\n' }}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}",
    ("<start_of_turn>", "<end_of_turn>"),
    "<end_of_turn>",
    bos="<bos>",
    trims=True,
    needs_turns=True,
    system=False,
    user_defined=("\n\n", "<h1>"),
)

BRACKETS = Family(
    "brackets",
    ALTERNATE + "{%- if m.role == 'user' -%}{{ '[INST]' + m.content + '[/INST]' }}"
    "{%- else -%}{{ m.content + eos_token }}{%- endif -%}{%- endfor -%}",
    ("[INST]", "[/INST]"),
    "</s>",
    bos="<s>",
    eos="</s>",
    needs_turns=True,
    system=False,
)

BRACKETS_AS_TEXT = Family(
    "brackets-as-text",
    BRACKETS.template,
    (),
    "</s>",
    bos="<s>",
    eos="</s>",
    needs_turns=True,
    system=False,
    options=(("space_prefix", True),),
)

PIPES = Family(
    "pipes",
    "{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>"),
    "<|end|>",
    bos="<s>",
    eos="<|endoftext|>",
    options=(("swallows_after", ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>")),),
)

ROLES = Family(
    "roles",
    "{% for m in messages %}<|start_of_role|>{{ m.role }}<|end_of_role|>{{ m.content }}"
    "<|end_of_text|>\n{% endfor %}{% if add_generation_prompt %}"
    "<|start_of_role|>assistant<|end_of_role|>{% endif %}",
    ("<|start_of_role|>", "<|end_of_role|>", "<|end_of_text|>"),
    "<|end_of_text|>",
)

CHATBOT = Family(
    "chatbot",
    "{{ bos_token }}{% set names = {'system': 'SYSTEM', 'user': 'USER', 'assistant': 'CHATBOT',"
    " 'tool': 'SYSTEM'} %}{% for m in messages %}<|START_OF_TURN|><|{{ names[m.role] }}_TOKEN|>"
    "{{ m.content.strip() }}<|END_OF_TURN|>{% endfor %}"
    "{% if add_generation_prompt %}<|START_OF_TURN|><|CHATBOT_TOKEN|>{% endif %}",
    (
        "<|START_OF_TURN|>",
        "<|END_OF_TURN|>",
        "<|SYSTEM_TOKEN|>",
        "<|USER_TOKEN|>",
        "<|CHATBOT_TOKEN|>",
    ),
    "<|END_OF_TURN|>",
    bos="<BOS>",
    trims=True,
)

PLAIN_WORDS = Family(
    "plain-words",
    "{% for m in messages %}### {{ m.role | capitalize }}:\n{{ m.content }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}### Assistant:\n{% endif %}",
    (),
    "",
    eos="</s>",
)

THINKER = Family(
    "thinker",
    "{%- set last = namespace(user=-1) -%}"
    "{%- for m in messages if m.role == 'user' -%}{%- set last.user = loop.index -%}{%- endfor -%}"
    "{%- set seen = namespace(users=0) -%}"
    "{%- if tools -%}{{ '<|im_start|>tools\n' }}{%- for tool in tools -%}{{ tool | tojson }}"
    "{%- endfor -%}{{ '<|im_end|>\n' }}{%- endif -%}"
    "{%- for m in messages -%}"
    "{%- if m.role == 'user' -%}{%- set seen.users = seen.users + 1 -%}{%- endif -%}"
    "{{ '<|im_start|>' + m.role + '\n' }}"
    "{%- if m.role == 'assistant' and seen.users == last.user -%}"
    "{{ '<think>\n' + (m.reasoning_content or '') | trim + '\n</think>\n\n' }}{%- endif -%}"
    "{%- if '</think>' in m.content -%}{{ m.content.split('</think>')[-1] }}"
    "{%- else -%}{{ m.content }}{%- endif -%}"
    '{%- for call in m.tool_calls -%}{{ \'\n<tool_call>\n{"name": "\' + call.function.name + '
    "'\", \"arguments\": ' + call.function.arguments | tojson + '}\n</tool_call>' }}{%- endfor -%}"
    "{{ '<|im_end|>\n' }}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false -%}"
    "{{ '<think>\n\n</think>\n\n' }}{%- endif -%}{%- endif -%}",
    ("<|im_start|>", "<|im_end|>"),
    "<|im_end|>",
    eos="<|im_end|>",
    user_defined=("<think>", "</think>", "<tool_call>", "</tool_call>"),
)

OPENS_THINKING = Family(
    "opens-thinking",
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}"
    "{{ '<Bot>' + m.content.split('</think>')[-1] + '<eos>' }}{% else %}"
    "{{ '<User>' + m.content }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<Bot><think>\n' }}{% endif %}",
    ("<User>", "<Bot>", "<think>", "</think>"),
    "<eos>",
    bos="<bos>",
    eos="<eos>",
)

CHANNELS = Family(
    "channels",
    "{% for m in messages %}{% if m.role == 'assistant' %}{% if m.thinking %}"
    "{{ '<|start|>assistant<|channel|>analysis<|message|>' + m.thinking + '<|end|>' }}{% endif %}"
    "{{ '<|start|>assistant<|channel|>final<|message|>' + m.content }}"
    "{{ '<|return|>' if loop.last and not add_generation_prompt else '<|end|>' }}{% else %}"
    "{{ '<|start|>' + m.role + '<|message|>' + m.content + '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}",
    ("<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>"),
    "<|end|>",
    eos="<|return|>",
)

NEXT_TURN_ENDS = Family(
    "next-turn-ends",
    "[gMASK]<sop>{% for m in messages %}{{ '<|' ~ m.role ~ '|>' ~ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}",
    ("[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>"),
    "<|user|>",
)

FAMILIES = (
    CHATML,
    HEADERS,
    TURNS,
    BRACKETS,
    BRACKETS_AS_TEXT,
    PIPES,
    ROLES,
    CHATBOT,
    PLAIN_WORDS,
    THINKER,
    OPENS_THINKING,
    CHANNELS,
    NEXT_TURN_ENDS,
)
