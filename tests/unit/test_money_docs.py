"""docs/money.md says of each kind of finding what it means and what to do."""

from __future__ import annotations

import pytest

from backorder.domain.findings import Kind
from backorder.domain.ledger import Account
from local.stack.processes import PROJECT

PAGE = (PROJECT / "docs" / "money.md").read_text()


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_finding_is_explained(kind: Kind) -> None:
    assert PAGE.count(f"\n| `{kind}` | ") == 1


@pytest.mark.parametrize("account", Account)
def test_every_account_of_the_ledger_is_explained(account: Account) -> None:
    assert f"`{account}`" in PAGE
