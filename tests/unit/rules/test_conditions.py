"""Conditions on a list's own columns, and expressions that hang nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.rules.conditions import BadCondition, Condition
from backorder.rules.expressions import BadExpression, Expression


@pytest.mark.parametrize(
    ("condition", "met", "not_met"),
    [
        (">= 10", ["10", "11", "1,234", "10.5"], ["9", "-10", "n/a", "-", "1,23"]),
        ("<5", ["4", "-4.9"], ["5", "4 years"]),
        ("= 3", ["3", "3.0", " 3 "], ["4", "three"]),
        ("!= 3", ["4", "three"], ["3"]),
        ("= Yes", ["yes", "YES "], ["no"]),
        ("!= yes", ["no"], ["Yes"]),
    ],
)
def test_a_condition_is_met(condition: str, met: list[str], not_met: list[str]) -> None:
    parsed = Condition.parse(condition)
    assert [cell for cell in met + not_met if parsed.is_met_by(cell)] == met


@pytest.mark.parametrize("text", ["", "10", ">=", "=> 10", "~ x", "> many"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(BadCondition):
        Condition.parse(text)


def test_an_expression_takes_time_in_proportion_to_its_text() -> None:
    """With Python's own engine the first of these takes longer than the universe is old."""
    for text in ("(a+)+$", "^(a|a)*$", "(a*)*b", "(?:a?){60}a{60}"):
        assert not Expression(text).is_in("a" * 59 + "!")


@pytest.mark.parametrize("text", ["(", r"(a)\1", "a(?=b)", "(?<!a)b", "a{1001}", "\ud800"])
def test_what_needs_trying_is_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        Expression(text)


@given(st.text(), st.text(max_size=63))
def test_any_text_is_an_expression_or_is_refused(text: str, label: str) -> None:
    try:
        expression = Expression(text)
    except BadExpression:
        return
    assert expression.is_in(label) in (True, False)
