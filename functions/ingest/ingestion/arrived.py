"""What is known of an object before it is read, and what a list in it is called. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

_LONGEST_NAME = 900
"""Bytes. S3's keys have 1,024 at most, of which a report's needs some for itself; so have DynamoDB's sort keys."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """The version of an object that is read."""

    bucket: str
    key: str
    version_id: str | None
    version: str
    """For reports and items: the version's id, or the content's hash in a bucket without versions."""
    modified: datetime
    size: int
    content: str
    """Tells its bytes from others': S3's checksum (of the parts, where it was uploaded in parts), and their number."""
    charset: str = ""
    """What it is written in, as its `Content-Type` declares it; empty where it does not."""


def list_name(key: str, member: str | None = None) -> str:
    """What a list is called: by its key, or `archive#member`; cut where it would fit into no key and no item."""
    name = key if member is None else f"{key}#{member}"
    if len(name.encode("utf-8")) <= _LONGEST_NAME:
        return name
    # A cut name alone could be another one's, too.
    digest = hashlib.sha256(name.encode("utf-8")).hexdigest()[:16]
    return name.encode("utf-8")[: _LONGEST_NAME - 20].decode("utf-8", "ignore") + f"…{digest}"


def content_type_of(encoding: str | None) -> str:
    """The `Content-Type` of a list that is uploaded, which declares what it is written in, if somebody said so."""
    return f"text/plain; charset={encoding}" if encoding else "binary/octet-stream"
