"""CloudFormation's functions: `Ref`, `Fn::Sub` and so on, resolved as CloudFormation resolves them. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.stack.deployment.errors import DeploymentError, UnsupportedError

SUBSTITUTION = re.compile(r"\$\{(?!!)([^}]+)\}")
NO_VALUE = object()


@dataclass(frozen=True)
class Created:
    """A resource that exists: what `Ref` gives for it, and what `Fn::GetAtt` does."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


class Resolver:
    """Resolves values of one template, given its parameters and the resources created so far."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str], pseudo: Mapping[str, str]) -> None:
        self.created: dict[str, Created] = {}
        self._mappings: Mapping[str, Any] = template.get("Mappings", {})
        self._conditions: Mapping[str, Any] = template.get("Conditions", {})
        self._names = {**pseudo, **parameters, "AWS::NoValue": NO_VALUE}

    def condition(self, name: str) -> bool:
        """Whether the template's condition `name` holds."""
        return bool(self.resolve(self._conditions[name]))

    def resolve(self, value: Any) -> Any:
        """`value` with every function in it replaced by its result; properties set to `AWS::NoValue` are gone."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            # `Condition` is a function among conditions, and a plain key in an IAM statement, where it has company.
            if name == "Ref" or name.startswith("Fn::") or (name == "Condition" and isinstance(argument, str)):
                return self._call(name, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def _call(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._ref(argument)
            case "Condition":
                return self.condition(argument)
            case "Fn::GetAtt":
                return self._attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
            case "Fn::Sub":
                return self._sub(argument)
            case "Fn::If":
                condition, yes, no = argument
                return self.resolve(yes if self.condition(condition) else no)
            case "Fn::FindInMap":
                mapping, first, second = self.resolve(argument)
                return self._mappings[mapping][first][second]
            case "Fn::Join":
                separator, parts = self.resolve(argument)
                return separator.join(map(str, parts))
            case "Fn::Split":
                separator, text = self.resolve(argument)
                return str(text).split(separator)
            case "Fn::Select":
                index, items = self.resolve(argument)
                if int(index) >= len(items):
                    raise DeploymentError(f"Fn::Select cannot select nonexistent value at index {index}")
                return items[int(index)]
            case "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or":
                return self._truth(name, self.resolve(argument))
        raise UnsupportedError(f"the deployer does not know the function {name}")

    @staticmethod
    def _truth(name: str, values: list[Any]) -> bool:
        match name:
            case "Fn::Equals":
                return bool(values[0] == values[1])
            case "Fn::Not":
                return not values[0]
            case "Fn::And":
                return all(values)
        return any(values)

    def _ref(self, name: str) -> Any:
        if name in self._names:
            return self._names[name]
        if name in self.created:
            return self.created[name].ref
        raise DeploymentError(f"Ref: there is no {name} in this stack")

    def _attribute(self, name: str, attribute: str) -> str:
        try:
            return self.created[name].attributes[attribute]
        except KeyError:
            raise UnsupportedError(f"GetAtt: the deployer knows no attribute {attribute} of {name}") from None

    def _sub(self, argument: Any) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else argument

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name in variables:
                return str(self.resolve(variables[name]))
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._ref(name))

        return SUBSTITUTION.sub(value, text).replace("${!", "${")


def references(value: Any) -> Iterator[str]:
    """Every name that `value` refers to, by any function: resources, parameters, pseudo parameters."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Ref":
                yield item
            elif key == "Fn::GetAtt":
                yield item.split(".")[0] if isinstance(item, str) else item[0]
            elif key == "Fn::Sub":
                text = item if isinstance(item, str) else item[0]
                yield from (name.split(".")[0].strip() for name in SUBSTITUTION.findall(text))
                yield from references(item)
            else:
                yield from references(item)


def refuse_by_rules(template: Mapping[str, Any], resolver: Resolver) -> None:
    """Raises `DeploymentError` for the first assertion of the template's `Rules` that does not hold."""
    for name, rule in template.get("Rules", {}).items():
        if resolver.resolve(rule.get("RuleCondition", True)):
            for assertion in rule["Assertions"]:
                if not resolver.resolve(assertion["Assert"]):
                    raise DeploymentError(f"rule {name}: {assertion['AssertDescription']}")


def parameter_values(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """The value of each parameter: as given, else its default. Refuses what CloudFormation would refuse."""
    declared: Mapping[str, Any] = template.get("Parameters", {})
    if unknown := sorted(set(given) - set(declared)):
        raise DeploymentError(f"the template has no parameter {unknown[0]} (it has {', '.join(sorted(declared))})")
    values = {}
    for name, declaration in declared.items():
        value = given.get(name, declaration.get("Default"))
        if value is None:
            raise DeploymentError(f"parameter {name}: no value given, and it has no default")
        allowed = declaration.get("AllowedValues")
        if allowed and value not in map(str, allowed):
            raise DeploymentError(f"parameter {name}: {value!r} is none of {', '.join(map(str, allowed))}")
        if not re.fullmatch(declaration.get("AllowedPattern", ".*"), value):
            raise DeploymentError(f"parameter {name}: {value!r} is not {declaration.get('ConstraintDescription')}")
        values[name] = str(value)
    return values
