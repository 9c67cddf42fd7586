"""Puts a list, or the rules, into the lists bucket, and waits until the pipeline has read it."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from rich.console import Console

from backorder.rules import RulesError, parse_rules
from backorder.store import ListRecord
from ingestion.arrived import content_type_of
from ingestion.keys import is_clutter
from ingestion.reading.encodings import known_encoding
from ops.dead_letters import waiting
from ops.faults import Fault
from ops.screen import counted, plain, row, table
from ops.stacks import Stack

Kind = Literal["wanted", "dropping", "cancel", "rules"]

RULES_KEY: Final = "rules.toml"
POLL_SECONDS: Final = 1.0
REJECTS_SHOWN: Final = 10
_BYTES_OF_REJECTS: Final = 64 * 1024


@dataclass(frozen=True)
class Upload:
    """An object that was put, by the version that the bucket gave it."""

    key: str
    version: str


@dataclass(frozen=True)
class Rejected:
    """A line of a list that was no order."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True)
class Read:
    """What became of one list: `entries = rejected + not_selected + duplicates + accepted`."""

    list: str
    source: str
    read_at: datetime
    entries: int
    accepted: int
    duplicates: int
    not_selected: int
    rejected: int
    notes: tuple[str, ...]
    rejects: tuple[Rejected, ...]
    """The first of them."""
    all_rejects: str | None
    """Where the table of them is."""


@dataclass(frozen=True)
class Put:
    """An upload, and what became of it: nothing yet, if nobody waited for it or it was not read in time."""

    upload: Upload
    where: str
    read: tuple[Read, ...]
    hint: str = ""
    """What to do, where it was not read in time."""


def put_file(
    stack: Stack,
    file: Path,
    kind: Kind,
    *,
    encoding: str | None = None,
    progress: Callable[[int], None] = lambda _bytes: None,
) -> Upload:
    """Uploads a file into the folder of its kind; `encoding`: what it is declared to be written in.

    Raises Fault for one that cannot be read or that is broken.
    """
    if encoding is not None and known_encoding(encoding) is None:
        raise Fault(f"--encoding {encoding}: is no encoding of lists that is known; one is windows-1250")
    if not file.is_file():
        raise Fault(f"{file}: there is no such file")
    if kind == "rules":
        _check_rules(file)
    elif _kind_of(file) == "rules":
        raise Fault(f"{file}: is called like rules, and not like a list; put it with --kind rules, or rename it")
    key = RULES_KEY if kind == "rules" else f"{kind}/{file.name}"
    try:
        stack.s3.upload_file(
            str(file),
            stack.output("ListsBucketName"),
            key,
            ExtraArgs={"ContentType": content_type_of(encoding)},
            Callback=progress,
        )
    except OSError as error:
        raise Fault(f"{file}: cannot be read ({error.strerror})") from None
    return _uploaded(stack, key)


def files_of(path: Path, kind: Kind | None) -> list[tuple[Path, Kind]]:
    """The files to put, and what is meant by each: a folder's own ones, and of a file that is no list what it is.

    Raises Fault for what is not there, and for a folder of nothing.
    """
    if not path.is_dir():
        return [(path, kind or _kind_of(path))]
    files = [file for file in sorted(path.iterdir()) if file.is_file() and not _is_left_behind(file)]
    if not files:
        raise Fault(f"{path}: there is no file in that folder")
    found = [(file, "rules" if _kind_of(file) == "rules" else kind or "wanted") for file in files]
    # Lists are chosen from by the rules beside them.
    return sorted(found, key=lambda each: each[1] != "rules")


def _kind_of(file: Path) -> Kind:
    return "rules" if file.suffix.lower() == ".toml" else "wanted"


def _is_left_behind(file: Path) -> bool:
    return is_clutter(file.name, file.stat().st_size) or file.name.startswith(".")


def outcome(stack: Stack, upload: Upload, *, seconds: float) -> Put:
    """The upload with what became of it within `seconds`; 0: nobody waits."""
    read = await_reading(stack, upload, seconds=seconds) if seconds else ()
    hint = ""
    if seconds and not read:
        hint = "Not read yet: `status` tells more, and `redrive` whether it ended among the dead letters."
        if stack.is_local:
            hint = "Not read yet: on this machine a stack's functions run while `make serve` does, in another terminal."
    return Put(upload, f"s3://{stack.output('ListsBucketName')}/{upload.key}", read, hint)


def put_text(stack: Stack, key: str, text: str) -> Upload:
    """Uploads a list that was made here."""
    stack.s3.put_object(Bucket=stack.output("ListsBucketName"), Key=key, Body=text.encode())
    return _uploaded(stack, key)


