"""What the rules leave out of a plain deletion list, counted in blocks of rows: much faster than row by row.

Nothing depends on it but speed: without it each row is read as any other list's is, and decided alike. A reader of this
code may skip it. `make bench ARGS=ingestion` prints what it earns, and in how many lines.
"""

from ingestion.reading.prefilter.blocks import Blocks, read_screened
from ingestion.reading.prefilter.screen import NO_RULES, Screen

__all__ = ["NO_RULES", "Blocks", "Screen", "read_screened"]
