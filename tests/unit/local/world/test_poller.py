"""The rules by which a queue feeds a function."""

from __future__ import annotations

from datetime import timedelta

from local.stack.deployment import EventSource
from local.world.poller import Received, event_of, hidden_for, is_given_up, may_begin

SOURCE = EventSource(
    id="SubmitBackordersSubmissions",
    function="SubmitBackorders",
    queue="SubmissionQueue",
    queue_url="http://127.0.0.1/queue",
    queue_arn="arn:aws:sqs:us-east-1:123456789012:queue",
    visibility_timeout_s=720,
    batch_size=1,
    maximum_concurrency=2,
    max_receive_count=5,
    dead_letter_queue_url="http://127.0.0.1/dead",
)
UNLIMITED = SOURCE.model_copy(update={"maximum_concurrency": None, "max_receive_count": None})


def test_an_event_has_a_record_for_each_message() -> None:
    event = event_of(SOURCE, [Received("1", "one", "handle", {"ApproximateReceiveCount": "2"}), Received("2", "two")])
    assert [(record["messageId"], record["body"]) for record in event["Records"]] == [("1", "one"), ("2", "two")]
    assert event["Records"][0]["attributes"] == {"ApproximateReceiveCount": "2"}
    assert {(record["eventSource"], record["eventSourceARN"]) for record in event["Records"]} == {
        ("aws:sqs", SOURCE.queue_arn)
    }


def test_no_more_work_at_once_than_the_template_allows() -> None:
    assert (may_begin(SOURCE, 1), may_begin(SOURCE, 2), may_begin(UNLIMITED, 1000)) == (True, False, True)


def test_what_failed_comes_again_after_its_time_and_in_the_end_is_a_dead_letter() -> None:
    assert hidden_for(SOURCE) == timedelta(minutes=12)
    assert (is_given_up(SOURCE, 4), is_given_up(SOURCE, 5), is_given_up(UNLIMITED, 1000)) == (False, True, False)
