"""`python -m ops`: what one does to a running stack."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click
import requests
from botocore.exceptions import BotoCoreError, ClientError

from backorder.provider.port import ProviderError
from backorder.runtime.clock import system_clock
from ops.faults import Fault, aws_in_words
from ops.screen import Screen, counted
from ops.stacks import Stack, find

FOUND_WANTING = 1
"""Exit status of a command that did its work and found something wrong."""
UNUSABLE = 2
"""Exit status of a command that could not do its work."""
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(context_settings=CONTEXT, epilog="Exit status: 0; 1 where something is wrong; 2 where nothing was done.")
def main() -> None:
    """What one does to a running stack: look at it, feed it, check it.

    With --stack NAME a command works on the stack that was deployed under that name, with the credentials and the
    region that the AWS tools use (AWS_PROFILE, AWS_REGION). Without it, on the stack of a running `make up`.

    \b
      python -m ops status --stack backorder-live
      python -m ops put monday.txt --stack backorder-live
      python -m ops why example.com --stack backorder-live
      python -m ops doctor --stack backorder-live
    """


def _on_a_stack(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --stack and --json; the command gets the stack, once it is found, and the screen."""

    @click.option("--stack", "stack_name", metavar="NAME", help="a deployed stack (default: the one of `make up`)")
    @click.option("--json", "as_json", is_flag=True, help="print JSON, for other programs")
    @wraps(command)
    def on_stack(stack_name: str | None, as_json: bool, **given: Any) -> None:
        screen = Screen(as_json=as_json)
        with screen.working("looking for the stack"):
            stack = find(stack_name)
        command(stack=stack, screen=screen, **given)

    return on_stack


_waiting = click.option(
    "--wait",
    type=click.IntRange(0),
    metavar="SECONDS",
    default=120,
    show_default=True,
    help="how long for it to be read; 0: not at all",
)


@main.command(short_help="today at a glance")
@_on_a_stack
def status(stack: Stack, screen: Screen) -> None:
    """Today at a glance: lists, names, funding, deadlines, findings, and whether all runs.

    \b
      python -m ops status
      python -m ops status --stack backorder-live --json | jq .forecast_in_words
    """
    from ops import status as of_status  # noqa: PLC0415

    with screen.working("reading the table"):
        seen = of_status.look(stack)
    screen.show(seen, of_status.render)


@main.command(short_help="the whole history of one name")
@click.argument("name", metavar="NAME")
@_on_a_stack
def why(stack: Stack, screen: Screen, name: str) -> None:
    """The whole history of one name: which list and line, each state and call, deposit, refund, charge, findings.

    Takes a name as people write it.

    \b
      python -m ops why example.com --stack backorder-live
      python -m ops why bücher.de
    """
    from ops import why as of_why  # noqa: PLC0415

    with screen.working("reading the history"):
        seen = of_why.look(stack, name)
    screen.show(seen, of_why.render)


@main.command(short_help="uploads a list, and shows what became of it")
@click.argument("file", metavar="LIST", type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(["wanted", "dropping", "cancel", "rules"]),
    help="wanted: each name is ordered; dropping: the rules choose; cancel: each is taken back; rules: a rules.toml "
    "(default: wanted, and rules for a .toml)",
)
@click.option("--encoding", metavar="NAME", help="what it is written in, such as windows-1250 (default: found out)")
@_waiting
@_on_a_stack
def put(stack: Stack, screen: Screen, file: Path, kind: Any, encoding: str | None, wait: int) -> None:
    """Uploads a list, waits until it is read, and shows what became of its entries.

    A list may be plain text, CSV, JSON, gzipped or zipped. Putting it twice orders nothing twice. Of a folder, each
    file is put.

    \b
      python -m ops put monday.txt --stack backorder-live
      python -m ops put deleted.csv.zip --kind dropping --wait 900
      python -m ops put rules.toml
    """
    from ops import uploads  # noqa: PLC0415

    unread = False
    for one, meant in uploads.files_of(file, kind):
        with screen.transfer(f"uploading {one.name}", one) as progress:
            upload = uploads.put_file(stack, one, meant, encoding=encoding, progress=progress)
        with screen.working(f"waiting for {one.name} to be read"):
            done = uploads.outcome(stack, upload, seconds=wait)
        screen.show(done, uploads.render)
        unread = unread or bool(wait and not done.read)
    if unread:
        sys.exit(FOUND_WANTING)


