"""Creates a stack in moto, resource by resource, and tells what it is made of."""

from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.stack.deployment import compute, messaging, storage, watching
from local.stack.deployment.errors import DeploymentError, UnsupportedError
from local.stack.deployment.intrinsics import Created, Resolver, parameter_values, references, refuse_by_rules
from local.stack.deployment.inventory import Inventory, Resource
from local.stack.deployment.model import Declared, Deployment
from local.stack.deployment.properties import IGNORED_TYPES, Creator, Order, Properties
from local.stack.deployment.services import ACCOUNT_ID, REGION, Services
from local.stack.deployment.translation import translate

STACK_NAME = "local-test"

CREATORS: dict[str, Creator] = {
    "AWS::CloudWatch::Alarm": watching.alarm,
    "AWS::CloudWatch::Dashboard": watching.dashboard,
    "AWS::DynamoDB::Table": storage.table,
    "AWS::Events::Rule": messaging.rule,
    "AWS::IAM::Role": compute.role,
    "AWS::Lambda::EventInvokeConfig": compute.event_invoke_config,
    "AWS::Lambda::EventSourceMapping": compute.event_source_mapping,
    "AWS::Lambda::Function": compute.function,
    "AWS::Lambda::LayerVersion": compute.layer_version,
    "AWS::Logs::LogGroup": storage.log_group,
    "AWS::S3::Bucket": storage.bucket,
    "AWS::SNS::Subscription": messaging.subscription,
    "AWS::SNS::Topic": messaging.topic,
    "AWS::SNS::TopicPolicy": messaging.topic_policy,
    "AWS::SQS::Queue": messaging.queue,
    "AWS::SQS::QueuePolicy": messaging.queue_policy,
    "AWS::Scheduler::Schedule": compute.schedule,
    "AWS::SecretsManager::Secret": storage.secret,
}

# What a resource may say beside its properties. A stack in moto is never deleted or updated: it ends with moto.
RESOURCE_KEYS = {"Type", "Properties", "Condition", "DependsOn", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"}


def deploy(
    template: Path, *, endpoint_url: str, parameters: Mapping[str, str], stack_name: str = STACK_NAME
) -> Deployment:
    """Deploys the SAM template into the moto server at `endpoint_url` and returns what was made.

    Raises `DeploymentError`: for a stack that is there already (moto's stacks are thrown away, not updated), and,
    with logical id, type and property, for anything in the template that the deployer neither creates nor ignores
    on purpose. After an error the half-made stack stays in moto: throw that away, too.
    """
    services = Services(endpoint_url)
    _refuse_a_second(services, stack_name)
    translated = translate(template, parameters)
    values = parameter_values(translated, parameters)
    resolver = Resolver(translated, values, _pseudo_parameters(stack_name))
    refuse_by_rules(translated, resolver)
    created = [
        _create(logical_id, resource, resolver, services, stack_name)
        for logical_id, resource in _in_order(translated["Resources"], resolver)
        if resource["Type"] not in IGNORED_TYPES
    ]
    outputs = {
        name: str(resolver.resolve(output["Value"]))
        for name, output in translated["Outputs"].items()
        if "Condition" not in output or resolver.condition(output["Condition"])
    }
    inventory = Inventory(created)
    return Deployment(
        stack_name=stack_name,
        endpoint_url=endpoint_url,
        region=REGION,
        parameters=values,
        outputs=outputs,
        functions=inventory.functions(),
        event_sources=inventory.event_sources(),
        schedules=inventory.schedules(),
    )


def declare(template: Path, parameters: Mapping[str, str]) -> Declared:
    """Return what the SAM template says of functions, queues and schedules, without creating anything.

    What only a service could name, such as a queue's address, is called after the resource. Raises `DeploymentError`
    as `deploy` does, but for what a service would refuse.
    """
    translated = translate(template, parameters)
    resolver = Resolver(translated, parameter_values(translated, parameters), _pseudo_parameters(STACK_NAME))
    resources = []
    for logical_id, resource in _in_order(translated["Resources"], resolver):
        created = Created(logical_id, _Attributes(logical_id))
        resolver.created[logical_id] = created
        properties = resolver.resolve(resource.get("Properties", {}))
        resources.append(Resource(logical_id, resource["Type"], properties, created))
    inventory = Inventory(resources)
    return Declared(
        functions=inventory.functions(), event_sources=inventory.event_sources(), schedules=inventory.schedules()
    )


class _Attributes(dict[str, str]):
    """Any attribute of a resource that is only declared."""

    def __init__(self, logical_id: str) -> None:
        super().__init__(Arn=f"{logical_id}.Arn")
        self._logical_id = logical_id

    def __missing__(self, name: str) -> str:
        return f"{self._logical_id}.{name}"


def _pseudo_parameters(stack_name: str) -> dict[str, str]:
    return {
        "AWS::AccountId": ACCOUNT_ID,
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack/{stack_name}/local",
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }


def _refuse_a_second(services: Services, stack_name: str) -> None:
    try:
        queues = services.sqs.list_queues(QueueNamePrefix=f"{stack_name}-").get("QueueUrls")
    except BotoCoreError as error:
        raise DeploymentError(f"no moto server answers at {services.endpoint_url}: {error}") from error
    if queues:
        raise DeploymentError(f"the stack {stack_name} is in moto already; start a new moto server for a new one")


def _in_order(resources: Mapping[str, Any], resolver: Resolver) -> list[tuple[str, Mapping[str, Any]]]:
    """The resources that the conditions let in, each after those it refers to."""
    wanted = {
        name: resource
        for name, resource in resources.items()
        if "Condition" not in resource or resolver.condition(resource["Condition"])
    }
    needs = {}
    for name, resource in wanted.items():
        explicit = resource.get("DependsOn", [])
        named = {explicit} if isinstance(explicit, str) else set(explicit)
        needs[name] = (named | set(references(resource.get("Properties", {})))) & wanted.keys()
    return [(name, wanted[name]) for name in TopologicalSorter(needs).static_order()]


def _create(
    logical_id: str, resource: Mapping[str, Any], resolver: Resolver, services: Services, stack_name: str
) -> Resource:
    type_ = resource["Type"]
    if unknown := sorted(set(resource) - RESOURCE_KEYS):
        raise UnsupportedError(f"{logical_id} ({type_}): the deployer does not know {unknown[0]}")
    try:
        values = resolver.resolve(resource.get("Properties", {}))
    except DeploymentError as error:
        raise type(error)(f"{logical_id} ({type_}): {error}") from error
    if type_ not in CREATORS:
        raise UnsupportedError(f"{logical_id}: the deployer creates no {type_}")
    properties = Properties(logical_id, type_, values)
    try:
        created = CREATORS[type_](Order(f"{stack_name}-{logical_id}", properties, services))
    except (ClientError, BotoCoreError) as error:
        raise DeploymentError(f"{logical_id} ({type_}): {error}") from error
    properties.refuse_the_rest()
    resolver.created[logical_id] = created
    return Resource(logical_id, type_, values, created)
