"""Conditions on the cells of a list's own columns: `>= 10`, `= yes`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

_condition = re.compile(r"\s*(>=|<=|!=|=|>|<)\s*([^\s<>=!].*?)\s*").fullmatch
_number = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,15})?", re.ASCII).fullmatch
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
        if _as_number(operand) is None and comparison not in ("=", "!="):
            raise BadCondition(f"'{operand}' is no number: only = and != compare texts")
        return cls(comparison, operand)

    def is_met_by(self, cell: str) -> bool:
        """A cell that is no number, or empty, meets no comparison with one, but `!=`."""
        wanted, found = _as_number(self.operand), _as_number(cell)
        if wanted is not None and found is not None:
            return _OPERATORS[self.comparison](found, wanted)
        if self.comparison == "=":
            return cell.strip().casefold() == self.operand.casefold()
        if self.comparison == "!=":
            return cell.strip().casefold() != self.operand.casefold()
        return False


def _as_number(text: str) -> Decimal | None:
    """`1,234.5` has separators of thousands, as exports write them."""
    text = text.strip()
    return Decimal(text.replace(",", "")) if _number(text) else None
