"""`python -m tools`: what developers of the pipeline run."""

from __future__ import annotations

import sys
from importlib import import_module

import click

COMMANDS = {
    "bench": ("tools.bench.command", "bench"),
    "deploy-check": ("tools.deploy_check.command", "deploy_check"),
    "fuzz": ("tools.fuzz.command", "fuzz"),
    "mutants": ("tools.mutants.command", "mutants"),
    "simulate": ("tools.simulate.command", "simulate_command"),
}
"""By name: the module and the command in it, which is imported when it is asked for, since each loads much."""


class Tools(click.Group):
    """The commands of COMMANDS."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import a command; None if there is none of that name."""
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.command(cls=Tools, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """What developers of the pipeline run: simulations, fuzzing, benchmarks, mutants, the check of the deployment."""


def start() -> None:
    """Run the command line. Exit with 2 and one line where it cannot be used."""
    try:
        main(prog_name="python -m tools", standalone_mode=False)
    except click.ClickException as error:
        print(f"tools: {error.format_message()}", file=sys.stderr)
        sys.exit(2)
    except click.Abort:
        sys.exit(130)


if __name__ == "__main__":
    start()
