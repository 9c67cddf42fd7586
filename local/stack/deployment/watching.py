"""Creates what watches the stack: alarms and the dashboard. moto keeps them; no metric reaches it from this machine."""

from local.stack.deployment.intrinsics import Created
from local.stack.deployment.properties import Order
from local.stack.deployment.services import ACCOUNT_ID, REGION


def alarm(order: Order) -> Created:
    name = order.properties.take("AlarmName", order.name)
    request = order.properties.as_request(
        "AlarmDescription",
        "AlarmActions",
        "OKActions",
        "Namespace",
        "MetricName",
        "Dimensions",
        "Metrics",
        "Statistic",
        "Period",
        "EvaluationPeriods",
        "Threshold",
        "ComparisonOperator",
        "TreatMissingData",
    )
    order.services.cloudwatch.put_metric_alarm(AlarmName=name, **request)
    return Created(name, {"Arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:{name}"})


def dashboard(order: Order) -> Created:
    name = order.properties.take("DashboardName", order.name)
    order.services.cloudwatch.put_dashboard(DashboardName=name, DashboardBody=order.properties.take("DashboardBody"))
    return Created(name)
