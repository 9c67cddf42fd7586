"""Creates what keeps data: table, buckets, secret, logs."""

from typing import Any

from local.stack.deployment.intrinsics import Created
from local.stack.deployment.properties import Order, Properties
from local.stack.deployment.services import ACCOUNT_ID, REGION


def table(order: Order) -> Created:
    properties, dynamodb = order.properties, order.services.dynamodb
    name = properties.take("TableName", order.name)
    recovery = properties.take("PointInTimeRecoverySpecification")
    created = dynamodb.create_table(
        TableName=name,
        **properties.as_request(
            "AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "GlobalSecondaryIndexes", "KeySchema"
        ),
    )
    if recovery:
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    return Created(name, {"Arn": created["TableDescription"]["TableArn"]})


def bucket(order: Order) -> Created:
    properties, s3 = order.properties, order.services.s3
    name = properties.take("BucketName", order.name.lower())
    s3.create_bucket(Bucket=name)
    if rules := properties.part("BucketEncryption").parts("ServerSideEncryptionConfiguration"):
        encryption: Any = [
            rule.as_request("BucketKeyEnabled", ServerSideEncryptionByDefault="ApplyServerSideEncryptionByDefault")
            for rule in rules
        ]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": encryption})
    if block := properties.take("PublicAccessBlockConfiguration"):
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    if versioning := properties.take("VersioningConfiguration"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
    if rules := properties.part("LifecycleConfiguration").parts("Rules"):
        s3.put_bucket_lifecycle_configuration(
            Bucket=name, LifecycleConfiguration={"Rules": [_lifecycle_rule(rule) for rule in rules]}
        )
    # Without this switch no Object Created event leaves the bucket.
    if properties.part("NotificationConfiguration").part("EventBridgeConfiguration").take("EventBridgeEnabled"):
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
    return Created(name, {"Arn": f"arn:aws:s3:::{name}"})


def _lifecycle_rule(rule: Properties) -> Any:
    return {
        "Filter": {"Prefix": rule.take("Prefix", "")},
        **rule.as_request("Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload", Id="ID"),
    }


def secret(order: Order) -> Created:
    name = order.properties.take("Name", order.name)
    created = order.services.secretsmanager.create_secret(
        Name=name, **order.properties.as_request("Description", "SecretString")
    )
    return Created(created["ARN"])


def log_group(order: Order) -> Created:
    name = order.properties.take("LogGroupName", order.name)
    order.services.logs.create_log_group(logGroupName=name)
    if retention := order.properties.as_request(RetentionInDays="retentionInDays"):
        order.services.logs.put_retention_policy(logGroupName=name, **retention)
    # CloudFormation's attribute covers the streams in the group.
    return Created(name, {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{name}:*"})
