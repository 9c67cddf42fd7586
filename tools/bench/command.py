"""`python -m tools bench`: prints the benchmarks, one subject after the other."""

from __future__ import annotations

from importlib import import_module

import click

SUBJECTS: tuple[str, ...] = ("ingestion", "submission", "funding", "reconciliation", "throughput", "start", "costs")
"""Modules of this package, in the order in which they are printed; each has a function `bench()` that prints."""


@click.command()
@click.argument("subjects", nargs=-1, metavar="[SUBJECT]…")
def bench(subjects: tuple[str, ...]) -> None:
    """Prints the benchmarks, or those of the SUBJECTS named."""
    unknown = sorted(set(subjects) - set(SUBJECTS))
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: known are {', '.join(SUBJECTS)}")
    for number, subject in enumerate(subjects or SUBJECTS):
        click.echo(f"{'' if number == 0 else chr(10)}# {subject}\n")
        import_module(f"tools.bench.{subject}").bench()
