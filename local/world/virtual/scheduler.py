"""Virtual time, and threads of which one runs at a time: whose turn it is depends on the seed and on nothing else.

A task runs in a thread of its own and holds the baton until it pauses or waits. Time passes only in pauses. A process
is what Lambda calls an invocation: it has a time-out, it can be frozen for a while, and it can be killed between any
two of its steps; then none of its threads does anything any more.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count


class Killed(BaseException):
    """Unwinds the threads of a process that is gone. No code of the functions may catch it."""


class Stuck(RuntimeError):
    """Every task waits for another one."""


@dataclass(eq=False)
class Process:
    """One invocation."""

    name: str
    ends_at: datetime
    """Its time-out."""
    survives_timeout: bool = False
    """Frozen in the middle of a write, and thawed after its time-out: the worst that a worker could do."""
    immortal: bool = False
    """No mishap befalls it."""
    doomed: bool = False
    """It dies, whatever it does: when it is done at the latest."""
    dead: bool = False
    frozen_until: datetime | None = None
    tasks: set[Task] = field(default_factory=set)


@dataclass(eq=False)
class Task:
    """One thread."""

    action: Callable[[], object]
    process: Process | None
    number: int
    baton: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    thread: threading.Thread | None = None
    begun: bool = False
    ready: Callable[[], bool] | None = None
    """What it waits for, if it does."""
    ended: bool = False
    error: BaseException | None = None
    immune: bool = False
    """What it waits for goes on without it (a request on the wire): a freeze does not put it off."""


@dataclass(order=True, slots=True)
class _Entry:
    at: datetime
    tie: float
    number: int
    what: Task | Callable[[], None] = field(compare=False)


class Scheduler:
    """Tasks and events in order of time; what falls on the same moment, as the seed says."""

    def __init__(self, now: datetime, advance: Callable[[datetime], object], rng: random.Random) -> None:
        self.now = now
        self._advance = advance
        self._rng = rng
        self._heap: list[_Entry] = []
        self._numbers = count()
        self._main = threading.Semaphore(0)
        self._tasks: set[Task] = set()
        self.switches = 0

    # What is to happen

    def at(self, moment: datetime, event: Callable[[], None]) -> None:
        """`event` takes place at `moment`, or now if that is over. It must not pause."""
        self._push(moment, event)

    def spawn(self, action: Callable[[], object], *, process: Process | None, after: timedelta | None = None) -> Task:
        """A new thread, which begins after a while. Its process' death ends it."""
        task = Task(action, process, next(self._numbers))
        self._tasks.add(task)
        if process is not None:
            process.tasks.add(task)
        self._push(self.now + (after or timedelta(0)), task)
        return task

    def next_event(self) -> datetime | None:
        """When the next task or event has its turn."""
        return self._heap[0].at if self._heap else None

    def step(self) -> None:
        """Gives the first task or event its turn. Raises what a task raised, other than its death."""
        entry = heapq.heappop(self._heap)
        task = entry.what
        if not isinstance(task, Task):
            self._move(entry.at)
            task()
            return
        frozen_until = task.process.frozen_until if task.process else None
        if frozen_until and frozen_until > entry.at and not task.immune and not (task.process and task.process.dead):
            self._push(frozen_until, task)
            return
        self._move(entry.at)
        self._resume(task)

    def _resume(self, task: Task) -> None:
        self.switches += 1
        if task.begun:
            task.baton.release()
        else:
            task.begun = True
            task.thread = threading.Thread(target=self._run, args=(task,), daemon=True)
            task.thread.start()
        self._main.acquire()
        if task.ended:
            self._tasks.discard(task)
            if task.process is not None:
                task.process.tasks.discard(task)
            if task.error is not None:
                raise task.error

    def _run(self, task: Task) -> None:
        _running.task, _running.scheduler = task, self
        try:
            if not (task.process and task.process.dead):
                task.action()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - carried over to the main thread, which raises it
            task.error = error
        task.ended = True
        self._main.release()

    # What a task does

    def pause(self, duration: timedelta, *, immune: bool = False) -> None:
        """Lets time pass, and others have their turns. Raises Killed if this task's process is gone by then.

        Outside of a task, nothing happens.
        """
        task = current_task()
        if task is None:
            return
        wakes_at = self.now + duration
        process = task.process
        if process is not None and not immune and process.frozen_until is not None:
            wakes_at = max(wakes_at, process.frozen_until)
        if self._heap and self._heap[0].at <= wakes_at:
            task.immune = immune
            self._push(wakes_at, task)
            self._hand_over(task)
            task.immune = False
        else:
            self._move(wakes_at)
        if not immune:
            self.check(task)

    def wait(self, ready: Callable[[], bool]) -> None:
        """Lets others have their turns until somebody calls `wake` and `ready()` is true."""
        task = current_task()
        assert task is not None, "only a task can wait for another one"
        self.check(task)
        while not ready():
            task.ready = ready
            self._hand_over(task)
            self.check(task)

    def wake(self) -> None:
        """All that wait look again. Cheap enough: few ever wait at the same time."""
        for task in self._waiting():
            if task.ready is not None and ((task.process and task.process.dead) or task.ready()):
                task.ready = None
                self._push(self.now, task)

    def _waiting(self) -> list[Task]:
        return sorted((task for task in self._tasks if task.ready is not None), key=lambda task: task.number)

    def check(self, task: Task) -> None:
        """Raises Killed in a task whose process is gone."""
        process = task.process
        if process is None:
            return
        if not process.dead and self.now > process.ends_at and not process.survives_timeout:
            self.kill(process)
        if process.dead:
            raise Killed(process.name)

    def kill(self, process: Process) -> None:
        """Ends a process between two of its steps: its threads unwind, without effect."""
        process.dead = True
        self.wake()

    def end(self) -> None:
        """Kills what still runs, so that no thread is left behind."""
        for task in list(self._tasks):
            if task.process is not None:
                task.process.dead = True
        self.wake()
        while self._tasks:
            entry = heapq.heappop(self._heap) if self._heap else None
            if entry is None:
                raise Stuck("tasks wait, and nobody wakes them")
            if isinstance(entry.what, Task) and not entry.what.ended:
                self._resume(entry.what)

    def _hand_over(self, task: Task) -> None:
        self._main.release()
        task.baton.acquire()

    def _push(self, moment: datetime, what: Task | Callable[[], None]) -> None:
        heapq.heappush(self._heap, _Entry(max(moment, self.now), self._rng.random(), next(self._numbers), what))

    def _move(self, moment: datetime) -> None:
        if moment > self.now:
            self.now = moment
            self._advance(moment)


class _Running(threading.local):
    task: Task | None = None
    scheduler: Scheduler | None = None


_running = _Running()


def current_task() -> Task | None:
    """The task that this thread is; None outside of a simulation."""
    return _running.task


def current_scheduler() -> Scheduler | None:
    """The scheduler whose task this thread is."""
    return _running.scheduler
