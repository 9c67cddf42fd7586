"""What befalls a process between two of its steps: it dies, or it is frozen for a while."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from local.simulation.scheduler import Process, Scheduler, current_task

_FREEZES_S = (2.0, 30.0, 100.0, 170.0, 200.0, 400.0, 1500.0)
_NAP_S = 0.6
_NAPS = 0.03


@dataclass
class Mishaps:
    """Rates are a share of all steps: a store's write, a call to the provider, a message sent; before and after it."""

    scheduler: Scheduler
    rng: random.Random
    kills: float = 0.0
    freezes: float = 0.0
    seen: Counter[str] = field(default_factory=Counter)

    def strike(self) -> None:
        """Called between two steps. The caller then pauses, and is killed or goes on much later."""
        task = current_task()
        process = task.process if task else None
        if process is None or process.dead or process.immortal:
            return
        if self.rng.random() < self.kills:
            self.seen["killed"] += 1
            self.scheduler.kill(process)
        elif self.rng.random() < self.freezes:
            self._freeze(process)

    def _freeze(self, process: Process) -> None:
        duration = timedelta(seconds=self.rng.choice(_FREEZES_S) * self.rng.uniform(0.8, 1.2))
        self.seen["frozen"] += 1
        process.frozen_until = self.scheduler.now + duration

    def step(self) -> None:
        """Time for one step of the store: a few milliseconds, now and then much longer."""
        longest = _NAP_S if self.rng.random() < _NAPS else 0.015
        self.scheduler.pause(timedelta(seconds=self.rng.uniform(0.001, longest)))
