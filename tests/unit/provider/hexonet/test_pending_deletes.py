"""Filters of the pending-delete list, as the provider's reference names them."""

from __future__ import annotations

from typing import Any

import pytest

from backorder.provider.hexonet.pending_deletes import parameters
from backorder.provider.port import NameFilter


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (NameFilter(), {}),
        (NameFilter(zones=("com", "co.uk")), {"ZONE": ("com", "co.uk")}),
        (NameFilter(idns=False, hyphens=False, digits=False), {"FILTER": ["NOIDNS", "NOHYPHENS", "NONUMBERS"]}),
        (NameFilter(length=(3, 5)), {"LENGTH": ["3", "4", "5"]}),
        (NameFilter(length=(20, 20)), {"LENGTH": ["20"]}),
        # There is no length beyond 20 that could be asked for.
        (NameFilter(length=(3, 21)), {}),
        (NameFilter(expression="^[0-9]+$"), {"REGEXP": "^[0-9]+$"}),
        (
            NameFilter(keywords=("my",), place="begin", all_keywords=True),
            {"KEYWORD": ("my",), "KEYWORDMATCH": "BEGIN", "KEYWORDCATENATION": "AND"},
        ),
        (
            NameFilter(keywords=("shop", "app")),
            {"KEYWORD": ("shop", "app"), "KEYWORDMATCH": "ANY", "KEYWORDCATENATION": "OR"},
        ),
    ],
)
def test_a_filter_is_sent_as_the_reference_names_it(wanted: NameFilter, sent: dict[str, Any]) -> None:
    assert {name: value for name, value in parameters(wanted).items() if value} == {"ORDERBY": "NAME", **sent}
