"""Reads the provider's texts into values: amounts, times, numbers. Raises `NotAnAnswer` for a text of another kind."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from backorder.provider.hexonet.wire import NotAnAnswer, shape

_AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,8})?")
# Groups of three tell the decimal sign only where both are there: 1,069 may be a little more than one.
_GROUPED: Final = re.compile(
    r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){1,4}\.|(?: [0-9]{3}){1,4}\.|(?:\.[0-9]{3}){1,4},)[0-9]{1,8}"
)
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[ T]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:\.[0-9]{1,9})?\s?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_NUMBER: Final = re.compile(r"[0-9]{1,15}")


def amount(text: str, name: str) -> Decimal:
    """A decimal with a point; also with groups of three digits, where it has decimals and so no second meaning. No
    exponent, no NaN."""
    if _GROUPED.fullmatch(text) is not None:
        *groups, decimals = re.split("[,. ]", text)
        text = f"{''.join(groups)}.{decimals}"
    if _AMOUNT.fullmatch(text) is None:
        raise NotAnAnswer(f"has no amount in {name}: {shape(text)}")
    return Decimal(text)


def amount_or_none(text: str, name: str) -> Decimal | None:
    return amount(text, name) if text else None


def moment(text: str, name: str) -> datetime:
    """`YYYY-MM-DD HH:MM:SS`, UTC, to the second; also with a `T`, a fraction, an offset, or without seconds."""
    found = moment_or_none(text, name)
    if found is None:
        raise NotAnAnswer(f"has no time in {name}: {shape(text)}")
    return found


def moment_or_none(text: str, name: str) -> datetime | None:
    """The same; None for "" and for `0000-00-00 00:00:00`, which the provider writes for "never". A day alone, which
    the filters of the pending-delete list know, is its start: the earlier reading is the safe one for a deadline."""
    if not text or text.startswith("0000-00-00"):
        return None
    if (matched := _MOMENT.fullmatch(text)) is not None:
        day, minute, second, offset = matched.groups()
        try:
            told = f"{day}T{minute or '00:00'}{second or ':00'}{offset or 'Z'}"
            return datetime.fromisoformat(told).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # such as 30 February
    raise NotAnAnswer(f"has no time in {name}: {shape(text)}")


def number(text: str, name: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise NotAnAnswer(f"has no number in {name}: {shape(text)}")
    return int(text)


def number_or_none(text: str, name: str) -> int | None:
    return number(text, name) if text else None


def required(text: str, name: str) -> str:
    if not text:
        raise NotAnAnswer(f"leaves out {name}")
    return text


def words(text: str) -> tuple[str, ...]:
    """The entries of a text that lists several: separated by blanks, commas or semicolons."""
    return tuple(word for word in re.split(r"[\s,;]+", text) if word)


def day_text(day: date) -> str:
    return f"{day:%Y-%m-%d}"


def moment_text(at: datetime) -> str:
    """An aware time as the provider writes it, in UTC. Raises ValueError for one without a time zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
