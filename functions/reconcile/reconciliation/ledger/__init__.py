"""The ledger: which postings explain what the account shows. Pure.

What is read twice is posted once: every posting's key is made of the provider's ids, or, for a booking without one, of
all that tells it from others.
"""

from reconciliation.ledger.bookings import (
    CHARGE_WINDOW,
    Booked,
    Unposted,
    book,
    compare,
    dispute,
    keyed,
    name_of,
    name_of_posting,
    side_by_side,
)
from reconciliation.ledger.deposits import CLOCKS_DIFFER, Followed, follow_deposits
from reconciliation.ledger.differences import (
    Checked,
    checked,
    difference,
    excludes_deposits,
    opening,
    opening_of_deposits,
    unexplained,
)
from reconciliation.ledger.proof import READINGS, UNSEEN, Differs, PastBooks, Proof, Reading, corrections, prove
from reconciliation.ledger.seen import Seen
from reconciliation.ledger.sums import Sum, sum_up

__all__ = [
    "CHARGE_WINDOW",
    "CLOCKS_DIFFER",
    "READINGS",
    "UNSEEN",
    "Booked",
    "Checked",
    "Differs",
    "Followed",
    "PastBooks",
    "Proof",
    "Reading",
    "Seen",
    "Sum",
    "Unposted",
    "book",
    "checked",
    "compare",
    "corrections",
    "difference",
    "dispute",
    "excludes_deposits",
    "follow_deposits",
    "keyed",
    "name_of",
    "name_of_posting",
    "opening",
    "opening_of_deposits",
    "prove",
    "side_by_side",
    "sum_up",
    "unexplained",
]
