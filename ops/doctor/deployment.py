"""What is looked at in AWS: schedules, mail, dead letters, the rules in use, and whether the functions run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from backorder.documents.halt import Halt, halt
from backorder.documents.runs import Run, Scheduled, last_run
from backorder.documents.successes import EXPECTATIONS, Successes, successes
from backorder.rules import KeptRules, RulesOutdated, kept_rules
from backorder.runtime.clock import span
from ops.dead_letters import dead
from ops.doctor.checks import Check, fault, looked, ok, warning
from ops.screen import ago
from ops.stacks import Stack


def examine(stack: Stack) -> Iterator[Check]:
    """All checks of what is deployed. A look that AWS does not allow is a warning, and the others go on."""
    now = stack.clock()
    yield from looked("rules", lambda: [_rules(stack)])
    yield from looked("line", lambda: [line(halt(stack.store), last_run(stack.store, "plan"), now)])
    yield from looked("plan", lambda: [_ran(stack, "plan", now)])
    yield from looked("reconcile", lambda: [_ran(stack, "reconcile", now)])
    yield from looked("stages", lambda: stages(successes(stack.store), now))
    yield from looked("schedules", lambda: schedules(_states(stack)))
    yield from looked("mail", lambda: mail(_subscriptions(stack)))
    yield from looked("dead letters", lambda: [letters(dead(stack))])


def _rules(stack: Stack) -> Check:
    try:
        return rules_in_use(kept_rules(stack.store))
    except RulesOutdated as outdated:
        return fault("rules", str(outdated), "mend it, and `put` it with --kind rules: no order is sent until then")


def rules_in_use(kept: KeptRules | None) -> Check:
    """Whether the rules that were uploaded last are those in use. Pure."""
    if kept is None:
        return ok("rules", "none were uploaded: nothing is chosen from dropping/, and the defaults hold")
    if kept.broken:
        return fault(
            "rules",
            f"a newer rules.toml is broken and not used: {kept.broken}",
            "mend it, and `put` it with --kind rules",
        )
    return ok("rules", f"version {kept.version} is in use")


def line(halted: Halt | None, plan: Run | None, now: datetime) -> Check:
    """Whether orders flow, as far as the last plan knows: it is what halts the line. Pure."""
    if halted is None and plan is None:
        return warning("line", "not known: no plan has run yet")
    if halted is None:
        return ok("line", "orders flow")
    return fault("line", f"halted {ago(halted.since, now)}: {halted.why}", _LIFTED_BY[halted.kind])


_LIFTED_BY = {
    "access": "mend the login or the source address: the next plan that gets through lifts it",
    "setting": "mend the setting: one order a plan is tried, and the first that goes through lifts it",
    "rules": "mend rules.toml, and `put` it with --kind rules: the next plan lifts it",
}


_TOO_LONG: Final[Mapping[Scheduled, timedelta]] = {"plan": timedelta(minutes=15), "reconcile": timedelta(hours=2)}
"""A function that has not run for so long has missed two of its schedule's ticks."""


def _ran(stack: Stack, function: Scheduled, now: datetime) -> Check:
    return ran(function, last_run(stack.store, function), now, created=stack.created)


def ran(function: Scheduled, run: Run | None, now: datetime, *, created: datetime | None) -> Check:
    """Whether a scheduled function runs, and came through. `created`: the stack, where that is known. Pure."""
    overdue = "look at its schedule, and at its log"
    if run is None and created is not None and now - created > _TOO_LONG[function]:
        return fault(function, f"never ran, and the stack was created {ago(created, now)}", overdue)
    if run is None:
        return warning(function, "never ran", "wait for its schedule, and look again")
    told = f"ran {ago(run.at, now)}"
    if now - run.at > _TOO_LONG[function]:
        return fault(function, told, overdue)
    if trouble := run.trouble:
        return warning(function, f"{told}: {trouble}")
    return ok(function, told)


def stages(known: Successes, now: datetime) -> Iterator[Check]:
    """Whether each stage of the pipeline succeeded not too long ago. Pure."""
    overdue = known.overdue(now)
    for stage, age in overdue.items():
        yield fault("stages", f"{EXPECTATIONS[stage].failed} for {span(age)}", _WHERE_TO_LOOK)
    fine = [
        f"{of.succeeded} {ago(known.at[s], now)}" for s, of in EXPECTATIONS.items() if s in known.at.keys() - overdue
    ]
    if fine:
        yield ok("stages", ", ".join(fine))


_WHERE_TO_LOOK = "docs/operations.md says where to look: a stage does not succeed"


def schedules(states: Mapping[str, str]) -> Iterator[Check]:
    """Whether each schedule is on. Fetching the provider's list is off unless it was asked for. Pure."""
    off = [name for name, state in states.items() if state != "ENABLED" and not name.startswith("Fetch")]
    for name in off:
        yield fault("schedules", f"{name} is {states[name].lower()}", "switch it on, or deploy again")
    if not off:
        on = [name for name, state in states.items() if state == "ENABLED"]
        yield ok("schedules", f"{', '.join(on) or 'none'}: on")


def _states(stack: Stack) -> dict[str, str]:
    return {
        logical: stack.scheduler.get_schedule(Name=name)["State"] for logical, name in sorted(stack.schedules.items())
    }


def mail(subscriptions: Iterable[tuple[str, str]]) -> Iterator[Check]:
    """Whether somebody hears of what needs a person. `subscriptions`: whom, and the subscription's ARN. Pure."""
    heard = list(subscriptions)
    if not heard:
        yield warning(
            "mail", "nobody is told what needs a person", "deploy with AlertEmail, or subscribe to the stack's topic"
        )
    for whom, arn in heard:
        if arn.startswith("arn:"):
            yield ok("mail", f"{whom} is told")
        else:
            yield fault("mail", f"{whom} has not confirmed the subscription", "follow the link in the mail from AWS")


def _subscriptions(stack: Stack) -> Iterator[tuple[str, str]]:
    pages = stack.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=stack.output("AlertTopicArn"))
    for page in pages:
        for subscription in page["Subscriptions"]:
            yield subscription["Endpoint"], subscription["SubscriptionArn"]


def letters(counts: Mapping[str, int]) -> Check:
    """Whether anything died. Pure."""
    found = ", ".join(f"{count} in {name}" for name, count in counts.items() if count)
    if found:
        return fault("dead letters", found, "look at them: python -m ops redrive")
    return ok("dead letters", "none")
