"""Whether a text has the form that was asked for."""

from __future__ import annotations

import pytest

from localai.evals.formats import FORMS, fits

RIGHT = [
    ("list", "3", "1. Tea\n2. Milk\n3. Water"),
    ("list", "3", "Here are three:\n\n- tea\n- milk\n- water\n\nEnjoy!"),
    ("list", "2", "tea\nmilk"),
    ("list", "2", "* tea\n* milk"),
    ("commas", "3", "tea, milk, water"),
    ("commas", "3", "Tea, milk, and water."),
    ("word", "", "Grass."),
    ("word", "", '"Grass"'),
    ("word", "", "**ice-cream**"),
    ("words", "3", "A large river"),
    ("sentences", "1", "It is a house."),
    ("sentences", "2", 'He said "Stop!" and ran. Nobody followed.'),
    ("sentences", "1", "It costs 3.50 euros."),
    ("json", "name legs", '{"name": "ant", "legs": 6}'),
    ("json", "name legs", '```json\n{"legs": 6, "name": "ant"}\n```'),
    ("upper", "", "BEWARE OF THE DOG!"),
    ("lower", "", "good night, and sleep well."),
    ("number", "", "25"),
    ("number", "", "**1,000**."),
    ("number", "", "-3.5"),
    ("choice", "yes no", "Yes."),
    ("choice", "true false", "FALSE"),
    ("begins", "Well", '"Well, it is a dream."'),
]
WRONG = [
    ("list", "3", "1. Tea\n2. Milk"),
    ("list", "3", "tea, milk and water"),
    ("commas", "3", "tea, milk"),
    ("commas", "3", "tea,\nmilk,\nwater"),
    ("word", "", "They eat grass."),
    ("words", "3", "A very large river"),
    ("sentences", "1", "It is a house. People live there."),
    ("sentences", "1", "It is a house"),
    ("sentences", "2", "One line.\nAnother line."),
    ("json", "name legs", '{"name": "ant"}'),
    ("json", "name", '{"name": "ant", "legs": 6}'),
    ("json", "name", 'Sure! {"name": "ant"}'),
    ("json", "name", '["name"]'),
    ("json", "name", "{name: ant}"),
    ("upper", "", "Beware OF THE DOG"),
    ("upper", "", "123"),
    ("lower", "", "Good night"),
    ("number", "", "The answer is 25."),
    ("number", "", "25 apples"),
    ("number", "", "four"),
    ("choice", "yes no", "Yes, it is."),
    ("choice", "yes no", "Maybe"),
    ("begins", "Well", "As well, it is a dream."),
]


@pytest.mark.parametrize(("form", "wanted", "text"), RIGHT)
def test_what_fits(form: str, wanted: str, text: str) -> None:
    assert fits(form, wanted, text)
    assert fits(form, wanted, f"\n {text} \n")


@pytest.mark.parametrize(("form", "wanted", "text"), WRONG)
def test_what_does_not_fit(form: str, wanted: str, text: str) -> None:
    assert not fits(form, wanted, text)


def test_every_form_is_tested_both_ways_and_nothing_fits_none() -> None:
    assert {form for form, _, _ in RIGHT} == {form for form, _, _ in WRONG} == set(FORMS)
    assert not any(fits(form, wanted, " ") for form, wanted, _ in RIGHT)
