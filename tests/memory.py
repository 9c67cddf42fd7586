"""How much memory something holds at most."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable


def peak(do: Callable[[], object]) -> int:
    """Bytes of Python's own that `do` holds at most, above what was there before.

    They vary with what other tests left in caches and free lists, by a tenth or two: compare by factors.
    """
    gc.collect()
    tracemalloc.start()
    try:
        do()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
