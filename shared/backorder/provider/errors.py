"""What can go wrong with a call, by what the caller may do about it.

ProviderError
├── TemporaryFailure        nothing took effect: safe to repeat later
│   └── NotStarted          … and nothing was sent: whoever bounds the calls said no
├── OutcomeUnknown          may have taken effect: ask before sending again
│   └── AnswerUnread        … for its answer makes no sense
├── Refused                 for good: this name (`blames_name`), or a wrong setting
├── AlreadyExists           an application may exist: ask
├── NotFound                no such object
├── NotAllowedNow           the object's state forbids it: read the state again
├── InsufficientFunds       hold
├── TryAgainSlowly          failed for any reason: try again, slowly, until the deadline
└── AccessDenied            no call can succeed until a person acts: login, password, source address or environment

And whom it concerns (`Scope`): an answer about one object says nothing of any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ORDER: Final = "AddDomainApplication"
ABOUT_THE_ACCOUNT: Final = frozenset({"StatusAccount", "CheckAuthentication"})
"""Who is refused these, is refused everything."""


class Scope(StrEnum):
    """Whom an error concerns. The reference lists most codes for most commands, about one object each."""

    TRANSPORT = "transport"
    """Nobody: the call did not come through, or the provider had no time for it."""
    ACCOUNT = "account"
    """All calls of this login."""
    COMMAND = "command"
    """This command, whatever it is about."""
    SETTING = "setting"
    """All orders that say what this one said."""
    ZONE = "zone"
    """All orders in this zone."""
    OBJECT = "object"
    """One name or application."""


@dataclass(frozen=True)
class Where:
    """What a message may say about the other end. There is no password in it, so none can get out."""

    environment: str
    entity: str
    endpoint: str
    login: str

    def __str__(self) -> str:
        return f"environment {self.environment} (entity {self.entity}), login {self.login!r}, endpoint {self.endpoint}"


class ProviderError(Exception):
    """A call did not succeed. Catch the subclasses: each says what may be done.

    `code` is the provider's, None where there was no answer; `description` its own text, or what happened on the wire;
    `command` the command sent; `subject` the domain or application that it was about, "" if none.
    """

    _advice = "see docs/provider.md"

    def __init__(
        self,
        description: str,
        *,
        code: int | None = None,
        command: str = "",
        subject: str = "",
        where: Where | None = None,
    ) -> None:
        self.code = code
        self.description = description
        self.command = command
        self.subject = subject
        self.where = where
        super().__init__(self._message())

    @property
    def advice(self) -> str:
        """What to do about it, for the message."""
        return self._advice

    @property
    def scope(self) -> Scope:
        """Whom it concerns, by command and code.

        `AccessDenied` is raised only where the account itself was refused as well (`Caller`): another 530 or 531 is
        about the object. That the same refusal of many names is about what they share is for whoever counts them.
        """
        if isinstance(self, AccessDenied):
            return Scope.ACCOUNT
        if isinstance(self, AnswerUnread):
            return Scope.OBJECT if self.subject else Scope.COMMAND
        if self.code is None or not 500 <= self.code < 600:
            return Scope.TRANSPORT
        if self.code == 510:
            return Scope.ZONE
        if self.command == ORDER and self.code in _ABOUT_WHAT_WAS_SAID:
            if _A_ZONES_PARAMETER.search(self.description):
                return Scope.ZONE
            return Scope.OBJECT if _SPEAKS_OF_THE_NAME.search(self.description) else Scope.SETTING
        return Scope.OBJECT if self.subject else Scope.COMMAND

    def _message(self) -> str:
        what = " ".join(part for part in (self.command, self.subject) if part)
        answer = self.description if self.code is None else f"{self.code} {self.description}".rstrip()
        return f"{what}: {answer}; {self.advice}" if what else f"{answer}; {self.advice}"


class TemporaryFailure(ProviderError):
    """Nothing took effect. The caller may repeat the same call later, backing off."""

    _advice = "nothing took effect: safe to repeat later"


class NotStarted(TemporaryFailure):
    """Nothing was sent: too little time remained, or the line had stopped. The caller gives the work back."""

    _advice = "nothing was sent: give it back and let a later run do it"


class OutcomeUnknown(ProviderError):
    """The command may have taken effect, or still may. The caller asks (design.md, "Exactly once") before repeating."""

    _advice = "it may have taken effect: ask for the object's state before sending it again"


class AnswerUnread(OutcomeUnknown):
    """There was a whole answer, and its values make no sense. As any unknown outcome; but it is about its object."""


class Refused(ProviderError):
    """Refused as it was sent. If `blames_name`, the caller rejects the name; else it sets it aside, and tries again."""

    @property
    def counts_by_zone(self) -> bool:
        """The zone is not supported (510): one finding a zone is enough."""
        return self.code == 510

    @property
    def blames_name(self) -> bool:
        """The name's own fault: its zone is not supported, or the description speaks of DOMAIN or CLASS.

        Everything else permanent is a wrong setting: one mistyped contact handle must not reject a day's names.
        """
        return self.counts_by_zone or _SPEAKS_OF_THE_NAME.search(self.description) is not None

    @property
    def is_about_what_was_said(self) -> bool:
        """The parameters that were sent are refused: sent again as they are, they will be again."""
        return self.code in _ABOUT_WHAT_WAS_SAID

    @property
    def lacks_data_of_its_zone(self) -> bool:
        """It leaves out what this zone's registry needs to know (`X-…`). Such an order is taken with INCOMPLETE=1."""
        return self.code == 504 and _A_ZONES_PARAMETER.search(self.description) is not None

    @property
    def advice(self) -> str:
        if self.counts_by_zone:
            return "the provider takes no backorders in this zone"
        if self.blames_name:
            return "the provider will not take this name"
        if self.scope in (Scope.SETTING, Scope.ZONE):
            return "a setting may be wrong: check [provider] in rules.toml"
        return "tried again, slowly; if it stays so, ask the provider's support"


