"""The functions called by hand, one after the other: for what hinges on one function at one moment.

They work at an emulator that listens on loopback, around any store. What Lambda, queues and topics would do is left to
the caller: what the plan sends stays in `sent`, and what reconciliation tells in `messages` and `files`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, BinaryIO, Generic, TypeVar

from backorder.domain.registries import Registries
from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import Credentials
from backorder.runtime.messages import Batch
from backorder.store import Store
from fetching import fetch
from local.emulator import Emulator
from local.memory_store import MemoryStore
from local.world.login import PASSWORD, USER
from planning import plan_submissions
from reconciliation import reconcile
from reconciliation.alert import Message
from submission.process_batch import Submission, work

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LISTS, REPORTS = "lists", "reports"
"""The buckets."""
E = TypeVar("E", bound=Emulator)


@dataclass
class Pipeline(Generic[E]):
    """The functions' use cases around one account and one store, on the emulator's clock."""

    emulator: E
    url: str
    """Of the emulator's API."""
    store: Store = field(default_factory=MemoryStore)
    password: str = PASSWORD
    pool_size: int = 1
    """The provider's connections."""
    calls_at_once: int | None = None
    """Calls of a worker that are out at once; None: as many as there are connections."""
    parallel_calls: int = 8
    read_timeout: float = 20.0
    """Seconds; short only where answers are withheld: else a machine that is busy would make an unknown outcome."""
    registries: Registries = field(default_factory=Registries.load)
    ahead: timedelta = timedelta(0)
    """Of the functions' clock to the emulator's."""
    s3: S3Client | None = None
    sent: deque[Batch] = field(default_factory=deque)
    messages: list[Message] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The present, which all functions are given."""
        return self.emulator.now + self.ahead

    @contextmanager
    def provider(self) -> Iterator[HexonetClient]:
        """The provider's client, until the end of the block."""
        provider = HexonetClient(
            endpoint=self.url,
            stage="test",
            credentials=lambda: Credentials(USER, self.password),
            pool_size=self.pool_size,
            connect_timeout=1.0,
            read_timeout=self.read_timeout,
            sleep=lambda _seconds: None,
        )
        try:
            yield provider
        finally:
            provider.close()

    def fetch(self, *, holder: str = "this tick", seconds_left: Callable[[], float] = lambda: inf) -> fetch.Summary:
        """Pulls the provider's list of dropping names."""
        assert self.s3 is not None
        with self.provider() as provider:
            fetching = fetch.Fetching(self.store, provider, self.s3, LISTS, REPORTS, lambda: self.now)
            return fetch.fetch_list(fetching, holder=holder, seconds_left=seconds_left)

    def plan(self, *, holder: str = "this tick", queue: bool = True) -> plan_submissions.Summary:
        """Plans one tick; `queue` false sends nothing."""
        with self.provider() as provider:
            planning = plan_submissions.Planning(
                self.store, provider, self.sent.extend, lambda: self.now, self.parallel_calls
            )
            return plan_submissions.plan_submissions(planning, holder=holder, queue=queue)

    def submit(self) -> Counter[str]:
        """Works through all that was sent, and gives how often it came to what."""
        outcomes: Counter[str] = Counter()
        while self.sent:
            outcomes += self.handle(self.sent.popleft())
        return outcomes

    def handle(
        self, batch: Batch, *, store: Store | None = None, seconds_left: Callable[[], float] = lambda: 100.0
    ) -> Counter[str]:
        """Works through one message, on another `store` where one is given."""
        with self.provider() as provider:
            submission = Submission(
                store or self.store, provider, lambda: self.now, self.calls_at_once or self.pool_size
            )
            return work(batch, submission, seconds_left=seconds_left)

    def reconcile(self, *, holder: str = "this run") -> reconcile.Summary:
        """Compares the store with the account, publishes and reports."""
        with self.provider() as provider:
            reconciliation = reconcile.Reconciliation(
                store=self.store,
                provider=provider,
                clock=lambda: self.now,
                publish=self.publish,
                put=self.put,
                report_link="https://console/latest/report.html",
                registries=self.registries,
            )
            return reconcile.reconcile_account(reconciliation, holder=holder)

    def publish(self, message: Message) -> None:
        """Takes a message to the alert topic."""
        self.messages.append(message)

    def put(self, key: str, content: BinaryIO, _type: str) -> None:
        """Takes a report."""
        self.files[key] = content.read()
