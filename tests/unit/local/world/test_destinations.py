"""What follows the success of a function that a schedule called."""

from __future__ import annotations

from local.stack.deployment import Declared, Function
from local.world.destinations import after_success


def a_function(id_: str, *, on_success: str | None = None) -> Function:
    return Function(
        id=id_,
        handler="app.handler",
        code="functions/any",
        timeout_s=60,
        memory_mb=128,
        environment={},
        asynchronous_retries=0,
        on_success=on_success,
    )


DECLARED = Declared(
    functions={"First": a_function("First", on_success="Second"), "Second": a_function("Second")},
    event_sources=(),
    schedules=(),
)


def test_a_success_starts_the_function_s_destination_with_what_was_asked_and_answered() -> None:
    started = after_success(DECLARED, "First", {"at": "noon"}, {"changed": True})
    assert started is not None
    function, event = started
    assert function == "Second"
    assert event["requestContext"]["condition"] == "Success"
    assert (event["requestPayload"], event["responsePayload"]) == ({"at": "noon"}, {"changed": True})


def test_where_there_is_no_destination_nothing_follows() -> None:
    assert after_success(DECLARED, "Second", {}, None) is None
