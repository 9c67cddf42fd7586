"""The provider's terms that the promises are checked against, stated here once more (docs/money.md has them)."""

from __future__ import annotations

from datetime import timedelta

RELEASE_LAG = timedelta(hours=24)
"""How long a deposit may take to come back, until that is measured."""
GRACE = RELEASE_LAG + timedelta(hours=2)
"""By then a reconciliation has seen that a deposit did not come back."""
LAPSED_AFTER = timedelta(hours=6)
"""How long a deposit may be gone while its application is ACTIVE."""
