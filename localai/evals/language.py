"""Which language a text is in, of four, by its small words.

Pure and plain: words that only one of the languages has are counted, and letters that tell.
A few words without any of these are in no language that can be told.
"""

from __future__ import annotations

import re
from collections import Counter

_WORDS = {
    "English": """the and of to are was with that this it for not you your from have has be they
    his her their which what when where who how can would there these those been were about into
    than then because very our my she if or will also am man hat plus do does did why its please
    while after before some any""",
    "French": """le les des du et est une dans pour pas que qui sur avec ce cette ces il elle
    nous vous ils elles sont aux ou mais plus comme leur leurs être fait peut ainsi aussi très
    je mon votre vos notre était donc quand parce se son en entre tu y nos au moi ton ta tes sa
    ses ma mes tout tous toute ne bonjour merci oui après avant""",
    "German": """der die das und ist nicht ein eine einen einem einer mit von zu den dem des auf
    für sich auch es sie wir ihr sind oder aber wie wenn als kann wird werden bei nach aus über
    durch um ich mein dein sein im zum zur am vom sehr dass weil man haben hat viel viele du was
    will also nur noch schon diese dieser dieses bitte mehr kein keine uns da dann vor seine
    ihre""",
    "Spanish": """el los las y es una en con por para que del al se su sus como más pero son
    está están muy este esta estos ser fue tiene hay cuando donde también porque lo nos mi tu
    usted yo puede entre sobre muchas muchos unos le hola gracias sí desde hasta cada todo todos
    toda todas así tiempo hacer ellos ella nosotros""",
}
"""Words that two of them have are listed with both, so that they do not count."""
_LETTERS = {"French": "çœèêàùî", "German": "äöüß", "Spanish": "ñ¿¡"}
_ELIDED = re.compile(r"\b(?:qu|[ldcjns])['\u2019](?=\w)")
_WORD = re.compile(r"[^\W\d_]+")


def _telling() -> dict[str, str]:
    """Word to the one language that has it."""
    found = Counter(word for words in _WORDS.values() for word in words.split())
    return {
        word: language
        for language, words in _WORDS.items()
        for word in words.split()
        if found[word] == 1
    }


TELLING = _telling()


def language(text: str) -> str:
    """The language that most of the telling words are of, as English calls it; "" where there
    is none, or two have as many."""
    text = text.casefold()
    found = Counter(TELLING[word] for word in _WORD.findall(text) if word in TELLING)
    for each, letters in _LETTERS.items():
        found[each] += sum(any(one in letters for one in word) for word in text.split())
    found["French"] += len(_ELIDED.findall(text))
    (first, most), (_, second) = found.most_common(2)
    return first if most > second else ""
