"""Creates what runs, when, and with which rights: functions, their event sources, schedules, roles.

moto never runs a function here, the pump does. They are created all the same: the services check what the template
says of them, and `aws lambda list-functions` shows the stack as it would be.
"""

import io
import zipfile

from local.stack.deployment.intrinsics import Created
from local.stack.deployment.properties import Order
from local.stack.deployment.services import ACCOUNT_ID


def _empty_archive() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("README", "The code runs from the checkout.")
    return archive.getvalue()


EMPTY_ARCHIVE = _empty_archive()


def function(order: Order) -> Created:
    properties = order.properties
    name = properties.take("FunctionName", order.name)
    # As CloudFormation does: a number in the template (a mapping's value, say) is a text in the environment.
    variables = {key: str(value) for key, value in properties.part("Environment").take("Variables", {}).items()}
    created = order.services.lambda_.create_function(
        FunctionName=name,
        Code={"ZipFile": EMPTY_ARCHIVE},
        Environment={"Variables": variables},
        Tags={tag["Key"]: tag["Value"] for tag in properties.take("Tags", [])},
        **properties.as_request(
            "Architectures",
            "Description",
            "Handler",
            "Layers",
            "LoggingConfig",
            "MemorySize",
            "Role",
            "Runtime",
            "Timeout",
        ),
    )
    return Created(name, {"Arn": created["FunctionArn"]})


def layer_version(order: Order) -> Created:
    created = order.services.lambda_.publish_layer_version(
        LayerName=order.properties.take("LayerName", order.name),
        Content={"ZipFile": EMPTY_ARCHIVE},
        **order.properties.as_request("CompatibleArchitectures", "CompatibleRuntimes", "Description"),
    )
    return Created(created["LayerVersionArn"])


def event_source_mapping(order: Order) -> Created:
    # Enabled, it would make moto take messages from the queue, and lose them: polling is the pump's part.
    order.properties.take("Enabled")
    # From a mapping, whose values are text: CloudFormation makes a number of it.
    concurrency = int(order.properties.part("ScalingConfig").take("MaximumConcurrency"))
    created = order.services.lambda_.create_event_source_mapping(
        Enabled=False,
        ScalingConfig={"MaximumConcurrency": concurrency},
        **order.properties.as_request("BatchSize", "EventSourceArn", "FunctionName"),
    )
    return Created(created["UUID"])


def event_invoke_config(order: Order) -> Created:
    request = order.properties.as_request(
        "DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier"
    )
    order.services.lambda_.put_function_event_invoke_config(**request)
    return Created(order.name)


def schedule(order: Order) -> Created:
    name = order.properties.take("Name", order.name)
    created = order.services.scheduler.create_schedule(
        Name=name,
        **order.properties.as_request(
            "Description", "FlexibleTimeWindow", "ScheduleExpression", "ScheduleExpressionTimezone", "State", "Target"
        ),
    )
    return Created(name, {"Arn": created["ScheduleArn"]})


def role(order: Order) -> Created:
    properties, iam = order.properties, order.services.iam
    name = properties.take("RoleName", order.name)
    trust = order.document(properties.take("AssumeRolePolicyDocument"))
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **properties.as_request("Description"))
    for policy in properties.parts("Policies"):
        document = order.document(policy.take("PolicyDocument"))
        iam.put_role_policy(RoleName=name, PolicyName=policy.take("PolicyName"), PolicyDocument=document)
    return Created(name, {"Arn": f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"})
