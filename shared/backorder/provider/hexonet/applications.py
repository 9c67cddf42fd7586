"""Reads an application, as `StatusDomainApplication` and the list commands tell it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from backorder.provider.hexonet.adapter import read_status
from backorder.provider.hexonet.values import amount_or_none, moment, moment_or_none, number_or_none, required, words
from backorder.provider.hexonet.wire import Response, Row
from backorder.provider.port import Application, Auction

PROPERTIES: Final = (
    "APPLICATION",
    "DOMAIN",
    "CLASS",
    "STATUS",
    "CREATEDDATE",
    "UPDATEDDATE",
    "FINALIZATIONDATE",
    "MISSINGPARAMETER",
    "INVALIDPARAMETER",
    "AUCTION-STATUS",
    "AUCTION-BIDDERSTATUS",
    "AUCTION-NUMBEROFBIDDERS",
    "AUCTION-STARTDATE",
    "AUCTION-ENDDATE",
    "AUCTION-BESTBID",
    "AUCTION-MINIMUMNEXTBID",
    "AUCTION-PRICE",
    "AUCTION-VAT",
    "AUCTION-CURRENCY",
    "AUCTION-URL",
)


_WON: Final = frozenset({"WON", "WINNER"})
_LOST: Final = frozenset({"LOST", "LOSER"})
"""What the bidder's status may say is not documented."""


def read_application(row: Row) -> Application:
    """Raises `NotAnAnswer` if id, domain, status or creation date are missing: the reference promises them."""
    created_at = moment(row["CREATEDDATE"], "CREATEDDATE")
    status_text = required(row["STATUS"], "STATUS")
    domain = required(row["DOMAIN"], "DOMAIN").lower()
    return Application(
        id=required(row["APPLICATION"], "APPLICATION"),
        domain=domain,
        zone=zone_of(domain, row["CLASS"]),
        status=read_status(status_text),
        created_at=created_at,
        updated_at=moment_or_none(row["UPDATEDDATE"], "UPDATEDDATE") or created_at,
        finalization_at=moment_or_none(row["FINALIZATIONDATE"], "FINALIZATIONDATE"),
        missing_parameters=words(row["MISSINGPARAMETER"]),
        invalid_parameters=words(row["INVALIDPARAMETER"]),
        auction=_read_auction(row),
        status_text=status_text,
    )


def zone_of(domain: str, class_: str) -> str:
    """Return the zone, which the class names: `COM_BACKORDER` on `john.com` is `com`, also where it is written without
    its dots (`COUK`). Without a class that fits, what follows the domain's first label."""
    parts = domain.split(".")
    named = class_.upper().partition("_BACKORDER")[0].replace(".", "")
    suffixes = (".".join(parts[start:]) for start in range(1, len(parts)))
    return next((zone for zone in suffixes if zone.replace(".", "").upper() == named), ".".join(parts[1:]))


def read_single_application(response: Response) -> Application:
    """The application of an answer about one. There `MISSINGPARAMETER` may have several entries, all of it."""
    return replace(
        read_application(Row(0, {name: response.first(name) for name in PROPERTIES})),
        missing_parameters=words(" ".join(response.column("MISSINGPARAMETER"))),
        invalid_parameters=words(" ".join(response.column("INVALIDPARAMETER"))),
    )


def _read_auction(row: Row) -> Auction | None:
    if not any(row[name] for name in PROPERTIES if name.startswith("AUCTION-")):
        return None
    status, bidder = row["AUCTION-STATUS"].upper(), row["AUCTION-BIDDERSTATUS"].strip().upper()
    return Auction(
        is_won="WON" in status or bidder in _WON,
        is_lost="LOST" in status or bidder in _LOST,
        ends_at=moment_or_none(row["AUCTION-ENDDATE"], "AUCTION-ENDDATE"),
        best_bid=amount_or_none(row["AUCTION-BESTBID"], "AUCTION-BESTBID"),
        minimum_next_bid=amount_or_none(row["AUCTION-MINIMUMNEXTBID"], "AUCTION-MINIMUMNEXTBID"),
        price=amount_or_none(row["AUCTION-PRICE"], "AUCTION-PRICE"),
        currency=row["AUCTION-CURRENCY"].upper(),
        url=row["AUCTION-URL"],
        vat=amount_or_none(row["AUCTION-VAT"], "AUCTION-VAT"),
        bidders=number_or_none(row["AUCTION-NUMBEROFBIDDERS"], "AUCTION-NUMBEROFBIDDERS"),
    )
