"""What can go wrong with a call, by what the caller may do about it.

ProviderError
├── TemporaryFailure        nothing took effect: safe to repeat later
│   └── NotStarted          … and nothing was sent: whoever bounds the calls said no
├── OutcomeUnknown          may have taken effect: ask before sending again
├── Refused                 for good: this name (`blames_name`), or a wrong setting
├── AlreadyExists           an application may exist: ask
├── NotFound                no such object
├── NotAllowedNow           the object's state forbids it: read the state again
├── InsufficientFunds       hold
├── TryAgainSlowly          failed for any reason: try again, slowly, until the deadline
└── LineHalted              no call can succeed until a person acts
    └── AccessDenied        login, password, source address or environment
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


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


class Refused(ProviderError):
    """Permanent. If `blames_name`, the caller rejects the name; otherwise a setting is wrong, and no name is marked."""

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
    def lacks_data_of_its_zone(self) -> bool:
        """It leaves out what this zone's registry needs to know (`X-…`). Such an order is taken with INCOMPLETE=1."""
        return self.code == 504 and _A_ZONES_PARAMETER.search(self.description) is not None

    @property
    def advice(self) -> str:
        if self.counts_by_zone:
            return "the provider takes no backorders in this zone"
        if self.blames_name:
            return "the provider will not take this name"
        return "a setting is wrong: check [provider] in rules.toml"


class AlreadyExists(ProviderError):
    """An application with the same data may exist. The caller asks for it, and adopts a live one."""

    _advice = "an application may exist already: ask for it"


class NotFound(ProviderError):
    """No such object. The caller decides: a known application was removed; in an answer to an order, a setting names
    something that does not exist, which halts the line."""

    _advice = (
        "no such object: a known application was removed; for an order, a setting names something that is not there"
    )


class NotAllowedNow(ProviderError):
    """The object's state forbids the command. The caller reads the state again and starts from there."""

    _advice = "read the object's state again"


class InsufficientFunds(ProviderError):
    """The credit limit is exceeded. The caller holds the order; it is no refusal."""

    _advice = "hold the order until the account covers it"


class TryAgainSlowly(ProviderError):
    """Failed for any reason. The caller tries again, slowly, until the deadline, and then counts it as refused."""

    _advice = "try again, slowly, until the deadline"


class LineHalted(ProviderError):
    """No call can succeed until a person acts. The caller stops sending, raises the alarm and marks no name."""

    _advice = "our own bug: stop sending and report it"


class AccessDenied(LineHalted):
    """Authentication or authorization failed. Nothing took effect."""

    @property
    def advice(self) -> str:
        at = f" at {self.where}" if self.where else ""
        return f"check the secret's login and password, the account's allowed source addresses and the stage{at}"


_SPEAKS_OF_THE_NAME: Final = re.compile(
    r"(?<![A-Z0-9-])(?:DOMAIN(?:[ _]?NAME)?|CLASS)S?[0-9]*(?![A-Z0-9-])", re.IGNORECASE
)

_A_ZONES_PARAMETER: Final = re.compile(r"(?<![A-Z0-9-])X-[A-Z0-9-]+", re.IGNORECASE)

CODES: Final[dict[int, type[ProviderError]]] = {
    420: TemporaryFailure,  # server error, connection closes
    421: TemporaryFailure,  # server error, try again
    423: TemporaryFailure,  # could not get a session
    425: TemporaryFailure,  # locked for a while, usage exceeded
    500: LineHalted,  # invalid command name
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
