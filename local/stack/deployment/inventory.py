"""What was created, and how it hangs together: which queue feeds which function, which schedule starts it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.stack.deployment.intrinsics import Created
from local.stack.deployment.model import EventSource, Function, Schedule

# What the services do where the template says nothing.
DEFAULT_ASYNCHRONOUS_RETRIES = 2
DEFAULT_SCHEDULE_RETRIES = 185
DEFAULT_VISIBILITY_TIMEOUT_S = 30
DEFAULT_BATCH_SIZE = 10


@dataclass(frozen=True)
class Resource:
    """A resource that was created, with its properties resolved."""

    id: str
    type: str
    properties: Mapping[str, Any]
    created: Created


class Inventory:
    """The resources of a stack, found by what the properties of the others say of them."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._resources = tuple(resources)
        self._by_ref = {resource.created.ref: resource for resource in self._resources}
        self._by_arn = {
            resource.created.attributes["Arn"]: resource
            for resource in self._resources
            if "Arn" in resource.created.attributes
        }

    def functions(self) -> dict[str, Function]:
        """The functions by logical id."""
        asynchronous = {
            self._by_ref[config.properties["FunctionName"]].id: config.properties
            for config in self._of_type("AWS::Lambda::EventInvokeConfig")
        }
        return {
            resource.id: Function(
                id=resource.id,
                handler=resource.properties["Handler"],
                code=resource.properties["Code"]["S3Key"],
                timeout_s=resource.properties["Timeout"],
                memory_mb=resource.properties["MemorySize"],
                environment={
                    name: str(value) for name, value in resource.properties["Environment"]["Variables"].items()
                },
                asynchronous_retries=asynchronous.get(resource.id, {}).get(
                    "MaximumRetryAttempts", DEFAULT_ASYNCHRONOUS_RETRIES
                ),
                on_success=self._on_success(asynchronous.get(resource.id, {})),
            )
            for resource in self._of_type("AWS::Lambda::Function")
        }

    def event_sources(self) -> tuple[EventSource, ...]:
        """The queues that feed functions."""
        return tuple(map(self._event_source, self._of_type("AWS::Lambda::EventSourceMapping")))

    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules that start functions."""
        return tuple(map(self._schedule, self._of_type("AWS::Scheduler::Schedule")))

    def _of_type(self, type_: str) -> Iterator[Resource]:
        return (resource for resource in self._resources if resource.type == type_)

    def _on_success(self, config: Mapping[str, Any]) -> str | None:
        """Return the function to which an asynchronous invocation's success goes, if it goes to one."""
        arn = config.get("DestinationConfig", {}).get("OnSuccess", {}).get("Destination")
        target = self._by_arn.get(arn)
        return target.id if target is not None and target.type == "AWS::Lambda::Function" else None

    def _event_source(self, mapping: Resource) -> EventSource:
        properties = mapping.properties
        queue = self._by_arn[properties["EventSourceArn"]]
        redrive = queue.properties.get("RedrivePolicy")
        return EventSource(
            id=mapping.id,
            function=self._by_ref[properties["FunctionName"]].id,
            queue=queue.id,
            queue_url=queue.created.ref,
            queue_arn=properties["EventSourceArn"],
            visibility_timeout_s=queue.properties.get("VisibilityTimeout", DEFAULT_VISIBILITY_TIMEOUT_S),
            batch_size=properties.get("BatchSize", DEFAULT_BATCH_SIZE),
            maximum_concurrency=properties.get("ScalingConfig", {}).get("MaximumConcurrency"),
            max_receive_count=redrive["maxReceiveCount"] if redrive else None,
            dead_letter_queue_url=self._by_arn[redrive["deadLetterTargetArn"]].created.ref if redrive else None,
        )

    def _schedule(self, schedule: Resource) -> Schedule:
        properties = schedule.properties
        target = properties["Target"]
        return Schedule(
            id=schedule.id,
            expression=properties["ScheduleExpression"],
            timezone=properties.get("ScheduleExpressionTimezone", "UTC"),
            function=self._by_arn[target["Arn"]].id,
            input=target.get("Input", "{}"),
            enabled=properties.get("State", "ENABLED") == "ENABLED",
            retries=target.get("RetryPolicy", {}).get("MaximumRetryAttempts", DEFAULT_SCHEDULE_RETRIES),
        )
