"""The store in DynamoDB: one table, keys `pk` and `sk`, and the index `open` of backorders.

| item | pk | sk |
| --- | --- | --- |
| backorder | `domain#john.com` | `cycle#0001`; with `version`, `state`; `open`, `due`: see below |
| day on which backorders came to their end, with its sums | `closed` | `2026-11-24` |
| posting | `ledger#2026-11#3` | time and key |
| date of a posting that the provider dated | `posting#entry#800463` | `-`; with `dated` |
| finding | `findings#open#3`, `findings#closed#3` once it is closed | time of opening and key |
| deposit, as the books have it | `leases#3` | the provider's id |
| list | `lists#3` | name and version |
| month that has postings | `ledger` | `2026-11` |
| lease, document | `lease#plan`, `document#rules` | `-` |
| member of a group of documents | `group#foreign#3` | its key, such as an application's id |

The index has open backorders by shard and deadline (`open#3`), all others by month and shard (`closed#2026-11#3`)
and day of their outcome.

A key of DynamoDB takes 1,000 writes and 3,000 reads a second. So what may come by the ten thousand in an hour, such as
a drop's outcomes, is spread over SHARDS keys by what tells one of it from another, and merged by whoever reads it. Days
and months alone (`closed`, `ledger`) are few, and noted once a run.

No transactions: each item is written alone, a backorder on condition of its version.

Every item carries `v`, the lowest version of this schema that may handle it. An item is understood if that is no higher
than SCHEMA, and its content is what this version writes, and belongs under its key. What a newer version adds without
raising `v` are attributes of their own: these are passed over, and kept when the item is written again.
"""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from heapq import merge
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import TypeAdapter, ValidationError

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding
from backorder.domain.ledger import Lease, Posting
from backorder.domain.values import BackorderKey
from backorder.runtime.clock import iso
from backorder.runtime.observability import logger
from backorder.store.protocol import Conflict, ListRecord, NotUnderstood, SetAside, text_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX = "open"
SHARDS = 8
"""Keys that items of a kind are spread over: a new table takes 4,000 writes a second, so each of them gets about half
of the 1,000 that a key takes."""

_DATED_BY_THE_PROVIDER = "entry#"
"""Begins the keys of postings for bookings, which the provider may date anew; all others keep the moment that they were
seen at, or that began what they are of."""

SCHEMA = 1
"""The version of the items that this code writes, and the highest that it understands."""
_MAY_HANDLE = "(attribute_not_exists(v) OR v <= :schema)"
"""Nothing that a newer version left is written over."""

SECOND = len("2026-11-24T12:00:00")

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize

