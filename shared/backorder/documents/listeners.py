"""Who gets what is published to the alert topic. Mail cannot say that it does not arrive: the page and `status` do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backorder.store import Store
    from backorder.store.documents import Documents


@dataclass(frozen=True, slots=True)
class Subscription:
    """One of the topic's, as SNS lists it."""

    endpoint: str
    """An address, or the ARN of what else listens."""
    arn: str
    """Of a confirmed subscription; SNS has a word in its place where it is not (`PendingConfirmation`, `Deleted`)."""

    @property
    def is_confirmed(self) -> bool:
        return self.arn.startswith("arn:")


def unheard(subscriptions: Iterable[Subscription], address: str) -> str | None:
    """Say why the stack's address for alerts gets no mail, and what to do; None if it does, or if there is none.

    SNS forgets a subscription that nobody confirmed after two days. A mail program that opens each link of
    a mail unsubscribes, too.
    """
    of_address = [each for each in subscriptions if each.endpoint.casefold() == address.casefold()]
    if not address or any(each.is_confirmed for each in of_address):
        return None
    if any(each.arn == "PendingConfirmation" for each in of_address):
        return f"{address} gets no mail: follow the link in the mail that AWS sent to confirm it"
    return f"{address} gets no mail, for it is not subscribed any more: subscribe it to the stack's alert topic again"


UNHEARD = "unheard"


def last_unheard(documents: Documents) -> str | None:
    """Return what the last hourly check said; None if all was well."""
    return (documents.document(UNHEARD) or {}).get("why")


def note_unheard(store: Store, why: str | None) -> None:
    """Keep what the hourly check said."""
    if why != last_unheard(store):
        store.put_document(UNHEARD, {"why": why})
