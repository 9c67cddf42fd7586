"""Who did what to which object."""

from collections.abc import Callable

from ..records import LogLine
from .call import Call, command
from .listing import matches_any, ordered, page

_KEYS: dict[str, Callable[[LogLine], object]] = {
    "LOGDATE": lambda line: line.index,
    "OBJECTID": lambda line: (line.object_id, line.index),
    "OBJECTCLASS": lambda line: (line.object_class, line.index),
}
_COLUMNS: dict[str, Callable[[LogLine], str]] = {
    "LOGDATE": lambda line: f"{line.at:%Y-%m-%d %H:%M:%S}",
    "LOGINDEX": lambda line: str(line.index),
    "LOGROLEID": lambda _: "",
    "LOGUSER": lambda line: line.user,
    "OBJECTCLASS": lambda line: line.object_class,
    "OBJECTID": lambda line: line.object_id,
    "REFERENCE": lambda line: line.reference,
}


def query_object_log_list(call: Call) -> str:
    """Everything that was done, latest first. That applications are logged at all is an assumption."""
    operations, statuses = call.column("OPERATIONTYPE"), call.column("OPERATIONSTATUS")
    rows = [
        line for line in _lines(call) if matches_any(operations, line.operation) and matches_any(statuses, "SUCCESSFUL")
    ]
    columns = {
        **_COLUMNS,
        "OPERATIONSTATUS": lambda _: "SUCCESSFUL",
        "OPERATIONTYPE": lambda line: line.operation,
    }
    return page(call, ordered(call, rows, _KEYS, "LOGDATEDESC"), columns)


def query_object_deletion_log_list(call: Call) -> str:
    """What was removed, latest first: LOGUSER is who did it, SYSTEM the provider itself."""
    rows = [line for line in _lines(call) if line.operation == "DELETE"]
    return page(call, ordered(call, rows, _KEYS, "LOGDATEDESC"), _COLUMNS)


def _lines(call: Call) -> list[LogLine]:
    earliest, latest = call.moment("MINDATE"), call.moment("MAXDATE", end_of_day=True)
    classes, objects, users = call.column("OBJECTCLASS"), call.column("OBJECTID"), {*call.users(), "SYSTEM"}
    return [
        line
        for line in call.world.log
        if line.user in users
        and (earliest is None or line.at >= earliest)
        and (latest is None or line.at.replace(microsecond=0) <= latest)
        and matches_any(classes, line.object_class)
        and matches_any(objects, line.object_id)
    ]


_FILTERS = "OBJECTCLASS OBJECTID FIRST LIMIT MINDATE MAXDATE ORDERBY"

COMMANDS = (
    command("QueryObjectLogList", query_object_log_list, takes=f"{_FILTERS} OPERATIONTYPE OPERATIONSTATUS USERDEPTH"),
    command("QueryObjectDeletionLogList", query_object_deletion_log_list, takes=_FILTERS),
)
