"""Conditions on the cells of a list's own columns: `>= 10`, `= yes`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from backorder.domain.numbers import readings

_condition = re.compile(r"\s*(>=|<=|!=|=|>|<)\s*([^\s<>=!].*?)\s*").fullmatch
_OPERATORS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "!=": operator.ne,
}


class BadCondition(ValueError):
    """A text is no condition; the message says what one looks like."""


class Unclear(ValueError):
    """A cell may be two numbers, and which of them decides; the message says what it may be."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a cell must be: compared as a number, or with `=` and `!=` as a text, in which case does not matter."""

    comparison: str
    operand: str

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Raises BadCondition."""
        match = _condition(text)
        if match is None:
            raise BadCondition(f"'{text}' is no condition: write a comparison and a value, such as \">= 10\"")
        comparison, operand = match.groups()
        numbers = readings(operand)
        if not numbers and comparison not in ("=", "!="):
            raise BadCondition(f"'{operand}' is no number: only = and != compare texts")
        if len(numbers) > 1:
            raise BadCondition(f"'{operand}' may be {_in_words(numbers)}: write it without marks of thousands")
        return cls(comparison, operand)

    @property
    def is_of_a_number(self) -> bool:
        """Whether it compares numbers."""
        return bool(readings(self.operand))

    def is_met_by(self, cell: str) -> bool:
        """A cell that is no number, or empty, meets no comparison with one, but `!=`.

        Raises Unclear for one that may be two numbers, of which only one meets it.
        """
        wanted, found = readings(self.operand), readings(cell)
        if wanted and found:
            met = {_OPERATORS[self.comparison](number, wanted[0]) for number in found}
            if len(met) > 1:
                raise Unclear(f"'{cell.strip()[:40]}' may be {_in_words(found)}")
            return met.pop()
        if self.comparison == "=":
            return cell.strip().casefold() == self.operand.casefold()
        if self.comparison == "!=":
            return cell.strip().casefold() != self.operand.casefold()
        return False


def _in_words(numbers: tuple[Decimal, ...]) -> str:
    return " or ".join(f"{number:f}" for number in numbers)
