"""What a deployment is made of, for whoever works on it: the pump, tests, another process."""

from pydantic import BaseModel, ConfigDict

from local.stack.deployment.services import aws_environment


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Function(_Fact):
    """A Lambda function, with every reference in its environment resolved."""

    id: str
    handler: str
    code: str
    """Its folder in the project, as the template names it."""
    timeout_s: int
    memory_mb: int
    environment: dict[str, str]
    asynchronous_retries: int
    """How often Lambda repeats an asynchronous invocation that failed; 2 unless the template says otherwise."""
    on_success: str | None = None
    """The function that Lambda invokes after each asynchronous invocation that succeeded: its destination."""


class EventSource(_Fact):
    """A queue whose messages are a function's events, as Lambda's poller would bring them."""

    id: str
    function: str
    queue: str
    queue_url: str
    queue_arn: str
    visibility_timeout_s: int
    batch_size: int
    maximum_concurrency: int | None
    max_receive_count: int | None
    dead_letter_queue_url: str | None


class Schedule(_Fact):
    """A schedule of EventBridge Scheduler; its input may hold `<aws.scheduler.scheduled-time>`."""

    id: str
    expression: str
    timezone: str
    function: str
    input: str
    enabled: bool
    retries: int


class Declared(_Fact):
    """What a template says of its functions, and of what calls them."""

    functions: dict[str, Function]
    event_sources: tuple[EventSource, ...]
    schedules: tuple[Schedule, ...]

    def source_of(self, function: str) -> EventSource:
        """Return the one queue that feeds `function`."""
        [source] = (source for source in self.event_sources if source.function == function)
        return source


class Deployment(Declared):
    """A stack that runs in moto. `model_dump_json` and `model_validate_json` take it to another process."""

    stack_name: str
    endpoint_url: str
    region: str
    parameters: dict[str, str]
    outputs: dict[str, str]

    @property
    def lists_bucket(self) -> str:
        return self.outputs["ListsBucketName"]

    @property
    def reports_bucket(self) -> str:
        return self.outputs["ReportsBucketName"]

    @property
    def table_name(self) -> str:
        return self.outputs["TableName"]

    @property
    def list_queue_url(self) -> str:
        return self.outputs["ListQueueUrl"]

    @property
    def list_dead_letter_queue_url(self) -> str:
        return self.outputs["ListDeadLetterQueueUrl"]

    @property
    def rule_dead_letter_queue_url(self) -> str:
        return self.outputs["RuleDeadLetterQueueUrl"]

    @property
    def submission_queue_url(self) -> str:
        return self.outputs["SubmissionQueueUrl"]

    @property
    def submission_dead_letter_queue_url(self) -> str:
        return self.outputs["SubmissionDeadLetterQueueUrl"]

    @property
    def alert_topic_arn(self) -> str:
        return self.outputs["AlertTopicArn"]

    @property
    def provider_secret_arn(self) -> str:
        return self.outputs["ProviderSecretArn"]

    def environment(self, function: str) -> dict[str, str]:
        """All variables that `function` needs to run on this machine: its own, and the way to moto."""
        return {**self.functions[function].environment, **aws_environment(self.endpoint_url)}
