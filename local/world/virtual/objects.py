"""S3, as much of it as ingestion calls: objects with versions in memory."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from botocore.exceptions import ClientError

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass(frozen=True)
class _Object:
    body: bytes
    version: str
    modified: datetime


class Objects:
    """Stands in for an S3 client. Reports are kept like uploads."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str, str | None], _Object] = {}
        self._count = 0

    def upload(self, bucket: str, key: str, body: bytes, *, modified: datetime) -> str:
        """Puts a version there; gives its id. S3's LastModified has whole seconds."""
        self._count += 1
        stored = _Object(body, f"v{self._count}", modified.replace(microsecond=0))
        self._objects[bucket, key, None] = self._objects[bucket, key, stored.version] = stored
        return stored.version

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> dict[str, Any]:  # noqa: N803, ARG002
        self._objects[Bucket, Key, None] = _Object(Body, "null", datetime.min)  # noqa: DTZ901 - nobody asks
        return {}

    def head_object(self, *, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:  # noqa: N803
        found = self._find(Bucket, Key, VersionId, "HeadObject")
        return {
            "VersionId": found.version,
            "ETag": _etag(found),
            "LastModified": found.modified,
            "ContentLength": len(found.body),
        }

    def get_object(self, *, Bucket: str, Key: str, Range: str, VersionId: str | None = None) -> dict[str, Any]:  # noqa: N803
        found = self._find(Bucket, Key, VersionId, "GetObject")
        part = _RANGE.fullmatch(Range)
        assert part is not None
        return {"Body": io.BytesIO(found.body[int(part[1]) : int(part[2]) + 1])}

    def get_paginator(self, operation: str) -> Self:
        """Of the one operation that lists."""
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        """One page: the last version of each object."""
        yield {
            "Contents": [
                {"Key": key, "ETag": _etag(found), "Size": len(found.body), "LastModified": found.modified}
                for (bucket, key, version), found in self._objects.items()
                if bucket == Bucket and version is None
            ]
        }

    def _find(self, bucket: str, key: str, version: str | None, operation: str) -> _Object:
        found = self._objects.get((bucket, key, version))
        if found is None:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": key}}, operation)
        return found


def _etag(found: _Object) -> str:
    return f'"{hashlib.sha256(found.body).hexdigest()}"'
