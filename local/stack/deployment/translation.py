"""From the SAM template to CloudFormation, as AWS does it at deployment, but without AWS."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from local.stack.deployment.errors import DeploymentError
from local.stack.deployment.services import aws_session

CODE_PROPERTIES = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def translate(template: Path, parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Returns the CloudFormation template that `template` becomes.

    The code of functions and layers appears as `s3://checkout/<its folder>`: the translator wants to see what
    `sam deploy` would have uploaded. Raises `DeploymentError` with all that the translator has to complain of.
    """
    source = yaml_parse(template.read_text(encoding="utf-8"))
    for resource in source["Resources"].values():
        if code := CODE_PROPERTIES.get(resource["Type"]):
            resource["Properties"][code] = {"Bucket": "checkout", "Key": resource["Properties"][code].rstrip("/")}
    translator = Translator({}, Parser(), boto_session=aws_session())
    try:
        return cast("dict[str, Any]", translator.translate(source, dict(parameters or {})))
    except InvalidDocumentException as error:
        causes = "; ".join(str(cause.message) for cause in error.causes)
        raise DeploymentError(f"{template.name}: {causes}") from error
    finally:
        translator.metrics.publish()  # to nobody; it would warn of what it counted otherwise
