"""What can go wrong in a deployment."""


class DeploymentError(Exception):
    """The template cannot be deployed as it is; the message says which resource, which property, and why."""


class UnsupportedError(DeploymentError):
    """A resource type, property or function of the template that the deployer neither creates nor ignores."""
