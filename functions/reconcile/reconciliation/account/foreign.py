"""Applications and deposits in the account that are no order of ours: watched, counted, and never touched.

For these the provider was read first, and the table is read after it: what is not there then, is not ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from backorder.documents.account_outlook import ForeignOrder
from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding, Kind
from backorder.domain.ledger import Lease
from backorder.domain.reservation import RELEASE_LAG
from backorder.domain.values import Origin
from backorder.provider.port import Application, ApplicationStatus, Provider
from backorder.store import NotUnderstood, Store
from reconciliation.account.snapshot import Reading
from reconciliation.findings import Stranger, refund_is_overdue
from reconciliation.findings.applications import CLOCKS_DIFFER
from reconciliation.open_backorders import Orders
from reconciliation.status_sync import reserved
from reconciliation.writers import side_by_side

KINDS = (Kind.APPLICATION_FOREIGN, Kind.APPLICATION_DUPLICATE)
_RESERVED = frozenset({ApplicationStatus.ACTIVE, ApplicationStatus.PROCESSING, ApplicationStatus.AUCTION_PENDING})


@dataclass(frozen=True, slots=True)
class Strangers:
    """What is not ours among the applications that were read."""

    live: tuple[Stranger, ...] = ()
    over: frozenset[str] = frozenset()
    """Ids of known applications that are live no longer, or ours."""
    unsure: frozenset[str] = frozenset()
    """Ids of applications that may be ours, for an order of ours is on its way, or not understood: the next run looks
    again."""
    everything: bool = False
    """All applications were read: what is not among `live` is over."""

    def examined(self, findings: Iterable[Finding]) -> dict[Kind, set[str]]:
        """Subjects of findings about applications that this look can close."""
        subjects = {finding.subject for finding in findings if finding.kind in KINDS}
        unsure = {f"application {id_}" for id_ in self.unsure}
        seen = subjects if self.everything else {f"application {id_}" for id_ in self.over}
        return dict.fromkeys(KINDS, seen - unsure)


def watched(foreign: Iterable[str], findings: Iterable[Finding]) -> set[str]:
    """The ids of applications that are known as somebody else's: the plan reckons with them, or a finding tells of
    them."""
    told = (finding.subject.removeprefix("application ") for finding in findings if finding.kind in KINDS)
    return {*foreign, *told}


def find_strangers(reading: Reading, orders: Orders, known: Collection[str]) -> Strangers:
    """Which of the applications that were read somebody else placed. Only of the `known` ones, by id, it is told that
    they are over, for an account has many that are."""
    live: list[Stranger] = []
    over: set[str] = set()
    unsure: set[str] = set()
    for application in reading.applications.values():
        try:
            cycles = () if application.is_final else _cycles(application, orders)
        except NotUnderstood:
            unsure.add(application.id)
            continue
        if application.is_final or any(
            order.application_id == application.id and order.origin is Origin.OURS for order in cycles
        ):
            if application.id in known:
                over.add(application.id)
        elif any(order.claim is not None or _may_have_come_of(order, application) for order in cycles):
            unsure.add(application.id)
        else:
            live.append(Stranger(application, _placed(cycles)))
    return Strangers(tuple(live), frozenset(over), frozenset(unsure), reading.placed.all_there_are)


def _may_have_come_of(order: Backorder, application: Application) -> bool:
    """An order of ours was refused, and may have taken effect all the same: it is looked for before it goes again."""
    since = order.refused_since
    return order.state.is_waiting and since is not None and application.created_at >= since - CLOCKS_DIFFER


def _cycles(application: Application, orders: Orders) -> Sequence[Backorder]:
    """Those of its domain; of an order of ours only that one, for which nothing has to be read."""
    ours = orders.of_application(application.id)
    if ours is not None and ours.origin is Origin.OURS:
        return [ours]
    return list(orders.of_domain(application.domain))


def _placed(cycles: Sequence[Backorder]) -> Backorder | None:
    return next((order for order in cycles if order.application_id is not None), None)


def foreign_orders(
    known: Mapping[str, ForeignOrder], strangers: Strangers, leases: Iterable[Lease]
) -> dict[str, ForeignOrder]:
    """What the plan has to reckon with: live applications of others that will draw their fee at their lock."""
    reserved = {lease.domain for lease in leases if lease.cycle is None}
    kept: dict[str, ForeignOrder] = {}
    if not strangers.everything:
        kept = {id_: order for id_, order in known.items() if id_ not in strangers.over}
    for stranger in strangers.live:
        application = stranger.application
        if stranger.backorder is None or stranger.backorder.application_id != application.id:
            kept[application.id] = ForeignOrder(application.domain, application.zone, application.finalization_at)
    return {id_: order for id_, order in sorted(kept.items()) if order.domain not in reserved}


def judge_deposits(
    leases: Iterable[Lease],
    *,
    provider: Provider,
    orders: Orders,
    store: Store,
    now: datetime,
    release_lag: timedelta = RELEASE_LAG,
) -> list[Lease]:
    """Return the deposits as they stand, each with whom it is for. A direct look-up of their applications decides.

    Of those for somebody else's backorder, the ones that no live application stands behind are marked. One that an
    order of ours should have given back by now, `release_lag` after its end, may be somebody else's for the same name:
    a deposit tells its name, and not its application. Raises what the provider's client raises.
    """
    standing = list(leases)
    overdue = {
        lease.id: order for lease in standing if (order := _overdue(lease, orders, now, release_lag)) is not None
    }
    asked = [lease for lease in standing if lease.cycle is None or lease.id in overdue]
    domains = sorted({lease.domain for lease in asked if lease.is_for_a_backorder})
    if not domains:
        return standing
    found = provider.applications(domains=domains)
    if not found.complete:
        return standing
    foreign = [each for each in found if each.is_live and not orders.knows(each.id)]
    # A row that makes no sense may be a live application of the name that it tells.
    live = {each.domain for each in foreign} | {cell for row in found.unread for cell in row.cells}
    unserved = Counter(each.domain for each in foreign if each.status in _RESERVED)
    unserved.subtract(lease.domain for lease in standing if lease.cycle is None)
    judged: list[Lease] = []
    for lease in standing:
        one = lease
        if lease.id in overdue and unserved[lease.domain] > 0:
            unserved[lease.domain] -= 1
            one = replace(lease, cycle=None, is_foreign=True)
            orders.change(overdue[lease.id], partial(reserved, lease=None, now=now))
        stands = one.cycle is not None or one.domain in live or not one.is_for_a_backorder
        alone_since = None if stands else one.alone_since or now
        judged.append(one if alone_since == one.alone_since else replace(one, alone_since=alone_since))
    side_by_side(store.save_lease, [one for one, lease in zip(judged, standing, strict=True) if one is not lease])
    return judged


def _overdue(lease: Lease, orders: Orders, now: datetime, release_lag: timedelta) -> Backorder | None:
    order = orders.of_lease(lease)
    return order if order is not None and refund_is_overdue(order, now, release_lag) else None
