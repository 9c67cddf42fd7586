"""What each answer of the provider is in the tree of errors: by its code, its words, and the command. Pure.

The provider's reference lists most codes for most commands, about one object each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from backorder.provider.errors import About
from backorder.provider.port import (
    AccessDenied,
    AlreadyExists,
    Blame,
    Command,
    InsufficientFunds,
    NotAllowedNow,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Refused,
    Scope,
    TemporaryFailure,
    TryAgainSlowly,
)

ORDER: Final = "AddDomainApplication"
ABOUT_THE_ACCOUNT: Final = frozenset({"StatusAccount", "CheckAuthentication"})
"""Who is refused these, is refused everything."""
OVERLOAD_CODES: Final = frozenset({420, 421, 423, 425})
"""Codes that ask for fewer calls at once."""

COMMANDS: Final = {
    ORDER: Command.PLACE,
    "DeleteDomainApplication": Command.WITHDRAW,
    "ModifyDomainApplication": Command.AMEND,
    "StatusDomainApplication": Command.APPLICATION,
    "QueryDomainApplicationList": Command.APPLICATIONS,
    "StatusAccount": Command.ACCOUNT,
    "QueryAccountBalanceList": Command.BALANCE,
    "QueryDepositList": Command.DEPOSITS,
    "QueryAccountingList": Command.ENTRIES,
    "QueryObjectRenewalList": Command.RENEWALS,
    "StatusUser": Command.PRICES,
    "QueryDomainPendingDeleteList": Command.PENDING_DELETES,
    "CheckDomains": Command.AVAILABILITY,
    "StatusDomain": Command.REGISTERED,
}
"""What of the port each command serves."""

CODES: Final[dict[int, type[ProviderError]]] = {
    420: TemporaryFailure,  # server error, connection closes
    421: TemporaryFailure,  # server error, try again
    423: TemporaryFailure,  # could not get a session
    425: TemporaryFailure,  # locked for a while, usage exceeded
    500: Refused,  # invalid command name
    503: Refused,  # invalid attribute name
    504: Refused,  # missing required attribute
    505: Refused,  # invalid attribute value syntax
    506: Refused,  # invalid option value
    507: Refused,  # invalid command format
    510: Refused,  # not supported for this class
    530: AccessDenied,  # authentication failed
    531: AccessDenied,  # authorization failed
    540: AlreadyExists,  # attribute value is not unique
    541: Refused,  # invalid attribute value
    545: NotFound,  # object not found
    546: InsufficientFunds,  # credit limit exceeded
    547: NotAllowedNow,  # invalid command sequence
    549: TryAgainSlowly,  # command failed
    552: NotAllowedNow,  # object status does not allow for operation
}
"""The provider's codes (its command reference, and provider-api.md, "Codes")."""

_ABOUT_WHAT_WAS_SAID: Final = frozenset({503, 504, 505, 506, 507, 541})
_SPEAKS_OF_THE_NAME: Final = re.compile(
    r"(?<![A-Z0-9-])(?:DOMAIN(?:[ _]?NAME)?|CLASS)S?[0-9]*(?![A-Z0-9-])", re.IGNORECASE
)
_A_ZONES_PARAMETER: Final = re.compile(r"(?<![A-Z0-9-])X-[A-Z0-9-]+", re.IGNORECASE)


@dataclass(frozen=True)
class Where:
    """What a message may say about the other end. There is no password in it, so none can get out."""

    environment: str
    entity: str
    endpoint: str
    login: str

    def __str__(self) -> str:
        return f"environment {self.environment} (entity {self.entity}), login {self.login!r}, endpoint {self.endpoint}"


@dataclass(frozen=True)
class Call:
    """What was sent: the command, and the domain or application that it was about, "" if none."""

    command: str
    subject: str = ""
    where: Where | None = None

    def error(self, kind: type[ProviderError], description: str, code: int | None = None) -> ProviderError:
        """Return an error of this kind about the call; whom it concerns is decided by command, code and description.

        `AccessDenied` is for the account itself, refused as well: another 530 or 531 is about the object.
        """
        about: About = {
            "asked": COMMANDS.get(self.command),
            "code": code,
            "command": self.command,
            "subject": self.subject,
            "where": "" if self.where is None else str(self.where),
            "scope": None if issubclass(kind, AccessDenied) else self._scope(code, description),
        }
        if issubclass(kind, Refused):
            return kind(description, blames=_blames(code, description), **about)
        return kind(description, **about)

    def answered(self, code: int, description: str) -> ProviderError:
        """Return what an answer with a code that is not 2xx is."""
        return self.error(class_for(code), description, code)

    def _scope(self, code: int | None, description: str) -> Scope | None:
        if code is None or not 500 <= code < 600:
            return Scope.TRANSPORT
        if code == 510:
            return Scope.ZONE
        if self.command == ORDER and code in _ABOUT_WHAT_WAS_SAID:
            if _A_ZONES_PARAMETER.search(description):
                return Scope.ZONE
            return Scope.OBJECT if _SPEAKS_OF_THE_NAME.search(description) else Scope.SETTING
        return Scope.OBJECT if self.subject else Scope.COMMAND


def _blames(code: int | None, description: str) -> Blame:
    """Everything permanent that speaks neither of DOMAIN nor of CLASS, and is not about the zone, blames no name."""
    blames = Blame.NOTHING
    if code == 510:
        blames |= Blame.ZONE
    if _SPEAKS_OF_THE_NAME.search(description):
        blames |= Blame.NAME
    if code in _ABOUT_WHAT_WAS_SAID:
        blames |= Blame.PARAMETERS
    if code == 504 and _A_ZONES_PARAMETER.search(description):
        blames |= Blame.ZONE_DATA
    return blames


def class_for(code: int) -> type[ProviderError]:
    """The exception for a code that is not 2xx.

    Undocumented 4xx are taken as 421. Undocumented 5xx are permanent like their neighbours, and blame no name unless
    they say so. Anything else is no code of this provider, so nothing is known of what happened.
    """
    if code in CODES:
        return CODES[code]
    if 400 <= code < 500:
        return TemporaryFailure
    if 500 <= code < 600:
        return Refused
    return OutcomeUnknown
