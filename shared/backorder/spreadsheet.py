"""CSV cells that are safe to open in a spreadsheet."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet would take for a formula (OWASP, "CSV Injection")."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
