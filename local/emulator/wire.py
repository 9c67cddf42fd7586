"""The provider's wire format: a command comes as form fields or as lines in `s_command`, an answer goes as lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import parse_qsl

#: The codes of the command reference that the emulator answers with, and their descriptions in short.
DESCRIPTIONS = {
    200: "Command completed successfully",
    420: "Command failed due to server error. Server closing connection",
    421: "Command failed due to server error. Client should try again",
    423: "Command failed due to server error. Client should try again (Could not get session)",
    425: "Service temporarily locked; usage exceeded",
    500: "Invalid command name",
    503: "Invalid attribute name",
    504: "Missing required attribute",
    505: "Invalid attribute value syntax",
    506: "Invalid option value",
    507: "Invalid command format",
    510: "Command not supported for this class",
    530: "Authentication failed",
    531: "Authorization failed",
    540: "Attribute value is not unique",
    541: "Invalid attribute value",
    545: "Object not found",
    546: "Credit limit exceeded",
    547: "Invalid command sequence",
    549: "Command failed",
    552: "Object status does not allow for operation",
}

_NO_NEWLINES = str.maketrans("\r\n", "  ")
_CREDENTIALS = frozenset({"S_ENTITY", "S_LOGIN", "S_PW", "S_SESSION", "S_USER", "S_OTP", "S_REMOTEADDR"})


class CommandError(Exception):
    """A command that is answered with an error code. `about` names the attribute, never a value that was sent."""

    def __init__(self, code: int, about: str = "") -> None:
        super().__init__(code, about)
        self.code = code
        self.about = about


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it came in: who calls (`credentials`), what (`command`, lower case) and with which parameters."""

    command: str
    parameters: Mapping[str, str]
    credentials: Mapping[str, str] = field(repr=False)


Ending = Literal["answer", "close", "reset", "short"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the client gets to see of a call.

    `hold` passes first. Then `ending`: an `answer`; `close` (the connection is closed, nothing is sent); `reset`;
    `short` (closed after a part of the announced body).
    """

    body: bytes
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    hold: timedelta = timedelta(0)
    ending: Ending = "answer"
    fault: str | None = None


def form_fields(*encoded: str) -> dict[str, str]:
    """The fields of a query string and of a body; where a field is in both, the later one counts."""
    fields: dict[str, str] = {}
    for text in encoded:
        fields.update(parse_qsl(text, keep_blank_values=True))
    return fields


def parse_request(fields: Mapping[str, str]) -> Request:
    """Sorts a call's fields. Names compare without case; a value never holds a newline, for newlines part the lines."""
    credentials: dict[str, str] = {}
    parameters: dict[str, str] = {}
    lines = ""
    for name, value in fields.items():
        key = name.strip().upper()
        if key == "S_COMMAND":
            lines = value
        elif key in _CREDENTIALS:
            credentials[key] = value
        else:
            parameters[key] = value.translate(_NO_NEWLINES).strip()
    for line in lines.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            parameters[name.strip().upper()] = value.strip()
    command = parameters.pop("COMMAND", "").lower()
    return Request(command=command, parameters=parameters, credentials=credentials)


def render(properties: Mapping[str, str | Sequence[str]] | None = None, *, code: int = 200, about: str = "") -> str:
    """An answer, lines ended by CRLF. A property is one value or a column of them."""
    description = f"{DESCRIPTIONS[code]}; {about}" if about else DESCRIPTIONS[code]
    columns = {
        name: dict(enumerate([values] if isinstance(values, str) else values))
        for name, values in (properties or {}).items()
    }
    return lines(code, description, columns)


def lines(code: int, description: str, columns: Mapping[str, Mapping[int, str]]) -> str:
    """An answer of any code, with its columns by name; a column may leave out rows."""
    head = ["[RESPONSE]", f"CODE={code}", f"DESCRIPTION={description}"]
    cells = [
        f"PROPERTY[{name}][{index}]={value}" for name, column in columns.items() for index, value in column.items()
    ]
    return "\r\n".join([*head, *cells, "QUEUETIME=0", "RUNTIME=0.012", "EOF", ""])
