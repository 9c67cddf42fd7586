"""CSV cells that are safe to open in a spreadsheet."""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the first four in full width, which spreadsheets set to Japanese take for the same."""
_AMOUNT_BELOW_ZERO = re.compile(r"-[0-9]+(\.[0-9]+)?")


def safe(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula (OWASP, "CSV Injection").

    An amount below zero stays a number.
    """
    return f"'{cell}" if cell.startswith(_FORMULA) and not _AMOUNT_BELOW_ZERO.fullmatch(cell) else cell
