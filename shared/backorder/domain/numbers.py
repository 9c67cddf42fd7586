# ruff: noqa: RUF001 - currencies and marks of many countries look alike
"""Numbers and amounts as people and exports write them: `1,250`, `69,00`, `$1.2K`, `USD 700`, `80 €`. Pure.

What a mark between digits means is told by where it stands. Where it may mean two things, both are given: nobody
guesses whether `1.250` is a bit more than one or more than a thousand.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

_BLANKS = " \u00a0\u2009\u202f"
_SIGNS = r"[$\u20ac£¥₽₴₺₹₩₫₪฿]|[a-z]{1,3}\$|kč|zł|ft|kr\.?|lei|лв\.?|руб\.?|p\."
_CURRENCY = rf"(?:{_SIGNS}|[a-z]{{3}})"
"""A sign, or a code such as `USD`."""
_BETWEEN = rf"[{_BLANKS}]*"
_written = re.compile(
    rf"(?:{_CURRENCY}{_BETWEEN})?(?P<sign>[+-])?{_BETWEEN}(?:(?:{_SIGNS}){_BETWEEN})?"
    rf"(?P<digits>[0-9](?:[0-9.,'’]|[{_BLANKS}](?=[0-9]{{3}}))*)"
    rf"{_BETWEEN}(?P<times>[km])?(?:{_BETWEEN}{_CURRENCY})?",
    re.IGNORECASE,
).fullmatch
_plain = re.compile(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII).fullmatch
_grouped = re.compile(r"\d{1,3}(?P<mark>[.,])\d{3}", re.ASCII).fullmatch
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}
_MOST_DIGITS = 30


@lru_cache(maxsize=8192)
def readings(text: str) -> tuple[Decimal, ...]:
    """What a text may be as a number: nothing, one number, or two, the likelier first."""
    text = text.strip()
    if text.isascii() and _plain(text) and not _grouped(text):
        return (Decimal(text),)
    if len(text) > _MOST_DIGITS or (match := _written(text)) is None:
        return ()
    factor = _TIMES[(match["times"] or "").lower()] * (-1 if match["sign"] == "-" else 1)
    return tuple(number * factor for number in _numbers(match["digits"]))


def _numbers(digits: str) -> tuple[Decimal, ...]:
    for blank in (*_BLANKS, "'", "\u2019"):
        if blank in digits:
            if not re.fullmatch(rf"\d{{1,3}}(?:{blank}\d{{3}})+(?:[.,]\d+)?", digits):
                return ()
            return _numbers_of(digits.replace(blank, ""), grouped=True)
    return _numbers_of(digits, grouped=False)


def _numbers_of(digits: str, *, grouped: bool) -> tuple[Decimal, ...]:
    """`grouped`: the thousands have marks of their own, so a dot or a comma begins the decimals."""
    if digits.isdecimal():
        return (Decimal(digits),)
    point, comma = digits.rfind("."), digits.rfind(",")
    decimal, thousands = (".", ",") if point > comma else (",", ".")
    whole, _, rest = digits.rpartition(decimal)
    if not rest.isdecimal():
        return ()
    if thousands in whole:
        if grouped or decimal in whole or not _groups(whole, thousands):
            return ()
        return (Decimal(f"{whole.replace(thousands, '')}.{rest}"),)
    if decimal in whole:
        # The same mark more than once is one of thousands.
        return () if grouped or not _groups(digits, decimal) else (Decimal(digits.replace(decimal, "")),)
    if not whole.isdecimal():
        return ()
    as_decimals = Decimal(f"{whole}.{rest}")
    if grouped or len(rest) != 3 or len(whole) > 3 or whole == "0":
        return (as_decimals,)
    if decimal == ",":
        # Exports in English write so, and hardly anybody writes three decimals with a comma.
        return (Decimal(f"{whole}{rest}"),)
    return as_decimals, Decimal(f"{whole}{rest}")


def _groups(digits: str, mark: str) -> bool:
    return re.fullmatch(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+", digits) is not None
