"""The tree of errors: what each allows the caller to do, and whom it concerns."""

from __future__ import annotations

import pytest

from backorder.provider.errors import (
    AccessDenied,
    AnswerUnread,
    Blame,
    NotFound,
    NotStarted,
    OutcomeUnknown,
    ProviderError,
    Refused,
    Scope,
    TemporaryFailure,
    TryAgainSlowly,
)


def test_nothing_that_may_have_taken_effect_is_safe_to_repeat() -> None:
    assert not issubclass(OutcomeUnknown, TemporaryFailure)
    assert issubclass(NotStarted, TemporaryFailure)


@pytest.mark.parametrize(
    ("error", "scope"),
    [
        (AccessDenied("no", subject="john.com"), Scope.ACCOUNT),
        (TemporaryFailure("busy", subject="john.com"), Scope.TRANSPORT),
        (NotStarted("no time", subject="john.com"), Scope.TRANSPORT),
        (OutcomeUnknown("no answer", subject="john.com"), Scope.TRANSPORT),
        (AnswerUnread("no amount", subject="john.com"), Scope.OBJECT),
        (AnswerUnread("no amount"), Scope.COMMAND),
        (NotFound("gone", subject="john.com"), Scope.OBJECT),
        (Refused("no"), Scope.COMMAND),
        (Refused("no", subject="john.com", scope=Scope.SETTING), Scope.SETTING),
    ],
)
def test_an_error_concerns_its_object_unless_its_kind_or_the_provider_says_otherwise(
    error: ProviderError, scope: Scope
) -> None:
    assert error.scope is scope


def test_a_refusal_of_the_zone_is_the_names_own_fault_as_well() -> None:
    refused = Refused("Not supported", blames=Blame.ZONE)
    assert (refused.counts_by_zone, refused.blames_name, refused.is_about_what_was_said) == (True, True, False)


def test_a_message_says_what_where_and_what_to_do() -> None:
    assert str(TryAgainSlowly("Command failed", code=549, command="AddDomainApplication", subject="john.com")) == (
        "AddDomainApplication john.com: 549 Command failed; try again, slowly, until the deadline"
    )
