"""Findings about items of the table that this version does not understand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backorder.domain.findings import Kind
from backorder.store import SetAside
from reconciliation.findings.observation import Observation


def examine_items(aside: Iterable[SetAside]) -> Iterator[Observation]:
    """Each item that was set aside."""
    for item in aside:
        yield Observation(
            Kind.ITEM_NOT_UNDERSTOOD,
            f"{item.pk} {item.sk}",
            f"The item {item.pk}, {item.sk} of the table was written by a newer version, or is damaged, "
            f"{_so(item)}: deploy that version again, or ask whoever looks after this pipeline.",
            None if item.backorder is None else item.backorder.domain,
        )


def _so(item: SetAside) -> str:
    if item.is_money:
        return "so the books are not compared with the account"
    if item.backorder is not None:
        return f"so {item.backorder.domain} is left as it is"
    return "and is left out"
