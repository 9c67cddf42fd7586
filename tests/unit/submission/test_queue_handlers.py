"""The handlers of the two queues: a crash is an error, and what was counted until then is counted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

import submission.app
from backorder.provider.port import Called
from backorder.runtime.messages import Batch
from backorder.runtime.observability import metrics
from submission.metrics import Watch

ORDER = '{"kind": "order", "backorders": [["example.com", 1]]}'
WITHDRAWAL = '{"kind": "withdraw", "backorders": [["example.net", 1]]}'


class Context(LambdaContext):
    """Of a function that was called."""

    def __init__(self) -> None:
        self._function_name = "submit_backorders"
        self._memory_limit_in_mb = 512
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:submit_backorders"
        self._aws_request_id = "1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 120_000


def records(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]}


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds of the messages that were worked through; a withdrawal crashes. Each is a call to the provider."""
    done: list[str] = []
    watch = Watch()

    def work(batch: Batch, *_: Any, **__: Any) -> dict[str, int]:
        watch.called(Called("AddDomainApplication", 200, True, 120, 16))
        if batch.kind == "withdraw":
            raise ZeroDivisionError("planted")
        done.append(batch.kind)
        return {"placed": 1}

    monkeypatch.setattr(submission.app, "work", work)
    monkeypatch.setattr(submission.app, "submission", lambda: None)
    monkeypatch.setattr(submission.app, "watch", lambda: watch)
    monkeypatch.setattr(metrics.provider, "namespace", "Backorders/test")
    monkeypatch.setattr(metrics.provider, "service", "submit_backorders")
    return done


def test_each_message_of_an_event_is_worked_through(done: list[str]) -> None:
    assert submission.app.handler(records(ORDER, ORDER), Context()) is None
    assert done == ["order", "order"]


@pytest.mark.parametrize(("body", "error"), [(WITHDRAWAL, ZeroDivisionError), ("{", ValidationError)])
def test_what_one_message_raises_is_the_answer_to_the_event(body: str, error: type[Exception], done: list[str]) -> None:
    with pytest.raises(error):
        submission.app.handler(records(ORDER, body), Context())


def test_calls_are_counted_though_the_message_crashed(done: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError):
        submission.app.handler(records(WITHDRAWAL), Context())

    lines = map(json.loads, capsys.readouterr().out.splitlines())
    assert [line["CallMilliseconds"] for line in lines if "CallMilliseconds" in line] == [[120]]