class AlreadyExists(ProviderError):
    """An application with the same data may exist. The caller asks for it, and adopts a live one."""

    _advice = "an application may exist already: ask for it"


class NotFound(ProviderError):
    """No such object, for the moment at least. The caller looks once more before it takes an application for gone; in
    an answer to an order, a setting may name something that does not exist."""

    _advice = "no such object: look again; for an order, a setting may name something that is not there"


class NotAllowedNow(ProviderError):
    """The object's state forbids the command. The caller reads the state again and starts from there."""

    _advice = "read the object's state again"


class InsufficientFunds(ProviderError):
    """The credit limit is exceeded. The caller holds the order; it is no refusal."""

    _advice = "hold the order until the account covers it"


class TryAgainSlowly(ProviderError):
    """Failed for any reason. The caller tries again, slowly, until the deadline, and then counts it as refused."""

    _advice = "try again, slowly, until the deadline"


class AccessDenied(ProviderError):
    """The account itself is refused: no call can succeed until a person acts. Nothing took effect."""

    @property
    def advice(self) -> str:
        at = f" at {self.where}" if self.where else ""
        return f"check the secret's login and password, the account's allowed source addresses and the stage{at}"


_SPEAKS_OF_THE_NAME: Final = re.compile(
    r"(?<![A-Z0-9-])(?:DOMAIN(?:[ _]?NAME)?|CLASS)S?[0-9]*(?![A-Z0-9-])", re.IGNORECASE
)

_A_ZONES_PARAMETER: Final = re.compile(r"(?<![A-Z0-9-])X-[A-Z0-9-]+", re.IGNORECASE)

_ABOUT_WHAT_WAS_SAID: Final = frozenset({503, 504, 505, 506, 507, 541})

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

OVERLOAD_CODES: Final = frozenset({420, 421, 423, 425})
"""Codes that ask for fewer calls at once."""


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
