"""The guard over all tests' AWS calls, caught in the act."""

from __future__ import annotations

import pytest
from botocore.exceptions import EndpointConnectionError

from local.stack.deployment.services import Services
from tests.rights import Guard, packages, policies

CALL = "client.delete_bucket(Bucket='lists')"


def called_from(module: str) -> None:
    """Calls S3 as code of `module` does."""
    exec(CALL, {"__name__": module, "client": Services("http://127.0.0.1:9").s3})


@pytest.mark.parametrize(
    "module", ["ingestion.ingest", "planning.plan_submissions", "submission", "reconciliation.app"]
)
def test_a_call_that_a_role_does_not_allow_fails_where_it_is_made(module: str, guard: Guard) -> None:
    with pytest.raises(AssertionError, match=f"{packages()[module.partition('.')[0]]}: s3:DeleteBucket"):
        called_from(module)
    assert guard.refused
    guard.refused.clear()


def test_the_tests_and_the_local_stack_may_do_as_they_like(guard: Guard) -> None:
    with pytest.raises(EndpointConnectionError):
        called_from("local.run")
    assert not guard.refused


def test_every_function_has_a_role_of_its_own() -> None:
    assert set(policies()) == {"FetchList", "IngestList", "PlanSubmissions", "SubmitBackorders", "ReconcileAccount"}
    assert all(policies().values())
