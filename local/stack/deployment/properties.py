"""A resource of the template on its way to the service that creates it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.stack.deployment.errors import UnsupportedError
from local.stack.deployment.intrinsics import Created
from local.stack.deployment.services import Services

# What the deployer leaves out on purpose, and why nothing on this machine misses it.
IGNORED_TYPES = {
    "AWS::S3::BucketPolicy": "moto reads no conditions: what denies access without TLS would deny every access",
}
IGNORED_PROPERTIES = {
    ("AWS::Lambda::Function", "Code"): "the pump runs the functions from the checkout; moto gets an empty archive",
    ("AWS::Lambda::LayerVersion", "Content"): "the same",
    ("AWS::Lambda::Function", "RecursiveLoop"): "moto takes none, and the pump looks for no loops",
}


class Properties:
    """Resolved properties of a resource, or of a part of one. Remembers what was taken, so that the rest is seen."""

    def __init__(self, owner: str, type_: str, values: Mapping[str, Any], path: str = "") -> None:
        self._owner = owner
        self._type = type_
        self._left = dict(values)
        self._path = path
        self._parts: list[Properties] = []

    def take(self, name: str, default: Any = None) -> Any:
        """The value of one property; it counts as handled, with all that is in it."""
        return self._left.pop(name, default)

    def part(self, name: str) -> "Properties":
        """A property that is a structure of its own, empty if missing; what is in it must be taken, too."""
        part = Properties(self._owner, self._type, self._left.pop(name, None) or {}, f"{self._path}{name}.")
        self._parts.append(part)
        return part

    def parts(self, name: str) -> "list[Properties]":
        """The same for a property that is a list of structures."""
        values = self._left.pop(name, None) or []
        parts = [Properties(self._owner, self._type, value, f"{self._path}{name}.") for value in values]
        self._parts += parts
        return parts

    def as_request(self, *names: str, **renamed: str) -> dict[str, Any]:
        """Those of the named properties that are there, as parameters of an API call.

        `renamed` gives the API's name where it differs: `ScheduleExpressionTimezone="Timezone"`. The API's own
        validation refuses whatever it does not know inside them.
        """
        api_names = {name: name for name in names} | renamed
        return {api_name: self._left.pop(name) for name, api_name in api_names.items() if name in self._left}

    def refuse_the_rest(self) -> None:
        """Raises `UnsupportedError` for a property that was neither taken nor is ignored on purpose."""
        for name in self._left:
            if (self._type, self._path + name) not in IGNORED_PROPERTIES:
                raise UnsupportedError(
                    f"{self._owner} ({self._type}): the deployer does not create the property {self._path}{name}"
                )
        for part in self._parts:
            part.refuse_the_rest()


@dataclass(frozen=True)
class Order:
    """One resource to create: under which name, if the template gives none, and with what."""

    name: str
    properties: Properties
    services: Services

    @staticmethod
    def document(policy: Mapping[str, Any]) -> str:
        """A policy as the APIs take it."""
        return json.dumps(policy)


Creator = Callable[[Order], Created]
