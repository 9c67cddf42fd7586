"""The provider's commands, by name in lower case: names compare without case."""

from . import application_list, applications, domains, logs, money, pending_delete, sessions
from .call import Call, Command

COMMANDS: dict[str, Command] = {
    each.name.lower(): each
    for module in (applications, application_list, pending_delete, money, sessions, domains, logs)
    for each in module.COMMANDS
}

__all__ = ["COMMANDS", "Call", "Command"]
