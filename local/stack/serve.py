"""The functions of a running `make up`, at work until interrupted, as in Lambda: so that `python -m ops` can be tried
on this machine.

Messages are delivered as they arrive. Schedules follow the emulator's clock, and run besides whenever something was
delivered, so that nobody waits five minutes for a plan, or for ever where the clock stands still.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from backorder.runtime.clock import iso
from backorder.store.dynamodb import DynamoStore
from local.run.run import log_to
from local.stack.control import Control
from local.stack.deployment.model import Schedule
from local.stack.local_stack import BUILD, LocalStack
from local.world.moto.functions import handlers, use_environment
from local.world.moto.pump import Pump
from local.world.schedules import in_order, next_call
from local.world.watched import WatchedStore

POLL_S = 0.5
LOG = BUILD / "serve.log"

Tell = Callable[[str], None]


def serve(
    stack: LocalStack,
    *,
    tell: Tell,
    complain: Tell,
    log: Path = LOG,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Works until `stopped`; tells what ran, and writes the functions' log.

    What a function raises at its schedule is raised; of what one raises on a message, which comes again, it complains.
    """
    use_environment(stack.deployment)
    with log_to(log):
        _serve(stack, tell, complain, stopped)


def _serve(stack: LocalStack, tell: Tell, complain: Tell, stopped: Callable[[], bool]) -> None:
    store = WatchedStore(DynamoStore.connect(stack.deployment.table_name))
    functions = handlers(
        stack.deployment,
        store=store,
        clock=lambda: pump.now,
        tell=lambda message: tell(f"mail: {message.subject}"),
    )
    pump = Pump(
        *(stack.deployment, Control(stack.emulator_base_url), store, functions),
        crashed=lambda function, error: complain(f"{function} crashed: {type(error).__name__}: {error}"),
    )
    schedules = in_order(stack.deployment.schedules)
    due: dict[str, datetime] = {}
    while not stopped():
        handled = pump.keep_up()
        if handled:
            tell(f"{handled} message{'' if handled == 1 else 's'} handled")
        for function in _to_run(schedules, due, pump.now, at_once=handled > 0):
            pump.start(function, {"at": iso(pump.now)})
            tell(f"{function} ran at {iso(pump.now)}")
        time.sleep(POLL_S)


def _to_run(schedules: list[Schedule], due: dict[str, datetime], now: datetime, *, at_once: bool) -> list[str]:
    """The functions whose schedule is due at `now`, each once; sets when each schedule is due again."""
    functions: dict[str, None] = {}
    for schedule in schedules:
        if at_once or now >= due.get(schedule.id, now):
            functions[schedule.function] = None
            due[schedule.id] = next_call(schedule.expression, schedule.timezone, after=now)
    return list(functions)
