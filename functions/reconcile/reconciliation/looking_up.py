"""Looks names up: auctions while they run, and after each drop what was won and what is still free."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from backorder.model import Backorder, State
from backorder.observability import logger
from backorder.provider.client import Provider
from backorder.provider.errors import AccessDenied, NotFound, ProviderError
from reconciliation.following import found_in_account, found_outside, in_auction, to_look_up
from reconciliation.orders import Orders


def look_up(provider: Provider, orders: Orders, now: datetime) -> None:
    """Looks up what is due, and keeps it on the orders. States and money do not wait for it: what the provider does not
    answer is looked up by the next run. Raises AccessDenied."""
    due: list[Backorder] = []
    auctions: list[Backorder] = []
    for order in orders:
        if to_look_up(order, now=now):
            due.append(order)
        won_unseen = order.state is State.AUCTION_WON and order.auction_url is None and not order.settled
        if order.state is State.AUCTION_PENDING or won_unseen:
            auctions.append(order)
    try:
        _auctions(provider, orders, auctions)
        _won(provider, orders, [order for order in due if order.state.is_won], now)
        _lost(provider, orders, [order for order in due if order.state.is_lost], now)
    except AccessDenied:
        raise
    except ProviderError as error:
        logger.warning("names_not_looked_up", why=str(error), due=len(due))


def _auctions(provider: Provider, orders: Orders, auctioned: Iterable[Backorder]) -> None:
    """Only an application's own answer tells of its auction."""
    for order in auctioned:
        if order.application is None:
            continue
        try:
            auction = provider.application(order.application).auction
        except NotFound:
            continue  # the next full look finds out
        if auction is not None:
            orders.change(order, partial(in_auction, auction=auction))


def _won(provider: Provider, orders: Orders, won: Iterable[Backorder], now: datetime) -> None:
    for order in won:
        try:
            domain = provider.domain(order.domain)
        except NotFound:
            continue  # not here yet: an auction's price is to be paid first
        orders.change(order, partial(found_in_account, domain=domain, now=now))


def _lost(provider: Provider, orders: Orders, lost: Iterable[Backorder], now: datetime) -> None:
    by_domain = {order.domain: order for order in lost}
    for availability in provider.check(list(by_domain)):
        order = by_domain[availability.domain]
        orders.change(order, partial(found_outside, availability=availability, now=now))
