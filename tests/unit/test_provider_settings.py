"""Settings of an order, as the provider's parameters."""

from __future__ import annotations

from typing import Any

import pytest

from backorder.provider import OrderSettings


def test_nothing_set_is_nothing_sent() -> None:
    assert OrderSettings().parameters() == {}


def test_settings_become_numbered_parameters() -> None:
    settings = OrderSettings(
        owner_contacts=("P-A",),
        tech_contacts=("P-B", "P-C"),
        name_servers=("ns1.example", "ns2.example"),
        period=2,
        lite=True,
        extra={"x-nicse-idnumber": "556677-8899"},
    )
    assert settings.parameters() == {
        "OWNERCONTACT0": "P-A",
        "TECHCONTACT0": "P-B",
        "TECHCONTACT1": "P-C",
        "NAMESERVER0": "ns1.example",
        "NAMESERVER1": "ns2.example",
        "PERIOD": "2",
        "X-BACKORDER-LITE": "1",
        "X-NICSE-IDNUMBER": "556677-8899",
    }


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"tech_contacts": ("a", "b", "c", "d")}, "TECHCONTACT"),
        ({"name_servers": ("n",) * 14}, "NAMESERVER"),
        ({"period": 0}, "period"),
        ({"period": 1, "extra": {"period": "2"}}, "period"),
    ],
)
def test_settings_that_cannot_be_sent_are_refused(settings: dict[str, Any], names: str) -> None:
    with pytest.raises(ValueError, match=names):
        OrderSettings(**settings)
