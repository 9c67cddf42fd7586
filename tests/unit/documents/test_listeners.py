"""Whether the address for alerts gets what is published to the topic."""

from __future__ import annotations

import pytest

from backorder.documents.listeners import Subscription, last_unheard, note_unheard, unheard
from local.memory_store import MemoryStore

ARN = "arn:aws:sns:eu-central-1:123456789012:alerts:1"
YOU = "you@example.com"


@pytest.mark.parametrize(
    ("subscriptions", "says"),
    [
        ([Subscription(YOU, ARN)], None),
        ([Subscription("You@Example.com", ARN)], None),
        ([Subscription(YOU, "PendingConfirmation"), Subscription(YOU, ARN)], None),
        ([Subscription(YOU, "PendingConfirmation")], "follow the link in the mail"),
        ([Subscription("else@example.com", ARN)], "not subscribed any more"),
        ([Subscription(YOU, "Deleted")], "not subscribed any more"),
        ([], "not subscribed any more"),
    ],
)
def test_an_address_that_gets_no_mail_is_told_with_the_remedy(
    subscriptions: list[Subscription], says: str | None
) -> None:
    why = unheard(subscriptions, YOU)

    assert (why is None) == (says is None)
    assert (says or "") in (why or "")
    assert why is None or why.startswith(f"{YOU} gets no mail")


def test_a_stack_without_an_address_misses_nobody() -> None:
    assert unheard([], "") is None


def test_what_was_said_last_is_kept_until_all_is_well() -> None:
    store = MemoryStore()
    assert last_unheard(store) is None
    note_unheard(store, "nobody")
    assert last_unheard(store) == "nobody"
    note_unheard(store, None)
    assert last_unheard(store) is None