@main.command(short_help="takes names back")
@click.argument("names", metavar="NAME…", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="do not ask")
@_waiting
@_on_a_stack
def cancel(stack: Stack, screen: Screen, names: tuple[str, ...], yes: bool, wait: int) -> None:
    """Takes names back: says what happens to each, and asks; then puts a cancel list into the bucket.

    The provider takes an order back until its finalization date. A cancelled name is ordered again by a new list of
    wanted names only. With --json and without --yes nothing is done.

    \b
      python -m ops cancel example.com example.net --stack backorder-live
    """
    from ops import cancel as of_cancel  # noqa: PLC0415
    from ops import uploads  # noqa: PLC0415

    with screen.working("looking at the names"):
        prospects = of_cancel.prospects(stack.store, names)
    if not screen.as_json:
        of_cancel.render_prospects(prospects, screen.out)
    acting = sum(prospect.will_act for prospect in prospects)
    done = None
    if acting and (yes or screen.agrees(f"Take back {counted(acting, 'name')}?")):
        upload = uploads.put_text(stack, *of_cancel.cancel_list(prospects, system_clock()))
        with screen.working("waiting for it to be read"):
            done = uploads.outcome(stack, upload, seconds=wait)
    screen.show(of_cancel.Cancelled(prospects, done), of_cancel.render)
    if done is not None and wait and not done.read:
        sys.exit(FOUND_WANTING)


@main.command(short_help="puts your login into the stack's secret")
@click.option(
    "--login-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    default="-",
    help="a file that holds what the secret will (default: asks)",
)
@click.option("--unchecked", is_flag=True, help="do not try it first: the provider takes no calls from this machine")
@_on_a_stack
def secret(stack: Stack, screen: Screen, login_file: Path, unchecked: bool) -> None:
    """Puts the provider's login and password into the stack's secret, after a try whether the provider takes them.

    Asks for both; nothing of them gets into a command line, a history, or a log. The functions use them from their
    next call on.

    \b
      python -m ops secret --stack backorder-live
    """
    from ops import secret as of_secret  # noqa: PLC0415

    credentials = of_secret.read_login(login_file)
    screen.show(of_secret.put(stack, credentials, tried=not unchecked), of_secret.render)


@main.command(short_help="checks a stack, or settings, before they cost a day")
@click.option("--stack", "stack_name", metavar="NAME", help="a deployed stack (default: the one of `make up`)")
@click.option("--json", "as_json", is_flag=True, help="print JSON, for other programs")
@click.option(
    "--login-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="check settings, without any stack: a file that holds what the secret would; - asks for login and password",
)
@click.option("--rules", type=click.Path(path_type=Path), metavar="FILE", help="with --login-file: a rules.toml")
@click.option("--stage", type=click.Choice(["test", "live"]), default="test", help="with --login-file (default: test)")
@click.option("--endpoint", metavar="URL", help="with --login-file: the provider's API, if not the usual one")
def doctor(
    stack_name: str | None,
    as_json: bool,
    login_file: Path | None,
    rules: Path | None,
    stage: Any,
    endpoint: str | None,
) -> None:
    """Checks what would cost a day: login, source address, prices, contacts, zones, rules, schedules, mail.

    Only reads, at the provider too. Exit status 1 with a fault. Settings can be checked before there is a stack; a
    password is never given on the command line.

    \b
      python -m ops doctor --stack backorder-live
      python -m ops doctor --login-file - --rules rules.toml --stage live
    """
    from ops.doctor import checks, settings  # noqa: PLC0415

    screen = Screen(as_json=as_json)
    if login_file is not None and stack_name is not None:
        raise click.UsageError("either --stack or --login-file")
    if login_file is None and (rules or endpoint):
        raise click.UsageError("--rules and --endpoint go with --login-file; a stack has its own")
    with screen.working("looking") if str(login_file) != "-" else nullcontext():
        if login_file is not None:
            seen = settings.of_files(login_file, rules, stage=stage, endpoint=endpoint)
        else:
            seen = settings.of_stack(find(stack_name))
    screen.show(seen, checks.render)
    if not seen.is_healthy:
        sys.exit(FOUND_WANTING)


