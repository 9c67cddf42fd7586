"""What stands in for a function's pool of threads and for the cap on its calls: the same, on the scheduler's tasks."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Generic, Self, TypeVar
from unittest.mock import patch

from backorder.provider.hexonet.concurrency import Concurrency, Slot
from local.world.virtual.scheduler import Scheduler, current_scheduler, current_task

T = TypeVar("T")
_FUNCTIONS = frozenset({"ingestion", "planning", "submission", "reconciliation", "fetching"})


class Result(Generic[T]):
    """What a `Future` is to `ThreadPoolExecutor`."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._value: list[T] = []
        self._error: Exception | None = None
        self.done = False

    def set(self, action: Callable[[], T]) -> None:
        try:
            self._value.append(action())
        except Exception as error:  # noqa: BLE001 - as in a Future: whoever asks for the result gets it
            self._error = error
        self.done = True
        self._scheduler.wake()

    def exception(self) -> Exception | None:
        self._scheduler.wait(lambda: self.done)
        return self._error

    def result(self) -> T:
        if (error := self.exception()) is not None:
            raise error
        return self._value[0]


class Pool:
    """As many tasks as a `ThreadPoolExecutor` would have threads, all of the process that makes the pool."""

    def __init__(self, max_workers: int, thread_name_prefix: str = "") -> None:  # noqa: ARG002
        scheduler, task = current_scheduler(), current_task()
        assert scheduler is not None and task is not None, "a pool belongs to a task of a simulation"  # noqa: PT018
        self._scheduler, self._process = scheduler, task.process
        self._most = max_workers
        self._work: deque[Callable[[], None]] = deque()
        self._running = 0

    def submit(self, action: Callable[..., T], *arguments: Any) -> Result[T]:
        result: Result[T] = Result(self._scheduler)
        self._work.append(lambda: result.set(lambda: action(*arguments)))
        if self._running < self._most:
            self._running += 1
            self._scheduler.spawn(self._worker, process=self._process)
        return result

    def map(self, action: Callable[..., T], items: Iterable[Any]) -> Iterator[T]:
        results = [self.submit(action, item) for item in items]
        return (result.result() for result in results)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            self._work.clear()
        if wait:
            self._scheduler.wait(lambda: not self._running)

    def _worker(self) -> None:
        while self._work:
            self._work.popleft()()
        self._running -= 1
        self._scheduler.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.shutdown()


class Cap(Concurrency):
    """The cap on parallel calls, whose threads wait for each other in virtual time."""

    def __init__(self, limit: int, scheduler: Scheduler) -> None:
        super().__init__(limit)
        self._scheduler = scheduler

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """As in Concurrency, which finds a free place at once and does not block the baton's holder."""
        self._scheduler.wait(lambda: self._running < self.cap)
        try:
            with super().slot() as slot:
                yield slot
        finally:
            self._scheduler.wake()


@contextmanager
def pools_on_tasks() -> Iterator[None]:
    """The functions' pools of threads are tasks while this lasts: whichever of their modules has one."""
    with ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in _FUNCTIONS and getattr(module, "ThreadPoolExecutor", None) is not None:
                stack.enter_context(patch.object(module, "ThreadPoolExecutor", Pool))
        yield
