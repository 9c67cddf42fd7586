"""`python -m local.emulator`."""

import sys

import click

from .cli import emulator

if __name__ == "__main__":
    try:
        emulator.main(prog_name="emulator", standalone_mode=False)
    except click.UsageError as error:
        click.echo(f"emulator: {' '.join(error.format_message().split())}", err=True)
        sys.exit(2)