@main.command(short_help="shows the dead letters, and puts them back")
@click.option("--yes", is_flag=True, help="do not ask")
@click.option("--most", type=click.IntRange(1, 1000), default=50, show_default=True, help="of each queue")
@_on_a_stack
def redrive(stack: Stack, screen: Screen, yes: bool, most: int) -> None:
    """Shows the dead letters, asks, and puts them back where they are handled: lists to IngestList, orders to
    SubmitBackorders.

    Find out first why they died (the functions' logs say it): they come back otherwise. Nothing is moved that was not
    shown. With --json and without --yes nothing is done.

    \b
      python -m ops redrive --stack backorder-live
    """
    from ops import redrive as of_redrive  # noqa: PLC0415
    from ops.dead_letters import dead  # noqa: PLC0415

    with screen.working("reading the dead letters"):
        held = of_redrive.hold(stack, most=most)
        more = max(0, sum(dead(stack).values()) - len(held))
    letters, moved = tuple(one.letter for one in held), list[str]()
    try:
        if held and not screen.as_json:
            of_redrive.render_letters(letters, more, screen.out)
        if held and (yes or screen.agrees(f"Put {counted(len(held), 'message')} back?")):
            with screen.working("putting them back"):
                moved.extend(of_redrive.move(stack, held))
    finally:
        of_redrive.let_go(stack, [one for one in held if one.letter.id not in moved])
    screen.show(of_redrive.Redriven(letters, tuple(moved), more), of_redrive.render)


@main.command(short_help="puts into the reports what an older version left out")
@_on_a_stack
def reindex(stack: Stack, screen: Screen) -> None:
    """Looks for backorders that are over and in no report, because an older version wrote them last, and puts them
    into the index that reports are made from. Reads the whole table.

    \b
      python -m ops reindex --stack backorder-live
    """
    from ops import reindex as of_reindex  # noqa: PLC0415

    with screen.working("reading the whole table"):
        done = of_reindex.reindex(stack.store, stack.clock)
    screen.show(done, of_reindex.render)


@main.command(short_help="sends invented names through every station, and takes them back")
@click.option("--live", is_flag=True, help="also on a live stack: orders the names there, and takes them back")
@click.option(
    "--patience", type=click.IntRange(1), metavar="SECONDS", help="at each station (default: 600; 60 on this machine)"
)
@_on_a_stack
def smoke(stack: Stack, screen: Screen, live: bool, patience: int | None) -> None:
    """What one runs once after a deployment: puts a list of two invented names, and looks at each station whether it
    gets there: object, summary, table, plan, order, provider, reconcile, report. Then it takes the names back.

    Exit status 1 where it got stuck, with what was seen and where to look.

    \b
      python -m ops smoke --stack backorder-test
    """
    from ops import smoke as of_smoke  # noqa: PLC0415

    tell = of_smoke.tell_on(screen.err if screen.as_json else screen.out)
    seen = of_smoke.smoke(stack, live=live, patience=patience or (60 if stack.is_local else 600), tell=tell)
    screen.show(seen, of_smoke.render)
    if not seen.passed:
        sys.exit(FOUND_WANTING)


def _stop(message: str) -> NoReturn:
    Screen().say(f"ops: {message}")
    sys.exit(UNUSABLE)


def run() -> None:
    """The outermost edge: faults that are to be expected end in one sentence, and nothing in a traceback."""
    try:
        main(prog_name="python -m ops", standalone_mode=False)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "python -m ops"
        _stop(f"{error.format_message().rstrip('.')}: see {command} --help")
    except click.ClickException as error:
        _stop(error.format_message())
    except click.Abort:
        sys.exit(130)
    except Fault as error:
        _stop(str(error))
    except (BotoCoreError, ClientError) as error:
        _stop(aws_in_words(error))
    except ProviderError as error:
        _stop(str(error))
    except requests.RequestException as error:
        _stop(f"the emulator does not answer ({type(error).__name__}): is `make up` still running?")


if __name__ == "__main__":
    run()
