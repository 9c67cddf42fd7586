"""Deploys `template.yaml` into a moto server, through the services' own APIs.

moto has a CloudFormation of its own, and it is not used for the resources: it leaves out whole types (schedules,
bucket, queue and topic policies, subscriptions, secrets, event-invoke configs) and, worse, single properties of the
types that it does create (versioning, lifecycle, the EventBridge switch, point-in-time recovery), all without a word,
and resolves `!Ref` to what it left out to nothing. Each of these would have to be found, written down and created
afterwards; to create everything in one way is shorter, and a property that nobody handles cannot go unseen.
It is faster, too: moto's CloudFormation alone takes a second to load.
"""

from local.stack.deployment.deployer import STACK_NAME, declare, deploy
from local.stack.deployment.errors import DeploymentError
from local.stack.deployment.model import Declared, Deployment, EventSource, Function, Schedule
from local.stack.deployment.services import REGION, aws_environment, aws_session
from local.stack.deployment.translation import translate

__all__ = [
    "REGION",
    "STACK_NAME",
    "Declared",
    "Deployment",
    "DeploymentError",
    "EventSource",
    "Function",
    "Schedule",
    "aws_environment",
    "aws_session",
    "declare",
    "deploy",
    "translate",
]
