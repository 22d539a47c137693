"""The final answer of a text, and that nothing else in it passes for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localai.evals.final_answer import Wanted, final, right

NUMBER = Wanted()
METRES = Wanted(unit="m")
DOLLARS = Wanted(unit="dollar")
PERCENT = Wanted(unit="%")
NAMES = Wanted(wants="choice", options=("Tolo", "Beru", "Mika"))
LARGER = Wanted(wants="choice", options=("345", "354"), than=("larger", "greater", "bigger"))
DAYS = Wanted(
    wants="choice",
    options=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
)
SORTED = Wanted(wants="list", options=("12", "5", "9"))
WORDS = Wanted(wants="list", options=("pear", "fig", "lime"))
BACKWARDS = Wanted(wants="word", options=("planet",))

RIGHT = [
    ("12", "12", NUMBER),
    ("12.", "12", NUMBER),
    ("  12 \n", "12", NUMBER),
    ("12.0", "12", NUMBER),
    ("twelve", "12", NUMBER),
    ("Twelve apples.", "12", NUMBER),
    ("one", "1", NUMBER),
    ("There are twenty-one of them.", "21", NUMBER),
    ("one hundred and five", "105", NUMBER),
    ("two thousand three hundred", "2300", NUMBER),
    ("-7", "-7", NUMBER),
    ("\u22127", "-7", NUMBER),
    ("minus 7", "-7", NUMBER),
    ("1,234", "1234", NUMBER),
    ("1{,}234", "1234", NUMBER),
    ("1,234,567.5", "1234567.5", NUMBER),
    ("3/4", "0.75", NUMBER),
    ("\\frac{3}{4}", "0.75", NUMBER),
    ("1 3/4", "1.75", NUMBER),
    (".5", "0.5", NUMBER),
    ("$12", "12", DOLLARS),
    ("$1,250.50", "1250.5", DOLLARS),
    ("12.50 dollars", "12.5", DOLLARS),
    ("You get back $7.50.", "7.50", DOLLARS),
    ("300 m", "300", METRES),
    ("300 metres", "300", METRES),
    ("300m", "300", METRES),
    ("It is 15%.", "15", PERCENT),
    ("7 + 5 = 12", "12", NUMBER),
    ("7 + 5 is 12.", "12", NUMBER),
    ("The sum of 7 and 5 is 12.", "12", NUMBER),
    ("7 plus 5 makes 12", "12", NUMBER),
    ("3 * 4 = 12", "12", NUMBER),
    ("3*4=12", "12", NUMBER),
    ("3 \u00d7 4 = **12**", "12", NUMBER),
    ("The answer is **12**.", "12", NUMBER),
    ("**Answer:** 12", "12", NUMBER),
    ("**Answer: 12**", "12", NUMBER),
    ("### Final answer: 12", "12", NUMBER),
    ("Answer = 12", "12", NUMBER),
    ("Answer:\n12", "12", NUMBER),
    ("Answer: 12\nThat is 7 more than 5.", "12", NUMBER),
    ("The answer is 12. 5 and 7 were given.", "12", NUMBER),
    ("So the final answer is: 12.", "12", NUMBER),
    ("First 7, then 5.\nAnswer: 7 + 5 = 12 apples", "12", NUMBER),
    ("We get \\boxed{12} in all, of 20.", "12", NUMBER),
    ("\\[ 7 + 5 = \\boxed{12} \\]", "12", NUMBER),
    ("\\boxed{\\text{12 apples}}", "12", NUMBER),
    ("She had 7 apples.\nShe bought 5.\nNow she has 12 apples.", "12", NUMBER),
    ("1. Add 7 and 5.\n2. That makes 12.", "12", NUMBER),
    ("7 + 5 = 12\n12", "12", NUMBER),
    ("Not 11 but 12.", "12", NUMBER),
    ("She gave 5 away and has 12 left.", "12", NUMBER),
    ("Was it 11? No: it is 12.", "12", NUMBER),
    ("Each gets 4, because 12 / 3 = 4.", "4", NUMBER),
    ("Tolo", "Tolo", NAMES),
    ("tolo.", "Tolo", NAMES),
    ("Tolo is the tallest.", "Tolo", NAMES),
    ("**Tolo** is the tallest of the three.", "Tolo", NAMES),
    ("Answer: Tolo", "Tolo", NAMES),
    (
        "Beru is taller than Mika.\nTolo is taller than Beru.\nSo Tolo is the tallest.",
        "Tolo",
        NAMES,
    ),
    ("Tolo, because he is taller than Beru.", "Tolo", NAMES),
    ("354", "354", LARGER),
    ("354 is larger than 345.", "354", LARGER),
    ("354 > 345", "354", LARGER),
    ("The larger number is 354.", "354", LARGER),
    ("Friday", "Friday", DAYS),
    ("It will be Friday.", "Friday", DAYS),
    ("3 days after Tuesday is Friday.", "Friday", DAYS),
    ("Friday is 3 days after Tuesday.", "Friday", DAYS),
    ("If today is Tuesday, in 3 days it will be Friday.", "Friday", DAYS),
    ("5, 9, 12", "5, 9, 12", SORTED),
    ("5 < 9 < 12", "5, 9, 12", SORTED),
    ("5,9,12", "5, 9, 12", SORTED),
    ("1. 5\n2. 9\n3. 12", "5, 9, 12", SORTED),
    ("12, 5, 9 in order is 5, 9, 12.", "5, 9, 12", SORTED),
    ("Answer: 5, 9, 12", "5, 9, 12", SORTED),
    ("fig, lime and pear", "fig, lime, pear", WORDS),
    ("tenalp", "tenalp", BACKWARDS),
    ("TENALP.", "tenalp", BACKWARDS),
    ('"planet" spelled backwards is "tenalp".', "tenalp", BACKWARDS),
    ("t-e-n-a-l-p", "tenalp", BACKWARDS),
    ("T E N A L P", "tenalp", BACKWARDS),
    ("The word backwards is tenalp.", "tenalp", BACKWARDS),
    ("Answer: tenalp", "tenalp", BACKWARDS),
]

WRONG = [
    ("", "12", NUMBER),
    ("I do not know.", "12", NUMBER),
    ("13", "12", NUMBER),
    ("112", "12", NUMBER),
    ("12.5", "12", NUMBER),
    ("-12", "12", NUMBER),
    ("1,200", "12", NUMBER),
    ("0.12", "12", NUMBER),
    ("12th", "12", NUMBER),
    ("x12", "12", NUMBER),
    ("12:30", "12", NUMBER),
    ("1.2.12", "12", NUMBER),
    ("11 or 12", "12", NUMBER),
    ("12 or 13", "12", NUMBER),
    ("12 or thirteen", "12", NUMBER),
    ("12, 13", "12", NUMBER),
    ("11, 12", "12", NUMBER),
    ("11,12", "12", NUMBER),
    ("10 11 12", "12", NUMBER),
    ("10\n11\n12", "12", NUMBER),
    ("10, 11 and 12", "12", NUMBER),
    ("11 apples or 12 apples", "12", NUMBER),
    ("11 apples, 12 apples", "12", NUMBER),
    ("11 or maybe it is 12", "12", NUMBER),
    ("11/12", "12", NUMBER),
    ("24/2", "12", NUMBER),
    ("11-12", "12", NUMBER),
    ("11 to 12", "12", NUMBER),
    ("between 11 and 12", "12", NUMBER),
    ("7 + 12", "12", NUMBER),
    ("The sum of 7 and 12", "12", NUMBER),
    ("12 \u00d7 1 = 13", "12", NUMBER),
    ("It is not 12.", "12", NUMBER),
    ("It isn't 12.", "12", NUMBER),
    ("The answer is 12, not 13.", "13", NUMBER),
    ("12 is wrong.", "12", NUMBER),
    ("Is it 12?", "12", NUMBER),
    ("more than 12", "12", NUMBER),
    ("less than 12", "12", NUMBER),
    ("at least 12", "12", NUMBER),
    ("about 12", "12", NUMBER),
    ("approximately 12", "12", NUMBER),
    ("~12", "12", NUMBER),
    ("It could be 11. It could be 12.", "12", NUMBER),
    ("It may be 11.\nIt may be 13.\nIt may be 12.", "12", NUMBER),
    ("12%", "12", NUMBER),
    ("Answer: 11\nAnswer: 12", "12", NUMBER),
    ("Answer: 11 or 12", "12", NUMBER),
    ("Answer: 13\nHere is how: 7 + 5 = 12", "12", NUMBER),
    ("The answer is 13. No, 12.", "12", NUMBER),
    ("\\boxed{11} or \\boxed{12}", "12", NUMBER),
    ("\\boxed{13}, and not 12", "12", NUMBER),
    ("I have 12 apples. She took 5.", "12", NUMBER),
    ("11. Alternatively, 12.", "12", NUMBER),
    ("I think it is 11, but it could be 12.", "12", NUMBER),
    ("7 + 5 = 12 + 1", "12", NUMBER),
    ("three four", "7", NUMBER),
    ("one of them", "1", NUMBER),
    ("300 km", "300", METRES),
    ("300 cm", "300", METRES),
    ("12.50 cents", "12.5", DOLLARS),
    ("1,250", "12.5", DOLLARS),
    ("Beru", "Tolo", NAMES),
    ("Tolo or Beru", "Tolo", NAMES),
    ("Beru or Tolo", "Tolo", NAMES),
    ("Beru, Mika, Tolo", "Tolo", NAMES),
    ("Beru and Tolo are the tallest.", "Tolo", NAMES),
    ("Tolo is not the tallest.", "Tolo", NAMES),
    ("It is not Tolo.", "Tolo", NAMES),
    ("Tolo isn't the tallest.", "Tolo", NAMES),
    ("Tolo is taller than Beru.", "Tolo", NAMES),
    ("Tolo is the tallest. Beru is the tallest.", "Beru", NAMES),
    ("Tolotolo", "Tolo", NAMES),
    ("Neither Beru nor Tolo.", "Tolo", NAMES),
    ("345", "354", LARGER),
    ("345 is larger than 354.", "354", LARGER),
    ("345 > 354", "354", LARGER),
    ("354 is not larger than 345.", "354", LARGER),
    ("345 and 354", "354", LARGER),
    ("345 is 354.", "354", LARGER),
    ("Monday, Tuesday, Wednesday, Thursday, Friday", "Friday", DAYS),
    ("Thursday or Friday", "Friday", DAYS),
    ("12, 9, 5", "5, 9, 12", SORTED),
    ("5, 9", "5, 9, 12", SORTED),
    ("5, 9, 12, 13", "5, 9, 12", SORTED),
    ("5, 9, 9, 12", "5, 9, 12", SORTED),
    ("5, 12, 9\n9, 5, 12\n5, 9, 12", "5, 9, 12", SORTED),
    ("12, 5, 9", "5, 9, 12", SORTED),
    ("planet", "tenalp", BACKWARDS),
    ("tenalp or tenapl", "tenalp", BACKWARDS),
    ('"tenalp" or "tenapl"', "tenalp", BACKWARDS),
    ("It is not tenalp.", "tenalp", BACKWARDS),
    ("7tenalp", "tenalp", BACKWARDS),
    ("tenalp\n3\n4", "tenalp", BACKWARDS),
    ("The word tenalp means nothing.", "tenalp", BACKWARDS),
]


@pytest.mark.parametrize(("text", "answer", "wanted"), RIGHT)
def test_a_right_answer_passes(text: str, answer: str, wanted: Wanted) -> None:
    assert right(text, answer, wanted), final(text, wanted)


@pytest.mark.parametrize(("text", "answer", "wanted"), WRONG)
def test_a_wrong_one_or_one_among_others_does_not(text: str, answer: str, wanted: Wanted) -> None:
    assert not right(text, answer, wanted), final(text, wanted)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("7 + 5 = 12", False),
        ("7 + 5 = 12\nand so", False),
        ("Answer: 12", False),
        ("Answer: 12\nThat is becau", True),
        ("Answer: 1", False),
    ],
)
def test_of_an_answer_that_was_cut_off_only_a_whole_line_with_a_mark_counts(
    text: str, passes: bool
) -> None:
    assert right(text, "12", NUMBER, ended=False) is passes


@given(
    st.lists(st.integers(0, 9999), min_size=2, max_size=6, unique=True),
    st.sampled_from([", ", " or ", " and ", "\n", "\n\n", " / ", "; ", " ", ",", " - ", " + "]),
    st.sampled_from(["", "Answer: ", "The answer is ", "It is "]),
)
def test_of_several_numbers_none_is_the_answer(
    several: list[int], between: str, before: str
) -> None:
    text = before + between.join(map(str, several))
    passing = [each for each in several if right(text, str(each), NUMBER)]
    # A line with a mark is an answer, whatever lines follow it; "It is" is none.
    marked = "nswer" in before and "\n" in between
    assert passing == (several[:1] if marked else []), text


@given(
    st.integers(-(10**9), 10**9), st.sampled_from(["{}", "It is {}.", "7 + 5 = {}", "Answer: {}"])
)
def test_a_number_that_stands_alone_is_the_answer(number: int, said: str) -> None:
    for written in (str(number), f"{number:,}", f"**{number}**", f"{number}.0"):
        assert right(said.format(written), str(number), NUMBER), written
