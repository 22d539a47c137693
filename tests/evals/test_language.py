"""Telling four languages apart by their small words."""

from __future__ import annotations

import pytest

from localai.evals.language import TELLING, language

TOLD = {
    "English": [
        "Sure! Here are some tips for your garden.",
        "Cats sleep a lot because they hunt at night.",
        "The bridge was built in the last century.",
        "You should try it with a little salt, if you like.",
        "I am sorry, but I cannot answer this question.",
        "Dogs are loyal animals that like to play.",
    ],
    "French": [
        "Mon repas préféré est la soupe.",
        "On prend le train pour aller à la gare.",
        "Le pain est fait avec de la farine et de l'eau.",
        "Je ne sais pas, mais c'est une bonne question.",
        "Les oiseaux vivent dans la forêt.",
        "Qu'il fait beau aujourd'hui !",
        "Il y a un chat sur la table et deux chiens devant la maison.",
        "Bonjour ! Comment ça va ?",
    ],
    "German": [
        "Einen Schlüssel braucht man, um eine Tür zu öffnen.",
        "Bären fressen Fische und Beeren.",
        "Der Wald ist ein Ort mit vielen Bäumen.",
        "Ich weiß das leider nicht.",
        "Man kocht die Nudeln in viel Wasser.",
        "Das Meer ist groß, und es gibt dort viele Fische.",
        "Alles Gute zum Geburtstag!",
        "Ein Museum ist ein Haus, in dem man alte Dinge sehen kann.",
    ],
    "Spanish": [
        "Una lámpara sirve para dar luz.",
        "Los caballos comen hierba.",
        "El museo es un lugar donde hay muchas obras de arte.",
        "No lo sé, pero es una buena pregunta.",
        "Los camellos viven en el desierto.",
        "¿Quieres cenar conmigo?",
        "El niño come una manzana.",
        "Se puede jugar y correr con los amigos.",
    ],
}


@pytest.mark.parametrize(("text", "told"), [(text, to) for to in TOLD for text in TOLD[to]])
def test_a_sentence_is_in_its_language(text: str, told: str) -> None:
    assert language(text) == told
    assert language(text.upper()) == told


@pytest.mark.parametrize("text", ["", "Paris", "12", "Amsterdam, Berlin, Madrid", "日本語です"])
def test_a_few_names_are_in_no_language_that_can_be_told(text: str) -> None:
    assert language(text) == ""


def test_as_many_words_of_two_languages_tell_nothing() -> None:
    assert language("the der") == ""
    assert language("the der the") == "English"


def test_words_that_two_languages_have_do_not_count() -> None:
    assert not {"que", "son", "des", "es", "was", "also", "du", "en", "y"} & set(TELLING)
