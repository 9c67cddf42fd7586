"""`cancel`: what taking names back would do, name by name; and the list that does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console

from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from backorder.domain.values import TakingBack
from backorder.store import NotUnderstood, Store
from ingestion.cancels import Cancel, last_cancel
from ops.screen import moment, plain, row, table
from ops.uploads import Put
from ops.uploads import render as render_put
from ops.why import domain_of


@dataclass(frozen=True)
class Prospect:
    """What a cancel does to one name."""

    domain: str
    state: State | None
    """None: there is no backorder for it."""
    will_act: bool
    what: str


@dataclass(frozen=True)
class Cancelled:
    """The prospects, and the cancel list that was put, if any."""

    names: tuple[Prospect, ...]
    put: Put | None


def prospects(store: Store, names: Iterable[str]) -> tuple[Prospect, ...]:
    """What a cancel would do to each name, once each. Raises Fault for what is no domain name."""
    domains = dict.fromkeys(map(domain_of, names))
    return tuple(_prospect(store, domain) for domain in domains)


def _prospect(store: Store, domain: str) -> Prospect:
    try:
        return prospect(domain, store.latest(domain), last_cancel(store, domain))
    except NotUnderstood as error:
        return Prospect(domain, None, will_act=False, what=str(error))


def prospect(domain: str, latest: Backorder | None, kept: Cancel | None = None) -> Prospect:
    """What a cancel would do to the newest backorder of a name; `kept`: the cancel of it that is kept. Pure."""
    if latest is None:
        since = f" (one of {moment(kept.at)} UTC is)" if kept is not None else ""
        what = f"there is no backorder for it; the cancel is kept{since}, and no older list orders it, nor does a rule"
        return Prospect(domain, None, will_act=True, what=what)
    how = latest.taking_back
    match how:
        case TakingBack.AT_ONCE:
            return Prospect(domain, latest.state, will_act=True, what="is taken back at once: nothing was sent for it")
        case TakingBack.AT_THE_PROVIDER:
            until = (
                f", if it allows that until {moment(latest.schedule.finalization_at)} UTC"
                if latest.schedule.finalization_at
                else ""
            )
            return Prospect(domain, latest.state, will_act=True, what=f"is taken back at the provider{until}")
        case TakingBack.BEGUN:
            return Prospect(domain, latest.state, will_act=False, what=how)
        case TakingBack.TOO_LATE:
            return Prospect(domain, latest.state, will_act=False, what=f"{how}: it is {latest.state.in_words}")
        case TakingBack.FOREIGN:
            return Prospect(domain, latest.state, will_act=False, what=how)


def cancel_list(names: Iterable[Prospect], now: datetime) -> tuple[str, str]:
    """Key and text of the list that takes back what can be taken back."""
    key = f"cancel/ops-{now:%Y%m%dT%H%M%S%fZ}.txt"
    return key, "".join(f"{name.domain}\n" for name in names if name.will_act)


def render_prospects(names: Iterable[Prospect], console: Console) -> None:
    """Puts what will happen on the screen."""
    made = table("", "name", "state", "what happens")
    for name in names:
        row(made, name.domain, name.state, name.what, style="" if name.will_act else "dim")
    console.print(made)


def render(cancelled: Cancelled, console: Console) -> None:
    """Puts on the screen what became of the cancel list."""
    if cancelled.put is None:
        console.print(plain("Nothing was taken back."))
        return
    render_put(cancelled.put, console)
    if any(name.what.startswith("is taken back at the provider") for name in cancelled.names):
        console.print("What the provider has is taken back by the next plans; `why NAME` shows when it is done.")
