"""What befalls a process between two of its steps: it dies, or it is frozen for a while."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from local.world.virtual.scheduler import Process, Scheduler, current_task

_FREEZES_S = (2.0, 30.0, 100.0, 170.0, 200.0, 400.0, 1500.0)
"""About the pauses, leases and time-outs that the functions have."""
_NEAR_S = (75.0, 85.0, 95.0, 330.0)
"""Long enough for two questions of others, and short enough to go on with a call before the time-out; or as long
as a lease and two questions."""
_DOOM = 0.3
"""Share of the steps at which a doomed process dies."""
_NAP_S = 0.6
_NAPS = 0.03


@dataclass(frozen=True, slots=True)
class Rates:
    """How often which mishap befalls the machinery: shares of steps, messages, ticks."""

    kills: float = 0.0
    freezes: float = 0.0
    duplicates: float = 0.0
    lates: float = 0.0
    lost: float = 0.0
    ticks_lost: float = 0.0
    ticks_doubled: float = 0.0
    storm: bool = False
    """Ticks come whenever they like, a few seconds apart: somebody calls the function by hand, again and again."""


@dataclass
class Mishaps:
    """Rates are a share of all steps: a store's write, a call to the provider, a message sent; before and after it."""

    scheduler: Scheduler
    rng: random.Random
    kills: float = 0.0
    freezes: float = 0.0
    near: bool = False
    """Whoever is frozen goes on when it does most harm."""
    seen: Counter[str] = field(default_factory=Counter)

    def strike(self) -> None:
        """Called between two steps. The caller then pauses, and is killed or goes on much later."""
        task = current_task()
        process = task.process if task else None
        if process is None or process.dead or process.immortal:
            return
        if self.rng.random() < (_DOOM if process.doomed else self.kills):
            self.seen["killed"] += 1
            self.scheduler.kill(process)
        elif self.rng.random() < self.freezes:
            self._freeze(process)

    def _freeze(self, process: Process) -> None:
        some = _NEAR_S if self.near else _FREEZES_S
        duration = timedelta(seconds=self.rng.choice(some) * self.rng.uniform(0.9, 1.1))
        self.seen["frozen"] += 1
        process.frozen_until = until = self.scheduler.now + duration

        def thaw() -> None:
            if process.tasks and not process.dead:
                self.seen["thawed" if until <= process.ends_at else "thawed past its time-out"] += 1

        self.scheduler.at(until, thaw)

    def step(self) -> None:
        """Time for one step of the store: a few milliseconds, now and then much longer."""
        longest = _NAP_S if self.rng.random() < _NAPS else 0.015
        self.scheduler.pause(timedelta(seconds=self.rng.uniform(0.001, longest)))
