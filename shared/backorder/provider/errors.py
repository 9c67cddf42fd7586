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

And whom it concerns (`Scope`): an answer about one object says nothing of any other. Which answer is which of these is
decided by the provider's own package, and by nobody else.
"""

from __future__ import annotations

from enum import Flag, StrEnum, auto
from typing import TypedDict, Unpack

from backorder.provider.results import Command


class Scope(StrEnum):
    """Whom an error concerns."""

    # Nobody: the call did not come through, or the provider had no time for it.
    TRANSPORT = "transport"
    # All calls of this login.
    ACCOUNT = "account"
    # This command, whatever it is about.
    COMMAND = "command"
    # All applications that say what this one said.
    SETTING = "setting"
    # All applications in this zone.
    ZONE = "zone"
    # One name or application.
    OBJECT = "object"


class Blame(Flag):
    """What a refusal blames, as far as it says."""

    NOTHING = 0
    # The zone: there are no backorders in it.
    ZONE = auto()
    # The name, or its class.
    NAME = auto()
    # The parameters that were sent: sent again as they are, they will be refused again.
    PARAMETERS = auto()
    # The want of what this zone's registry needs to know.
    ZONE_DATA = auto()


class About(TypedDict, total=False):
    """What an error says of its call, as `ProviderError` takes it."""

    asked: Command | None
    code: int | None
    command: str
    subject: str
    where: str
    scope: Scope | None


class ProviderError(Exception):
    """A call did not succeed. Catch the subclasses: each says what may be done.

    `asked`: what was asked, `command`: the provider's own name for it, for messages. `code` is the provider's, None
    where there was no answer; `description` its own text, or what happened on the wire; `subject` the domain or
    application that it was about, "" if none; `where` the account and the endpoint, never a password. `scope`: whom it
    concerns; by default its object, if it has one, or else the command. That the same refusal of many names is about
    what they share is for whoever counts them.
    """

    _advice = "see docs/provider.md"
    _scope: Scope | None = None

    def __init__(
        self,
        description: str,
        *,
        asked: Command | None = None,
        code: int | None = None,
        command: str = "",
        subject: str = "",
        where: str = "",
        scope: Scope | None = None,
    ) -> None:
        self.asked = asked
        self.code = code
        self.description = description
        self.command = command
        self.subject = subject
        self.where = where
        self.scope = scope or self._scope or (Scope.OBJECT if subject else Scope.COMMAND)
        super().__init__(description)

    @property
    def advice(self) -> str:
        """Return what to do about it, for the message."""
        return self._advice

    def __str__(self) -> str:
        what = " ".join(part for part in (self.command or self.asked or "", self.subject) if part)
        answer = self.description if self.code is None else f"{self.code} {self.description}".rstrip()
        return f"{what}: {answer}; {self.advice}" if what else f"{answer}; {self.advice}"


class TemporaryFailure(ProviderError):
    """Nothing took effect. The caller may repeat the same call later, backing off."""

    _advice = "nothing took effect: safe to repeat later"
    _scope = Scope.TRANSPORT


class NotStarted(TemporaryFailure):
    """Nothing was sent: too little time remained, or the line had stopped. The caller gives the work back."""

    _advice = "nothing was sent: give it back and let a later run do it"


class OutcomeUnknown(ProviderError):
    """The command may have taken effect, or still may. The caller asks before repeating it."""

    _advice = "it may have taken effect: ask for the object's state before sending it again"
    _scope: Scope | None = Scope.TRANSPORT


class AnswerUnread(OutcomeUnknown):
    """There was a whole answer, and its values make no sense. As any unknown outcome; but it is about its object."""

    _scope = None


class Refused(ProviderError):
    """Refused as it was sent. If `blames_name`, the caller rejects the name; else it sets it aside, and tries again.

    Everything permanent that blames neither name nor zone is a wrong setting: one mistyped contact handle must not
    reject a day's names.
    """

    def __init__(self, description: str, *, blames: Blame = Blame.NOTHING, **about: Unpack[About]) -> None:
        super().__init__(description, **about)
        self.blames = blames

    @property
    def counts_by_zone(self) -> bool:
        """Return whether the zone is not supported: one finding a zone is enough."""
        return Blame.ZONE in self.blames

    @property
    def blames_name(self) -> bool:
        """Return whether it is the name's own fault: what was refused is the name, or its zone."""
        return bool(self.blames & (Blame.NAME | Blame.ZONE))

    @property
    def is_about_what_was_said(self) -> bool:
        """Return whether the parameters that were sent are refused: sent again as they are, they will be again."""
        return Blame.PARAMETERS in self.blames

    @property
    def lacks_data_of_its_zone(self) -> bool:
        """Return whether what this zone's registry needs to know was left out. Such an application is taken once it is
        marked as incomplete."""
        return Blame.ZONE_DATA in self.blames

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
    """The credit limit is exceeded. The caller holds the backorder; it is no refusal."""

    _advice = "hold the order until the account covers it"


class TryAgainSlowly(ProviderError):
    """Failed for any reason. The caller tries again, slowly, until the deadline, and then counts it as refused."""

    _advice = "try again, slowly, until the deadline"


class AccessDenied(ProviderError):
    """The account itself is refused: no call can succeed until a person acts. Nothing took effect."""

    _scope = Scope.ACCOUNT

    @property
    def advice(self) -> str:
        at = f" at {self.where}" if self.where else ""
        return f"check the secret's login and password, the account's allowed source addresses and the stage{at}"
