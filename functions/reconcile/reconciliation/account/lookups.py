"""Looks names up: auctions while they run, and after each drop what was won and what is still free.

One by one: what is refused for one of them is set aside, and the others are looked up all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from backorder.domain.backorder import Backorder
from backorder.domain.registries import Registries
from backorder.domain.states import State
from backorder.provider.port import IN_VAIN, Availability, NotFound, Provider, ProviderError, Scope, one_by_one
from reconciliation.open_backorders import Orders
from reconciliation.stages import Stages
from reconciliation.status_sync import follow, found_in_account, found_outside, in_auction, refused, to_look_up


def look_up(provider: Provider, orders: Orders, registries: Registries, now: datetime, stages: Stages) -> None:
    """Looks up what is due, and keeps it on the orders. What the provider does not answer is looked up by the next run.
    Raises AccessDenied."""
    due: list[Backorder] = []
    auctions: list[Backorder] = []
    for order in orders:
        if to_look_up(order, now=now):
            due.append(order)
        priced = order.auction.price is not None
        won_unseen = order.state is State.AUCTION_WON and not (priced or order.auction.paid or order.settled)
        waits = order.refused_look is not None and now < order.refused_look.next_at
        if (order.state is State.AUCTION_PENDING or won_unseen) and not waits:
            auctions.append(order)
    with stages.stage("auctions"):
        each_alone(auctions, partial(_auction, provider, orders, registries, now), orders, now)
    with stages.stage("won"):
        each_alone([order for order in due if order.state.is_won], partial(_won, provider, orders, now), orders, now)
    with stages.stage("lost"):
        _lost(provider, orders, [order for order in due if order.state.is_lost], now)


def each_alone(some: Iterable[Backorder], look: Callable[[Backorder], None], orders: Orders, now: datetime) -> None:
    """Looks at each; one for which the provider refuses it is set aside. Raises what is about all of them: a failure of
    the wire, a refused account, and the last of many refusals before anything was answered."""
    in_vain = 0
    answered = False
    for order in some:
        try:
            look(order)
            answered = True
        except ProviderError as error:
            if error.scope is not Scope.OBJECT:
                raise
            orders.change(order, partial(refused, error=error, now=now))
            in_vain += 1
            if in_vain >= IN_VAIN and not answered:
                raise


def _auction(provider: Provider, orders: Orders, registries: Registries, now: datetime, order: Backorder) -> None:
    """Only an application's own answer tells of its auction: each run looks, as long as it is pending."""
    if order.application_id is None:
        return
    try:
        application = provider.application(order.application_id)
    except NotFound:
        return  # the next full look finds out
    order = orders.change(order, lambda current: follow(current, application, now=now, registries=registries))
    if application.auction is not None:
        orders.change(order, partial(in_auction, auction=application.auction, now=now))


def _won(provider: Provider, orders: Orders, now: datetime, order: Backorder) -> None:
    try:
        domain = provider.domain(order.domain)
    except NotFound:
        return  # not here yet: an auction's price is to be paid first
    orders.change(order, partial(found_in_account, domain=domain, now=now))


def _lost(provider: Provider, orders: Orders, lost: Iterable[Backorder], now: datetime) -> None:
    by_domain = {order.domain: order for order in lost}

    def check(domains: Sequence[str]) -> dict[str, Availability]:
        return {each.domain: each for each in provider.check(domains)}

    answers, failed = one_by_one(list(by_domain), check)
    for domain, availability in answers.items():
        change = partial(found_outside, availability=availability, now=now)
        if availability.error is not None:
            # Asked again: it is not taken for taken.
            change = partial(refused, error=availability.error, now=now)
        orders.change(by_domain[domain], change)
    for domain, error in failed.items():
        if error.scope is Scope.OBJECT and len(failed) < IN_VAIN + len(answers):
            orders.change(by_domain[domain], partial(refused, error=error, now=now))
        else:
            raise error
