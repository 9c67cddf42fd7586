"""Faults of the wire: what befalls a call between the client and the command's effect.

Which call is struck, and by what, depends on the seed, the call's own content and how often it was made before: never
on what other calls do, so that a run can be repeated whatever its threads.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import blake2b

from .draws import draw, whole
from .options import FaultMix
from .wire import Delivery, Request, render

#: Clients of local runs wait 0.5 s for an answer: a time-out outlasts that, a slow answer does not.
HOLD = timedelta(seconds=0.8)
SLOW = timedelta(seconds=0.2)
#: After this many faults in a row for one domain and command, a call goes through.
MOST_IN_A_ROW = 5

#: Faults after which the command has taken effect; those that can go either way are drawn.
_TAKES_EFFECT = frozenset({"timeout_after", "reset_after", "cut", "slow"})
_EITHER_WAY = frozenset({"http_500", "html", "empty"})

_PAGE = b"<html><head><title>Error</title></head><body><h1>The page cannot be displayed</h1></body></html>\n"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its kind, whether the command takes effect, and a number in [0, 1) for what else is to be drawn."""

    kind: str
    takes_effect: bool
    chance: float

    @property
    def late_by(self) -> timedelta | None:
        """When a `timeout_late` takes effect: 5 to 90 s after the call, on the emulator's clock."""
        return timedelta(seconds=5 + int(self.chance * 86)) if self.kind == "timeout_late" else None


class WireFaults:
    """Draws faults, and keeps count of what was played."""

    def __init__(self, mix: FaultMix, seed: int) -> None:
        self._mix = mix
        self._seed = seed if mix.seed is None else mix.seed
        self._made: dict[str, int] = {}
        self._in_a_row: dict[tuple[str, str], int] = {}
        self.played: dict[str, int] = {}

    def change(self, *, rate: float, kinds: tuple[str, ...], seed: int) -> None:
        """From now on this mix; the counts of calls begin anew, what was played is kept."""
        self._mix = FaultMix(rate=rate, kinds=kinds, seed=seed)
        self._seed = seed
        self._made.clear()
        self._in_a_row.clear()

    def strike(self, request: Request, domains: tuple[str, ...]) -> Fault | None:
        """The fault that befalls this call, if one does. `domains`: the names that the call is about."""
        if not self._mix.rate or not self._mix.kinds:
            return None
        content = _content(request)
        made = self._made.get(content, 0)
        self._made[content] = made + 1
        about = (content, str(made))
        rows = [(request.command, domain) for domain in domains or ("",)]
        spared = any(self._in_a_row.get(row, 0) >= MOST_IN_A_ROW for row in rows)
        if spared or draw(self._seed, "fault", *about) >= self._mix.rate:
            for row in rows:
                self._in_a_row.pop(row, None)
            return None
        for row in rows:
            self._in_a_row[row] = self._in_a_row.get(row, 0) + 1
        kind = self._mix.kinds[whole(self._seed, "kind", *about, below=len(self._mix.kinds))]
        self.played[kind] = self.played.get(kind, 0) + 1
        chance = draw(self._seed, "chance", *about)
        return Fault(kind, kind in _TAKES_EFFECT or (kind in _EITHER_WAY and chance < 0.5), chance)


def delivered(fault: Fault | None, answer: str) -> Delivery:
    """What the client sees of an answer under a fault; the answer is empty where the command did not take effect."""
    body = answer.encode()
    if fault is None:
        return Delivery(body)
    family, _, detail = fault.kind.partition("_")
    match family:
        case "slow":
            seen = Delivery(body, hold=SLOW)
        case "timeout":
            seen = Delivery(b"", hold=HOLD, ending="close")
        case "reset":
            seen = Delivery(b"", ending="reset")
        case "code":
            seen = Delivery(render(code=int(detail)).encode())
        case "http":
            seen = Delivery(_PAGE, status=int(detail), content_type="text/html")
        case "html":
            seen = Delivery(_PAGE, content_type="text/html")
        case "cut" if fault.chance < 0.5:
            # Somewhere before EOF: half of them as a complete HTTP answer, half as one whose end never comes.
            seen = Delivery(body[: int(fault.chance * 2 * (len(body) - len("EOF\r\n")))])
        case "cut":
            seen = Delivery(body, ending="short")
        case _:
            seen = Delivery(b"")
    return replace(seen, fault=fault.kind)


def _content(request: Request) -> str:
    # A digest: calls are counted through a whole run, and some name hundreds of domains. Credentials are not in it.
    lines = (f"{key}={value}" for key, value in sorted(request.parameters.items()) if key != "PASSWORD")
    return blake2b("\n".join((request.command, *lines)).encode(), digest_size=16).hexdigest()
