"""What all list commands share: patterns, order, pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from ..wire import CommandError, render
from .call import Call

#: The system's own limit "for performance purposes"; the reference's examples show 1000.
DEFAULT_LIMIT = 1000
LARGEST_LIMIT = 10_000

Row = TypeVar("Row")
Keys = Mapping[str, Callable[[Row], Any]]


@lru_cache(maxsize=4096)
def pattern(text: str) -> re.Pattern[str]:
    """A PATTERN of the reference: `*` is any text, `?` one character, compared without case."""
    escaped = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.IGNORECASE)


def is_pattern(text: str) -> bool:
    """Whether it has a wildcard."""
    return "*" in text or "?" in text


def matches_any(patterns: Sequence[str], value: str) -> bool:
    """Whether a value fits one of the patterns; no patterns fit everything."""
    return not patterns or any(pattern(each).fullmatch(value) for each in patterns)


def expression(call: Call, name: str, flags: int = 0) -> re.Pattern[str] | None:
    """A regular expression that was sent; 505 if it is none."""
    text = call.parameters.get(name, "")
    try:
        return re.compile(text, flags) if text else None
    except re.error:
        raise CommandError(505, name) from None


def ordered(call: Call, rows: list[Row], keys: Keys[Row], default: str) -> list[Row]:
    """Rows by ORDERBY: a key, or a key with `DESC`; 541 for another one."""
    wish = (call.parameters.get("ORDERBY", "") or default).upper()
    key, down = (wish, False) if wish in keys else (wish.removesuffix("DESC"), True)
    if key not in keys:
        raise CommandError(541, "ORDERBY")
    return sorted(rows, key=keys[key], reverse=down)


def page(
    call: Call,
    rows: Sequence[Row],
    columns: Mapping[str, Callable[[Row], str]],
    more: Mapping[str, str | Sequence[str]] | None = None,
) -> str:
    """The answer with one page of rows: FIRST LAST COUNT TOTAL LIMIT, then a column for each property.

    LAST is FIRST - 1 on an empty page. A LIMIT beyond the system's largest is cut to it.
    """
    first = call.number("FIRST", 0)
    limit = min(call.number("LIMIT", DEFAULT_LIMIT, least=1), LARGEST_LIMIT)
    shown = rows[first : first + limit]
    properties: dict[str, str | Sequence[str]] = {
        "FIRST": str(first),
        "LAST": str(first + len(shown) - 1),
        "COUNT": str(len(shown)),
        "TOTAL": str(len(rows)),
        "LIMIT": str(limit),
    }
    properties.update(more or {})
    properties.update({name: [cell(row) for row in shown] for name, cell in columns.items()})
    return render(properties)
