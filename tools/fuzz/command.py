"""`python -m tools fuzz`: feeds ingestion with inputs from seeds, until time is up or something breaks."""

from __future__ import annotations

import itertools
import logging
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

import click

from backorder.runtime.observability import logger
from tools.fuzz.cases import make
from tools.fuzz.checks import check

_OUT = Path("build/fuzz")
_MOST_BROKEN = 5


@click.command()
@click.option("--minutes", type=click.FloatRange(0), help="how long (default: until --cases are done)")
@click.option("--cases", type=click.IntRange(1), help="how many inputs (default: until --minutes are over, or 1,000)")
@click.option("--seed", type=int, default=1, show_default=True, help="of the first input; the next one has the next")
def fuzz(minutes: float | None, cases: int | None, seed: int) -> None:
    """Feeds ingestion with bytes without sense, damaged lists, broken archives and bombs.

    Exit status 1 if one of them crashes it, makes it hang, or is counted wrong; the input is kept in build/fuzz.
    """
    logger.setLevel(logging.CRITICAL)
    end = time.monotonic() + minutes * 60 if minutes is not None else None
    most = cases if cases is not None else None if minutes is not None else 1000
    done: Counter[str] = Counter()
    broken = 0
    for number in itertools.count(seed) if most is None else range(seed, seed + most):
        if (end is not None and time.monotonic() >= end) or broken >= _MOST_BROKEN:
            break
        case = make(number)
        try:
            done += check(case)
        except Exception:  # noqa: BLE001 - that is what is looked for
            broken += 1
            _OUT.mkdir(parents=True, exist_ok=True)
            (_OUT / f"{number}.bin").write_bytes(case.content)
            print(f"\nseed {number}, {case.what}:\n{traceback.format_exc(limit=-4)}")
            print(f"kept as {_OUT / str(number)}.bin; again: python -m tools fuzz --cases 1 --seed {number}")
    print(f"{done['inputs']:,} inputs, {done['entries']:,} entries, {done['rejects']:,} of them rejected: ", end="")
    print(f"{broken} broke it" if broken else "each was read to its end, and every count adds up")
    sys.exit(1 if broken else 0)
