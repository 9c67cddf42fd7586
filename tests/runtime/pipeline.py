"""The four built functions on a deployed stack, fed as Lambda's pollers and EventBridge Scheduler feed them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.stack.control import Control
from local.stack.deployment.services import Services
from local.stack.local_stack import LocalStack
from tests.runtime.artefacts import FUNCTIONS
from tests.runtime.conftest import sample_event
from tests.runtime.lambda_runtime import RunningFunction, running


@dataclass(frozen=True)
class Pipeline:
    """A stack, and its functions as they wait for events."""

    stack: LocalStack
    services: Services
    control: Control
    functions: Mapping[str, RunningFunction]

    def tick(self, function: str) -> Any:
        """What its schedule does."""
        return self.functions[function].invoke(sample_event(function)).value

    def deliver(self) -> int:
        """Brings each message that is in a queue to its function; gives how many. None may fail."""
        delivered = 0
        for source in self.stack.deployment.event_sources:
            while messages := self.services.sqs.receive_message(QueueUrl=source.queue_url).get("Messages"):
                records = [
                    {"messageId": message["MessageId"], "body": message["Body"], "eventSource": "aws:sqs"}
                    for message in messages
                ]
                assert self.functions[source.function].invoke({"Records": records}).value is None
                for message in messages:
                    self.services.sqs.delete_message(QueueUrl=source.queue_url, ReceiptHandle=message["ReceiptHandle"])
                delivered += len(messages)
        return delivered

    def upload(self, key: str, body: bytes) -> None:
        """Puts a list into the lists bucket, and has it read."""
        self.services.s3.put_object(Bucket=self.stack.deployment.lists_bucket, Key=key, Body=body)
        assert self.deliver() == 1

    def report(self, name: str) -> str:
        """One of the reports of the last reconciliation."""
        found = self.services.s3.get_object(Bucket=self.stack.deployment.reports_bucket, Key=f"latest/{name}")
        return found["Body"].read().decode()


@contextmanager
def pipeline(stack: LocalStack, folder: Path, *, calls: Path | None = None) -> Iterator[Pipeline]:
    """Starts the functions of `stack`; `calls` is the file for the AWS calls that they make."""
    with ExitStack() as cleanup:
        functions = {
            function: cleanup.enter_context(running(stack.deployment, function, folder, calls=calls))
            for function in FUNCTIONS
        }
        yield Pipeline(stack, Services(stack.moto_url), Control(stack.emulator_base_url), functions)
