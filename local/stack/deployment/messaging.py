"""Creates what carries messages: queues, topic, rule, and who may send to them."""

import json
from typing import Any

from local.stack.deployment.intrinsics import Created
from local.stack.deployment.properties import Order
from local.stack.deployment.services import ACCOUNT_ID, REGION


def queue(order: Order) -> Created:
    properties, sqs = order.properties, order.services.sqs
    name = properties.take("QueueName", order.name)
    attributes = properties.as_request("VisibilityTimeout", "MessageRetentionPeriod", "SqsManagedSseEnabled")
    redrive = properties.take("RedrivePolicy")
    texts: Any = {
        key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in attributes.items()
    }
    if redrive:
        texts["RedrivePolicy"] = json.dumps(redrive)
    url = sqs.create_queue(QueueName=name, Attributes=texts)["QueueUrl"]
    return Created(url, {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{name}", "QueueName": name, "QueueUrl": url})


def queue_policy(order: Order) -> Created:
    policy = order.document(order.properties.take("PolicyDocument"))
    for url in order.properties.take("Queues"):
        order.services.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return Created(order.name)


def topic(order: Order) -> Created:
    name = order.properties.take("TopicName", order.name)
    attributes = order.properties.as_request("DisplayName")
    arn = order.services.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
    return Created(arn, {"TopicArn": arn, "TopicName": name})


def topic_policy(order: Order) -> Created:
    policy = order.document(order.properties.take("PolicyDocument"))
    for arn in order.properties.take("Topics"):
        order.services.sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return Created(order.name)


def subscription(order: Order) -> Created:
    request = order.properties.as_request("TopicArn", "Protocol", "Endpoint")
    return Created(order.services.sns.subscribe(**request, ReturnSubscriptionArn=True)["SubscriptionArn"])


def rule(order: Order) -> Created:
    properties, events = order.properties, order.services.events
    name = properties.take("Name", order.name)
    pattern = json.dumps(properties.take("EventPattern"))
    created = events.put_rule(Name=name, EventPattern=pattern, **properties.as_request("Description", "State"))
    if targets := properties.take("Targets"):
        events.put_targets(Rule=name, Targets=targets)
    return Created(name, {"Arn": created["RuleArn"]})
