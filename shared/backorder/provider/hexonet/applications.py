"""An application: the provider's record of a backorder, as `StatusDomainApplication` and the list commands tell it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from backorder.provider.hexonet.adapter import ApplicationStatus
from backorder.provider.hexonet.values import amount_or_none, moment, moment_or_none, number_or_none, required, words
from backorder.provider.hexonet.wire import Response, Row

PROPERTIES: Final = (
    "APPLICATION",
    "DOMAIN",
    "CLASS",
    "STATUS",
    "CREATEDDATE",
    "UPDATEDDATE",
    "FINALIZATIONDATE",
    "USER",
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


@dataclass(frozen=True, slots=True)
class Auction:
    """An auction among the customers who wanted a caught name. Amounts in `currency`, which need not be the account's.

    Bids are placed at `url`, not through this API.
    """

    status: str
    ends_at: datetime | None
    best_bid: Decimal | None
    minimum_next_bid: Decimal | None
    price: Decimal | None
    currency: str
    url: str
    starts_at: datetime | None = None
    vat: Decimal | None = None
    """On `price`, in the same currency; both are there once the auction was won."""
    bidder_status: str = ""
    bidders: int | None = None

    @property
    def is_won(self) -> bool:
        """It is over, and was won by us, by its own words. What BIDDERSTATUS may say is not documented."""
        return "WON" in self.status.upper() or self.bidder_status.upper() in ("WON", "WINNER")

    @property
    def is_lost(self) -> bool:
        """It is over, and somebody else won it, by its own words."""
        return "LOST" in self.status.upper() or self.bidder_status.upper() in ("LOST", "LOSER")


@dataclass(frozen=True, slots=True)
class Application:
    """What the provider knows of one order. Times in UTC.

    `finalization_at` is there only if the provider sends it: its wiki says that it comes with backorders, its reference
    lists no such property. `status_text` is the wire's own word, for a status that we do not know.
    """

    id: str
    domain: str
    class_: str
    status: ApplicationStatus
    created_at: datetime
    updated_at: datetime
    finalization_at: datetime | None = None
    user: str = ""
    missing_parameters: tuple[str, ...] = ()
    invalid_parameters: tuple[str, ...] = ()
    auction: Auction | None = None
    status_text: str = field(default="", compare=False)

    @property
    def zone(self) -> str:
        """The zone, which the class names: `COM_BACKORDER` on `john.com` is `com`, also where it is written without its
        dots (`COUK`). Without a class that fits, what follows the domain's first label."""
        parts = self.domain.split(".")
        named = self.class_.upper().partition("_BACKORDER")[0].replace(".", "")
        suffixes = (".".join(parts[start:]) for start in range(1, len(parts)))
        return next((zone for zone in suffixes if zone.replace(".", "").upper() == named), ".".join(parts[1:]))

    @property
    def is_final(self) -> bool:
        return self.status.is_final

    @property
    def is_live(self) -> bool:
        return self.status.is_live


def read_application(row: Row) -> Application:
    """Raises `NotAnAnswer` if id, domain, status or creation date are missing: the reference promises them."""
    created_at = moment(row["CREATEDDATE"], "CREATEDDATE")
    status_text = required(row["STATUS"], "STATUS")
    return Application(
        id=required(row["APPLICATION"], "APPLICATION"),
        domain=required(row["DOMAIN"], "DOMAIN").lower(),
        class_=row["CLASS"].upper(),
        status=ApplicationStatus.read(status_text),
        created_at=created_at,
        updated_at=moment_or_none(row["UPDATEDDATE"], "UPDATEDDATE") or created_at,
        finalization_at=moment_or_none(row["FINALIZATIONDATE"], "FINALIZATIONDATE"),
        user=row["USER"],
        missing_parameters=words(row["MISSINGPARAMETER"]),
        invalid_parameters=words(row["INVALIDPARAMETER"]),
        auction=_read_auction(row),
        status_text=status_text,
    )


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
    return Auction(
        status=row["AUCTION-STATUS"],
        ends_at=moment_or_none(row["AUCTION-ENDDATE"], "AUCTION-ENDDATE"),
        best_bid=amount_or_none(row["AUCTION-BESTBID"], "AUCTION-BESTBID"),
        minimum_next_bid=amount_or_none(row["AUCTION-MINIMUMNEXTBID"], "AUCTION-MINIMUMNEXTBID"),
        price=amount_or_none(row["AUCTION-PRICE"], "AUCTION-PRICE"),
        currency=row["AUCTION-CURRENCY"].upper(),
        url=row["AUCTION-URL"],
        starts_at=moment_or_none(row["AUCTION-STARTDATE"], "AUCTION-STARTDATE"),
        vat=amount_or_none(row["AUCTION-VAT"], "AUCTION-VAT"),
        bidder_status=row["AUCTION-BIDDERSTATUS"].strip(),
        bidders=number_or_none(row["AUCTION-NUMBEROFBIDDERS"], "AUCTION-NUMBEROFBIDDERS"),
    )
