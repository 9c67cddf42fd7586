"""The table of codes: what each answer is in the tree of errors."""

from __future__ import annotations

import pytest

from backorder.provider.hexonet.codes import CODES, ORDER, Call, Where, class_for
from backorder.provider.port import (
    AccessDenied,
    AlreadyExists,
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


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (420, TemporaryFailure),
        (421, TemporaryFailure),
        (423, TemporaryFailure),
        (425, TemporaryFailure),
        (400, TemporaryFailure),
        (499, TemporaryFailure),
        (500, Refused),
        (503, Refused),
        (504, Refused),
        (505, Refused),
        (506, Refused),
        (507, Refused),
        (510, Refused),
        (530, AccessDenied),
        (531, AccessDenied),
        (540, AlreadyExists),
        (541, Refused),
        (545, NotFound),
        (546, InsufficientFunds),
        (547, NotAllowedNow),
        (549, TryAgainSlowly),
        (552, NotAllowedNow),
        (599, Refused),
        (0, OutcomeUnknown),
        (302, OutcomeUnknown),
        (900, OutcomeUnknown),
    ],
)
def test_each_code_says_what_may_be_done(code: int, kind: type[ProviderError]) -> None:
    assert class_for(code) is kind


def test_only_the_documented_codes_are_in_the_table() -> None:
    assert len(CODES) == 20


@pytest.mark.parametrize(
    ("code", "description", "blames_name"),
    [
        (505, "Invalid attribute value syntax; DOMAIN", True),
        (541, "Invalid attribute value; domain name is too long", True),
        (541, "Invalid attribute value; CLASS", True),
        (505, "Invalid attribute value syntax; DOMAIN0", True),
        (510, "Command not supported", True),
        (504, "Missing required attribute; TECHCONTACT0", False),
        (503, "Invalid attribute name; X-DOMAIN-ROID", False),
        (503, "Invalid attribute name; SUBCLASS", False),
        (541, "Invalid attribute value; OWNERCONTACT0", False),
        (541, "Invalid attribute value", False),
    ],
)
def test_a_refusal_blames_the_name_only_if_it_speaks_of_it(code: int, description: str, blames_name: bool) -> None:
    refused = Call("AddDomainApplication", "john.com").answered(code, description)
    assert isinstance(refused, Refused)
    assert refused.blames_name is blames_name
    assert refused.counts_by_zone is (code == 510)


@pytest.mark.parametrize(
    ("code", "command", "subject", "description", "scope"),
    [
        (None, ORDER, "john.com", "no answer", Scope.TRANSPORT),
        (421, ORDER, "john.com", "try again", Scope.TRANSPORT),
        (302, "StatusAccount", "", "found", Scope.TRANSPORT),
        (500, ORDER, "john.com", "Invalid command name", Scope.OBJECT),
        (500, "QueryDepositList", "", "Invalid command name", Scope.COMMAND),
        (503, ORDER, "john.com", "Invalid attribute name; PERIOD", Scope.SETTING),
        (504, ORDER, "john.com", "Missing required attribute; X-IT-PIN", Scope.ZONE),
        (505, ORDER, "john.com", "Invalid attribute value syntax; DOMAIN", Scope.OBJECT),
        (541, ORDER, "john.com", "Invalid attribute value; OWNERCONTACT0", Scope.SETTING),
        (541, "CheckDomains", "john.com", "Invalid attribute value; OWNERCONTACT0", Scope.OBJECT),
        (510, ORDER, "john.com", "Not supported", Scope.ZONE),
        (531, "DeleteDomainApplication", "10700", "Authorization failed", Scope.OBJECT),
        (531, "QueryDepositList", "", "Authorization failed", Scope.COMMAND),
        (545, "StatusDomainApplication", "10700", "Object not found", Scope.OBJECT),
        (549, ORDER, "john.com", "Command failed", Scope.OBJECT),
        (552, ORDER, "john.com", "Object status", Scope.OBJECT),
        (599, "QueryAccountingList", "", "?", Scope.COMMAND),
    ],
)
def test_an_error_concerns_its_object_unless_command_and_code_say_otherwise(
    code: int | None, command: str, subject: str, description: str, scope: Scope
) -> None:
    kind = OutcomeUnknown if code is None else class_for(code)
    if kind is AccessDenied:
        kind = Refused  # the account itself was taken: it is about the object
    assert Call(command, subject).error(kind, description, code).scope is scope


def test_a_denied_access_names_environment_entity_login_and_endpoint() -> None:
    where = Where("live", "54cd", "https://coreapi.1api.net/api/call.cgi", "jane")
    denied = Call("StatusAccount", where=where).answered(530, "Authentication failed")
    for word in ("live", "54cd", "jane", "https://coreapi.1api.net/api/call.cgi", "530", "StatusAccount"):
        assert word in str(denied)


@pytest.mark.parametrize(
    ("code", "description", "lacks"),
    [
        (504, "Missing required attribute; X-NICSE-IDNUMBER", True),
        (504, "Missing required attribute; TECHCONTACT0", False),
        (504, "Missing required attribute; MAX-X-1", False),
        (541, "Invalid attribute value; X-NICSE-IDNUMBER", False),
    ],
)
def test_what_only_a_zone_needs_is_told_from_what_every_order_needs(
    code: int, description: str, *, lacks: bool
) -> None:
    refused = Call("AddDomainApplication", "john.com").answered(code, description)
    assert isinstance(refused, Refused)
    assert refused.lacks_data_of_its_zone is lacks