def _uploaded(stack: Stack, key: str) -> Upload:
    head = stack.s3.head_object(Bucket=stack.output("ListsBucketName"), Key=key)
    return Upload(key, head.get("VersionId") or head["ETag"].strip('"'))


def _check_rules(file: Path) -> None:
    try:
        parse_rules(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise Fault(f"{file}: is not UTF-8, save it so; nothing was uploaded") from None
    except RulesError as error:
        raise Fault(f"{file} is broken, and was not uploaded:\n{error}") from None


def await_reading(
    stack: Stack, upload: Upload, *, seconds: float, sleep: Callable[[float], None] = time.sleep
) -> tuple[Read, ...]:
    """What became of the upload: one entry a list in it. Empty if it was not read within `seconds`.

    An archive may hold several lists: it is through when its message has left the queue.
    """
    while True:
        found = (_rules(stack, upload),) if upload.key == RULES_KEY else tuple(_lists(stack, upload))
        read = tuple(one for one in found if one is not None)
        if (read and (not _is_archive(upload) or waiting(stack, "ListQueueUrl") == 0)) or seconds <= 0:
            return read
        sleep(POLL_SECONDS)
        seconds -= POLL_SECONDS


def _lists(stack: Stack, upload: Upload) -> Iterator[Read]:
    for record in stack.store.lists():
        if record.version == upload.version and record.name.partition("#")[0] == upload.key:
            yield _read(stack, record)


def _rules(stack: Stack, upload: Upload) -> Read | None:
    """The rules' report, in the form of a list without entries."""
    try:
        answer = stack.s3.get_object(Bucket=stack.output("ReportsBucketName"), Key=f"rules/{upload.version}.json")
    except stack.s3.exceptions.NoSuchKey:
        return None
    report = json.loads(answer["Body"].read())
    notes = (f"The rules are {report['status']}.", *report["faults"])
    return Read(RULES_KEY, "rules", answer["LastModified"], 0, 0, 0, 0, 0, notes, (), None)


def _is_archive(upload: Upload) -> bool:
    return upload.key.lower().endswith(".zip")


def _read(stack: Stack, record: ListRecord) -> Read:
    bucket, key = stack.output("ReportsBucketName"), record.details.get("rejects")
    return Read(
        list=record.name,
        source=record.source,
        read_at=record.read_at,
        entries=record.entries,
        accepted=record.accepted,
        duplicates=record.duplicates,
        not_selected=record.not_selected,
        rejected=record.rejected,
        notes=record.notes,
        rejects=_rejects(stack, bucket, key) if key else (),
        all_rejects=f"s3://{bucket}/{key}" if key else None,
    )


def _rejects(stack: Stack, bucket: str, key: str) -> tuple[Rejected, ...]:
    """The first ones: a list of a million names may have thousands."""
    answer = stack.s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{_BYTES_OF_REJECTS - 1}")
    text = answer["Body"].read().decode("utf-8", "replace")
    if answer["ContentLength"] == _BYTES_OF_REJECTS:
        text = text[: text.rfind("\n") + 1]
    lines = list(csv.DictReader(io.StringIO(text, newline="")))[:REJECTS_SHOWN]
    return tuple(Rejected(int(line["line"]), line["text"], line["reason"]) for line in lines)


def render(put: Put, console: Console) -> None:
    """Puts the counts and the first rejects on the screen."""
    if not put.read:
        console.print(plain(f"Uploaded to {put.where}, version {put.upload.version}."), soft_wrap=True)
        if put.hint:
            console.print(plain(put.hint, "yellow"), soft_wrap=True)
        return
    numbers = ("entries", "accepted", "duplicates", "not selected", "rejected")
    if any(read.entries for read in put.read):
        made = table("", "list", "recognised as", *numbers, right=numbers)
        for read in put.read:
            counts = (read.entries, read.accepted, read.duplicates, read.not_selected, read.rejected)
            row(made, read.list, read.source, *(f"{count:,}" for count in counts))
        console.print(made)
    for read in put.read:
        for note in read.notes:
            console.print(plain(f"  {read.list}: {note}"), soft_wrap=True)
        if read.rejects:
            console.print()
            rejects = table("Rejected", "line", "text", "why", right=("line",))
            for reject in read.rejects:
                row(rejects, reject.line, reject.text, reject.reason)
            console.print(rejects)
            if read.rejected > len(read.rejects):
                console.print(plain(f"… of {counted(read.rejected, 'reject')}: {read.all_rejects}"), soft_wrap=True)
