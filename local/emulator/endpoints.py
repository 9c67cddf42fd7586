"""The JSON endpoints for tests, under `/_emulator/`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from .arguments import changed
from .emulator import Emulator
from .moments import from_iso, iso
from .options import amount
from .scripted import read_script

Json = Any


def answer(emulator: Emulator, method: str, path: str, body: bytes) -> tuple[int, Json]:
    """The HTTP status and the JSON for one call; with 400, `error` says what is unusable."""
    endpoint = _ENDPOINTS.get(path)
    if endpoint is None:
        return 404, {"error": f"no such endpoint: {path}"}
    if method not in endpoint:
        return 405, {"error": f"{path} takes {' and '.join(endpoint)}"}
    try:
        given = json.loads(body) if body.strip() else {}
        return 200, endpoint[method](emulator, given)
    except KeyError as cause:
        return 400, {"error": f"{cause.args[0]} is missing"}
    except (ValueError, TypeError, AttributeError) as cause:
        return 400, {"error": str(cause) or type(cause).__name__}


def _state(emulator: Emulator, _: Json) -> Json:
    return emulator.state()


def _clock(emulator: Emulator, _: Json) -> Json:
    moment = emulator.next_moment()
    return {
        "now": iso(emulator.now),
        "clock": "frozen" if emulator.frozen else "machine",
        "next": iso(moment) if moment else None,
    }


def _move_clock(emulator: Emulator, given: Json) -> Json:
    _only(given, "now", "advance_s")
    if len(given) != 1:
        raise ValueError("give either now (a time) or advance_s (a number of seconds)")
    if "now" in given:
        happened = emulator.advance_to(from_iso(given["now"]))
    else:
        happened = emulator.advance_by(_number(given["advance_s"], "advance_s", "seconds"))
    return {**_clock(emulator, None), "happened": happened}


def _move_money(emulator: Emulator, given: Json) -> Json:
    _only(given, "pay_in", "charge", "description", "type", "renewal", "domain", "at")
    if not given.keys() & {"pay_in", "charge", "renewal"}:
        raise ValueError("give pay_in or charge (an amount), or renewal (an amount) with domain and at")
    if "pay_in" in given:
        emulator.pay_in(_positive(given["pay_in"]))
    if "charge" in given:
        kind = str(given.get("type", "ADD_DOMAIN"))
        emulator.charge(_positive(given["charge"]), str(given.get("description", "")), kind=kind)
    if "renewal" in given:
        emulator.add_renewal(given["domain"], from_iso(given["at"]), _positive(given["renewal"]))
    return emulator.account()


def _schedule(emulator: Emulator, given: Json) -> Json:
    if not isinstance(given, list):
        raise ValueError("give a list of drops")
    wanted = []
    for drop in given:
        _only(drop, "domain", "finalization_at", "drop_at", "outcome")
        times = {name: from_iso(drop[name]) for name in ("finalization_at", "drop_at") if drop.get(name)}
        if not isinstance(drop["domain"], str):
            raise ValueError(f"{drop['domain']!r} is no name")
        wanted.append((drop["domain"], times, drop.get("outcome")))
    changed = sum(emulator.schedule(domain, **times, outcome=outcome) for domain, times, outcome in wanted)
    return {"drops": len(wanted), "changed": changed}


def _set_faults(emulator: Emulator, given: Json) -> Json:
    _only(given, "rate", "kinds", "seed", "books", "domains")
    for name in ("kinds", "books", "domains"):
        if not isinstance(given.get(name, []), list):
            raise ValueError(f"give a list of {name}")
    if "books" in given:
        emulator.strike_books(given["books"], given.get("domains", []))
    if "rate" in given:
        emulator.set_faults(float(given["rate"]), given.get("kinds", []), seed=given.get("seed"))
    if not given.keys() & {"books", "rate"}:
        raise ValueError("give a rate (with kinds and a seed), or books (with domains)")
    return {"faults": emulator.state()["faults"]}


def _set_answers(emulator: Emulator, given: Json) -> Json:
    answers = read_script(given)
    emulator.set_answers(answers)
    return {"answers": len(answers)}


def _fall_silent(emulator: Emulator, given: Json) -> Json:
    _only(given, "hours")
    return {"until": iso(emulator.fall_silent(_number(given["hours"], "hours", "hours")))}


def _begin_anew(emulator: Emulator, given: Json) -> Json:
    _only(given, "arguments")
    emulator.begin_anew(changed(emulator.options, [str(argument) for argument in given.get("arguments", ())]))
    return _clock(emulator, None)


def _number(given: Json, name: str, of: str) -> float:
    try:
        return float(given)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: {given!r} is no number of {of}") from None


def _positive(text: Json) -> Any:
    value = amount(str(text))
    if value <= 0:
        raise ValueError(f"{text!r} is not more than nothing")
    return value


def _only(given: Json, *names: str) -> None:
    if not isinstance(given, dict):
        raise ValueError("give a JSON object")
    if unknown := given.keys() - set(names):
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(names)}")


_ENDPOINTS: Mapping[str, Mapping[str, Callable[[Emulator, Json], Json]]] = {
    "/_emulator/state": {"GET": _state},
    "/_emulator/clock": {"GET": _clock, "POST": _move_clock},
    "/_emulator/account": {"POST": _move_money},
    "/_emulator/drops": {"POST": _schedule},
    "/_emulator/faults": {"POST": _set_faults},
    "/_emulator/answers": {"POST": _set_answers},
    "/_emulator/outage": {"POST": _fall_silent},
    "/_emulator/anew": {"POST": _begin_anew},
}