Item = dict[str, Any]
"""An item in plain Python values."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Kind(Generic[T]):
    """Items of one kind."""

    adapter: TypeAdapter[T]
    key: Callable[[T], Item]
    """What is written beside a value, and tells it from all others: `pk`, `sk`, and the version of what has one."""

    def item(self, value: T, **attributes: str) -> Item:
        """The value as JSON in one attribute, and beside it only what is asked for or conditioned on.

        An attribute for each field would be read no more often, and cost several times the work on both ends. What has
        its default is left out, which halves what a write costs: a default that changes raises SCHEMA.
        """
        body = self.adapter.dump_json(value, exclude_defaults=True).decode()
        return {**self.key(value), "v": SCHEMA, "body": body, **attributes}

    def read(self, item: Item) -> T:
        """Raises NotUnderstood: also for content that is well formed, but not what was written under this key."""
        _check_schema(item)
        try:
            # Strict: what this version wrote is of its types to the letter, and a number is no moment.
            value = self.adapter.validate_json(item["body"], strict=True)
        except (KeyError, TypeError, ValidationError) as error:
            raise _not_understood(item, error) from None
        if not self.key(value).items() <= item.items():
            raise _not_understood(item)
        return value


class DynamoStore:
    """Safe for many threads: it keeps nothing but the client, which is, which days and months it has noted, and what it
    has set aside."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table
        self._noted: set[date] = set()
        self._months: set[str] = set()
        self._aside: dict[tuple[str, str], SetAside] = {}

    @classmethod
    def connect(cls, table: str, *, connections: int = 10) -> DynamoStore:
        """The store in `table` of the environment's region, for up to `connections` threads."""
        retries = {"mode": "standard", "total_max_attempts": 10}
        config = Config(max_pool_connections=connections, retries=retries)  # type: ignore[arg-type]
        return cls(boto3.client("dynamodb", config=config), table)

    def create(self, backorder: Backorder) -> Backorder | None:
        self._note_day_of(backorder)
        try:
            self._put(_from_backorder(backorder), "attribute_not_exists(pk)")
        except _ConditionFailed as failed:
            return self._read(failed.item, _BACKORDER) if failed.item else self.get(backorder.key)
        return None

    def get(self, key: BackorderKey) -> Backorder | None:
        item = self._get(f"domain#{key.domain}", f"cycle#{key.cycle:04}")
        return self._read(item, _BACKORDER) if item else None

    def latest(self, domain: str) -> Backorder | None:
        items = self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :cycle)",
            ExpressionAttributeValues=_wire({":pk": f"domain#{domain}", ":cycle": "cycle#"}),
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=1,
        )
        item = next(items, None)
        return self._read(item, _BACKORDER) if item else None

    def replace(self, backorder: Backorder) -> Backorder:
        written = backorder.next_version()
        self._note_day_of(written)
        try:
            self._put(_from_backorder(written), "version = :read", {":read": backorder.version})
        except _ConditionFailed as failed:
            try:
                current = self._read(failed.item, _BACKORDER) if failed.item else self.get(backorder.key)
            except NotUnderstood:
                current = None
            # The client repeats a write whose answer was lost: what stands there may be ours.
            if current == written:
                return written
            raise Conflict(backorder.key, current) from None
        return written

    def open_backorders(self) -> Iterator[Backorder]:
        for shard in range(SHARDS):
            items = self._query(
                IndexName=INDEX,
                KeyConditionExpression="#open = :shard",
                ExpressionAttributeNames={"#open": "open"},
                ExpressionAttributeValues=_wire({":shard": f"open#{shard}"}),
            )
            yield from self._understood(items, _BACKORDER)

    def backorders(self) -> Iterator[Backorder]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="begins_with(pk, :domain)",
            ExpressionAttributeValues=_wire({":domain": "domain#"}),
        )
        for page in pages:
            yield from self._understood(map(_plain, page["Items"]), _BACKORDER)

    def closed_days(self) -> dict[date, Mapping[str, Any] | None]:
        return {date.fromisoformat(day["sk"]): _sums_of(day) for day in self._partition("closed")}

    def closed(self, since: date, before: date) -> Iterator[Backorder]:
        month = since.replace(day=1)
        while month < before:
            shards = [
                self._query(
                    IndexName=INDEX,
                    KeyConditionExpression="#open = :month AND due BETWEEN :first AND :end",
                    ExpressionAttributeNames={"#open": "open"},
                    ExpressionAttributeValues=_wire(
                        {
                            ":month": f"closed#{month:%Y-%m}#{shard}",
                            ":first": since.isoformat(),
                            ":end": before.isoformat(),
                        }
                    ),
                )
                for shard in range(SHARDS)
            ]
            yield from self._understood(merge(*shards, key=lambda item: item["due"]), _BACKORDER)
            month = (month + timedelta(days=31)).replace(day=1)

    def save_day(self, day: date, sums: Mapping[str, Any] | None) -> None:
        # Whatever stands there is written over: sums can always be added up anew.
        body = {} if sums is None else {"body": text_of(f"closed {day}", sums)}
        self._put({"pk": "closed", "sk": day.isoformat(), "v": SCHEMA, **body})

    def _note_day_of(self, backorder: Backorder) -> None:
        """First the day: nobody would look at one that nobody knows of."""
        day = backorder.closed_on
        if backorder.is_open or day in self._noted:
            return
        with suppress(_ConditionFailed):
            self._put({"pk": "closed", "sk": day.isoformat(), "v": SCHEMA}, "attribute_not_exists(pk)")
        self._noted.add(day)

    def post(self, postings: Iterable[Posting]) -> list[Posting]:
        added: list[Posting] = []
        # The client repeats a write whose answer was lost: what it then finds there is what it has added.
        writer = uuid.uuid4().hex
        for posting in postings:
            month = f"{posting.at:%Y-%m}"
            if month not in self._months:
                # First the month: what is in one that nobody knows of would be posted again, and count twice.
                self._update("ledger", month, {})
                self._months.add(month)
            if posting.key.startswith(_DATED_BY_THE_PROVIDER) and not self._note_date(posting):
                continue
            try:
                self._put(_POSTING.item(posting, writer=writer), "attribute_not_exists(pk)")
            except _ConditionFailed as failed:
                if failed.item.get("writer") != writer:
                    continue
            added.append(posting)
        return added

    def _note_date(self, posting: Posting) -> bool:
        """Whether it is not in the ledger under another date: its item is known by time and key together."""
        dated = iso(posting.at)
        try:
            self._put(
                {"pk": f"posting#{posting.key}", "sk": "-", "v": SCHEMA, "dated": dated},
                "attribute_not_exists(pk) OR dated = :dated",
                {":dated": dated},
            )
        except _ConditionFailed:
            return False
        return True

    def postings(self, since: date | None = None, before: date | None = None) -> Iterator[Posting]:
        first, end = "0" if since is None else since.isoformat(), "9" if before is None else before.isoformat()
        for month in self._months_of_postings(since, before):
            shards = [
                self._query(
                    KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :end",
                    ExpressionAttributeValues=_wire({":pk": f"ledger#{month}#{shard}", ":first": first, ":end": end}),
                    ConsistentRead=True,
                )
                for shard in range(SHARDS)
            ]
            items = merge(*shards, key=lambda item: item["sk"][:SECOND])
            # Moments to the second and to the microsecond do not sort together as texts.
            for _, second in groupby(items, key=lambda item: item["sk"][:SECOND]):
                yield from sorted(self._understood(second, _POSTING), key=lambda p: (p.at, p.key))

    def _months_of_postings(self, since: date | None, before: date | None) -> Iterator[str]:
        """The months that may have postings from `since` until `before`; for a short time, no item is read for them."""
        if since is not None and before is not None and before - since <= timedelta(days=31):
            yield from sorted({f"{since + timedelta(days=n):%Y-%m}" for n in range((before - since).days)})
            return
        first, end = "" if since is None else f"{since:%Y-%m}", "9" if before is None else before.isoformat()
        yield from (month["sk"] for month in self._partition("ledger") if first <= month["sk"] < end)

    def save_lease(self, lease: Lease) -> None:
        self._rewrite(_LEASE.item(lease))

    def leases(self) -> Iterator[Lease]:
        return self._understood(merge(*self._shards("leases"), key=lambda item: item["sk"]), _LEASE)

    def delete_lease(self, lease_id: str) -> None:
        self._delete(_spread("leases", lease_id), lease_id)

    def save_finding(self, finding: Finding) -> None:
        self._rewrite(_FINDING.item(finding))
        if finding.status != "open":
            # Only then: after a crash between the two it is there twice, and closed once more.
            self._delete(**_FINDING.key(replace(finding, status="open")))

    def findings(self) -> Iterator[Finding]:
        found = {finding.key: finding for status in ("open", "closed") for finding in self._findings(status)}
        return iter(sorted(found.values(), key=lambda f: (f.opened_at, f.key)))

    def open_findings(self) -> Iterator[Finding]:
        return iter(sorted(self._findings("open"), key=lambda f: (f.opened_at, f.key)))

    def _findings(self, status: str) -> list[Finding]:
        return list(self._understood(chain.from_iterable(self._shards(f"findings#{status}")), _FINDING))

    def save_list(self, record: ListRecord) -> None:
        self._rewrite(_LIST.item(record))

    def list_record(self, name: str, version: str) -> ListRecord | None:
        item = self._get(_spread("lists", name), f"{name}#{version}")
        return self._read(item, _LIST) if item else None

    def lists(self) -> Iterator[ListRecord]:
        records = self._understood(chain.from_iterable(self._shards("lists")), _LIST)
        return iter(sorted(records, key=lambda r: (r.read_at, r.name, r.version)))

    def acquire_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        try:
            self._update(
                f"lease#{name}",
                "-",
                {"holder": holder, "expires": _epoch(until)},
                "attribute_not_exists(pk) OR holder = :before OR expires <= :now",
                {":before": holder, ":now": _epoch(now)},
            )
        except _ConditionFailed:
            return False
        return True

    def release_lease(self, name: str, holder: str) -> None:
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=_wire({"pk": f"lease#{name}", "sk": "-"}),
                ConditionExpression="holder = :holder",
                ExpressionAttributeValues=_wire({":holder": holder}),
            )
        except ClientError as error:
            if not _is_condition(error):
                raise

    def document(self, name: str) -> dict[str, Any] | None:
        item = self._get(f"document#{name}", "-")
        return None if item is None else self._content(item)

    def documents(self, names: Collection[str]) -> dict[str, dict[str, Any]]:
        keys = [_wire({"pk": f"document#{name}", "sk": "-"}) for name in names]
        answer = self._client.batch_get_item(RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}})
        items = {str(item["pk"]): item for item in map(_plain, answer["Responses"].get(self._table, []))}
        unanswered = answer["UnprocessedKeys"]
        busy = {str(_plain(key)["pk"]) for key in (unanswered[self._table]["Keys"] if unanswered else ())}
        found: dict[str, dict[str, Any]] = {}
        for name in names:
            pk = f"document#{name}"
            body = self.document(name) if pk in busy else self._content(items[pk]) if pk in items else None
            if body is not None:
                found[name] = body
        return found

    def put_document(self, name: str, body: Mapping[str, Any]) -> None:
        self._update(f"document#{name}", "-", {"body": text_of(name, body)})

    def delete_document(self, name: str) -> None:
        self._delete(f"document#{name}", "-")

    def group(self, name: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for item in chain.from_iterable(self._shards(f"group#{name}")):
            with suppress(NotUnderstood):
                found[item["sk"]] = self._content(item)
        return found

    def put_member(self, group: str, key: str, body: Mapping[str, Any]) -> None:
        self._update(_spread(f"group#{group}", key), key, {"body": text_of(f"{group} {key}", body)})

    def delete_member(self, group: str, key: str) -> None:
        self._delete(_spread(f"group#{group}", key), key)

    def swap_document(self, name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
        pk, attributes = f"document#{name}", {"body": text_of(name, after)}
        try:
            if before is None:
                self._update(pk, "-", attributes, "attribute_not_exists(pk)")
            else:
                self._update(pk, "-", attributes, "body = :before", {":before": json.dumps(before)})
        except _ConditionFailed:
            return False
        return True

    def set_aside(self) -> Collection[SetAside]:
        return [aside for _, aside in sorted(self._aside.copy().items())]

    def forget_set_aside(self) -> None:
        self._aside.clear()

    def look_again(self, pk: str, sk: str) -> None:
        self._aside.pop((pk, sk), None)
        item = self._get(pk, sk)
        kind = _KINDS.get(pk.partition("#")[0])
        if item is not None and kind is not None:
            with suppress(NotUnderstood):
                self._read(item, kind)

    def _understood(self, items: Iterable[Item], kind: _Kind[T]) -> Iterator[T]:
        for item in items:
            with suppress(NotUnderstood):
                yield self._read(item, kind)

    def _read(self, item: Item, kind: _Kind[T]) -> T:
        with self._setting_aside():
            return kind.read(item)

    def _content(self, item: Item) -> dict[str, Any]:
        """Return what is in a document. Raises NotUnderstood."""
        with self._setting_aside():
            _check_schema(item)
            content: dict[str, Any] = json.loads(item["body"])
            return content

    @contextmanager
    def _setting_aside(self) -> Iterator[None]:
        try:
            yield
        except NotUnderstood as error:
            aside = error.item
            if (aside.pk, aside.sk) not in self._aside:
                logger.error("item_not_understood", pk=aside.pk, sk=aside.sk, why=error.why)
            self._aside[aside.pk, aside.sk] = aside
            raise

    def _rewrite(self, item: Item) -> None:
        """Write an item in the place of the one before, whose other attributes stay. Raises NotUnderstood."""
        attributes = {name: value for name, value in item.items() if name not in ("pk", "sk")}
        self._update(item["pk"], item["sk"], attributes)

    def _update(
        self,
        pk: str,
        sk: str,
        attributes: Mapping[str, Any],
        condition: str | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """Set an item's attributes, or remove those that are None; all others stay, for a newer version may have added
        them. Raises _ConditionFailed where `condition` does not hold, NotUnderstood where the item's `v` is too high.
        """
        setting = {"v": SCHEMA, **{name: value for name, value in attributes.items() if value is not None}}
        removing = [f"#{name}" for name, value in attributes.items() if value is None]
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in setting)
        update += f" REMOVE {', '.join(removing)}" if removing else ""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_wire({"pk": pk, "sk": sk}),
                UpdateExpression=update,
                ConditionExpression=_MAY_HANDLE if condition is None else f"{_MAY_HANDLE} AND ({condition})",
                ExpressionAttributeNames={f"#{name}": name for name in (*setting, *attributes)},
                ExpressionAttributeValues=_wire(
                    {":schema": SCHEMA, **{f":{name}": value for name, value in setting.items()}, **(values or {})}
                ),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not _is_condition(error):
                raise
            found = _plain(error.response.get("Item", {}))  # type: ignore[arg-type]
            if condition is None or (found and not _is_of_this_schema(found)):
                with self._setting_aside():
                    raise _not_understood({"pk": pk, "sk": sk, **found}) from None
            raise _ConditionFailed(found) from None

    def _put(self, item: Item, condition: str | None = None, values: Mapping[str, Any] | None = None) -> None:
        conditions: dict[str, Any] = {}
        if condition:
            conditions = {"ConditionExpression": condition, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        if values:
            conditions["ExpressionAttributeValues"] = _wire(values)
        try:
            self._client.put_item(TableName=self._table, Item=_wire(item), **conditions)
        except ClientError as error:
            if not _is_condition(error):
                raise
            found: Any = error.response.get("Item", {})
            raise _ConditionFailed(_plain(found)) from None

    def _delete(self, pk: str, sk: str) -> None:
        self._client.delete_item(TableName=self._table, Key=_wire({"pk": pk, "sk": sk}))

    def _get(self, pk: str, sk: str) -> Item | None:
        answer = self._client.get_item(TableName=self._table, Key=_wire({"pk": pk, "sk": sk}), ConsistentRead=True)
        return _plain(answer["Item"]) if "Item" in answer else None

    def _partition(self, pk: str) -> Iterator[Item]:
        return self._query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=_wire({":pk": pk}),
            ConsistentRead=True,
        )

    def _shards(self, kind: str) -> list[Iterator[Item]]:
        return [self._partition(f"{kind}#{shard}") for shard in range(SHARDS)]

    def _query(self, **how: Any) -> Iterator[Item]:
        for page in self._client.get_paginator("query").paginate(TableName=self._table, **how):
            yield from map(_plain, page["Items"])


class _ConditionFailed(Exception):
    def __init__(self, item: Item) -> None:
        super().__init__("the condition of a write failed")
        self.item = item


def _is_condition(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def _epoch(moment: datetime) -> Decimal:
    """As a number, for a condition that compares: strings to the second and to the microsecond do not sort together."""
    return Decimal(str(moment.timestamp()))


def _wire(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _serialize(value) for name, value in item.items()}


def _plain(item: Mapping[str, Any]) -> Item:
    return {name: _deserialize(value) for name, value in item.items()}


def _check_schema(item: Item) -> None:
    """Raises NotUnderstood for an item that only a newer version may handle, or that does not say which one."""
    if not _is_of_this_schema(item):
        raise _not_understood(item)


def _is_of_this_schema(item: Item) -> bool:
    v = item.get("v")
    return isinstance(v, Decimal) and v <= SCHEMA


def _shard(key: str) -> int:
    return zlib.crc32(key.encode()) % SHARDS


def _spread(kind: str, key: str) -> str:
    """Return the partition, among those of a kind, that the item of a key is in."""
    return f"{kind}#{_shard(key)}"


def _from_backorder(backorder: Backorder) -> Item:
    attributes = {"state": backorder.state.value}
    if backorder.is_open:
        due = iso(backorder.schedule.deadline) if backorder.schedule.deadline else "9999"
        attributes["open"] = f"open#{_shard(backorder.domain)}"
        attributes["due"] = f"{due}#{backorder.domain}"
    else:
        attributes["open"] = f"closed#{backorder.closed_on:%Y-%m}#{_shard(backorder.domain)}"
        attributes["due"] = f"{backorder.closed_on}#{backorder.domain}#{backorder.cycle:04}"
    return _BACKORDER.item(backorder, **attributes)


def _key_of_backorder(backorder: Backorder) -> Item:
    return {
        "pk": f"domain#{backorder.domain}",
        "sk": f"cycle#{backorder.cycle:04}",
        "version": backorder.version,
    }


def _key_of_finding(finding: Finding) -> Item:
    return {"pk": _spread(f"findings#{finding.status}", finding.key), "sk": f"{iso(finding.opened_at)}#{finding.key}"}


_BACKORDER = _Kind(TypeAdapter(Backorder), _key_of_backorder)
_POSTING = _Kind(
    TypeAdapter(Posting),
    lambda posting: {
        "pk": _spread(f"ledger#{posting.at:%Y-%m}", posting.key),
        "sk": f"{iso(posting.at)}#{posting.key}",
    },
)
_LEASE = _Kind(TypeAdapter(Lease), lambda lease: {"pk": _spread("leases", lease.id), "sk": lease.id})
_FINDING = _Kind(TypeAdapter(Finding), _key_of_finding)
_LIST = _Kind(
    TypeAdapter(ListRecord),
    lambda record: {"pk": _spread("lists", record.name), "sk": f"{record.name}#{record.version}"},
)
_KINDS: Mapping[str, _Kind[Any]] = {
    "domain": _BACKORDER,
    "ledger": _POSTING,
    "leases": _LEASE,
    "findings": _FINDING,
    "lists": _LIST,
}
"""By what their `pk` begins with."""


def _not_understood(item: Item, error: Exception | None = None) -> NotUnderstood:
    """Of the error only where it is and of which kind, never what stands there."""
    why = "it is not what belongs under its key"
    if not _is_of_this_schema(item):
        why = f"its schema is not {SCHEMA}, which is the newest that this version understands"
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        why = ": ".join([*map(str, first["loc"][:1]), first["type"]])
    elif error is not None:
        why = "it has no content"
    return NotUnderstood(_aside_of(item), why)


def _aside_of(item: Item) -> SetAside:
    pk, sk = str(item["pk"]), str(item["sk"])
    kind = pk.partition("#")[0]
    if kind != "domain":
        day = _day_in(sk) if kind == "ledger" else None
        return SetAside(pk, sk, day=day, is_money=kind in ("ledger", "leases"))
    due, is_open = str(item.get("due", "")), str(item.get("open", "")).startswith("open#")
    key = BackorderKey(pk.partition("#")[2], int(cycle) if (cycle := sk.partition("#")[2]).isdecimal() else 0)
    deadline, day = (_moment_in(due), None) if is_open else (None, _day_in(due))
    return SetAside(pk, sk, key, str(item.get("state", "")) or None, deadline, day)


def _day_in(text: str) -> date | None:
    """The day that an index's key, or a posting's, begins with."""
    try:
        return date.fromisoformat(text[: len("2026-11-24")])
    except ValueError:
        return None


def _moment_in(due: str) -> datetime | None:
    try:
        return datetime.fromisoformat(due.partition("#")[0]).astimezone(UTC)
    except ValueError:
        return None


def _sums_of(day: Item) -> Mapping[str, Any] | None:
    """None also where they are damaged: they are added up anew."""
    try:
        sums: Mapping[str, Any] | None = json.loads(day["body"])
    except (KeyError, TypeError, ValueError):
        return None
    return sums
