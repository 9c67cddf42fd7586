"""`--encoding NAME`: what lists are written in, where whoever starts a command knows it."""

from __future__ import annotations

import click


def _known(_context: click.Context, _parameter: click.Parameter, name: str | None) -> str | None:
    if name is None:
        return None
    from ingestion.reading.encodings import known_encoding  # noqa: PLC0415 - slow to load, and seldom needed

    found = known_encoding(name)
    if found is None:
        raise click.BadParameter(f"{name!r} is no encoding of lists that is known; one is windows-1250")
    return found


encoding_option = click.option(
    "--encoding",
    metavar="NAME",
    callback=_known,
    help="what the list is written in, such as windows-1250 (default: found out, or its names are rejected)",
)
"""Gives Python's name of it."""
