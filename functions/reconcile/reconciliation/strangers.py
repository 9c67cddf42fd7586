"""Applications and deposits in the account that are no order of ours: watched, counted, and never touched.

For these the provider was read first, and the table is read after it: what is not there then, is not ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from backorder.bookkeeping import Lease
from backorder.finding import Finding, Kind
from backorder.model import Backorder, Origin
from backorder.provider.applications import Application
from backorder.provider.client import Provider
from backorder.standing import ForeignOrder
from backorder.store import NotUnderstood, Store
from reconciliation.findings import Stranger
from reconciliation.findings.applications import CLOCKS_DIFFER
from reconciliation.orders import Orders
from reconciliation.reading import Reading
from reconciliation.writers import side_by_side

KINDS = (Kind.APPLICATION_FOREIGN, Kind.APPLICATION_DUPLICATE)


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
            order.application == application.id and order.origin is Origin.OURS for order in cycles
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
    return next((order for order in cycles if order.application is not None), None)


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
        if stranger.backorder is None or stranger.backorder.application != application.id:
            kept[application.id] = ForeignOrder(application.domain, application.zone, application.finalization_at)
    return {id_: order for id_, order in sorted(kept.items()) if order.domain not in reserved}


def judge_deposits(
    leases: Iterable[Lease], *, provider: Provider, orders: Orders, store: Store, now: datetime
) -> list[Lease]:
    """The deposits as they stand; of those that are for somebody else's backorder, the ones that no live application
    stands behind are marked. A direct look-up decides. Raises what the provider's client raises."""
    standing = list(leases)
    domains = sorted({lease.domain for lease in standing if lease.cycle is None and lease.is_for_a_backorder})
    if not domains:
        return standing
    found = provider.applications(domains=domains)
    if not found.complete:
        return standing
    live = {each.domain for each in found if each.is_live and not orders.knows(each.id)}
    judged: list[Lease] = []
    for lease in standing:
        stands = lease.cycle is not None or lease.domain in live or not lease.is_for_a_backorder
        alone_since = None if stands else lease.alone_since or now
        one = lease if alone_since == lease.alone_since else replace(lease, alone_since=alone_since)
        judged.append(one)
    side_by_side(store.save_lease, [one for one, lease in zip(judged, standing, strict=True) if one is not lease])
    return judged
