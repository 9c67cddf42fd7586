"""Objects in S3 as files that can be read at any place."""

from __future__ import annotations

import errno
import io
from email.message import Message
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ingestion.arrived import Arrived

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client

_READ_AHEAD = 8 << 20
"""Bytes a request. The memory that reading takes, whatever the list's size."""
_TRIES = 4


def look_at(bucket: str, key: str, version: str | None, s3: S3Client) -> Arrived | None:
    """The object, or that version of it, as it is in the bucket; None if it is no longer there."""
    # A bucket without versions calls its only one "null".
    version_id = version if version not in (None, "", "null") else None
    try:
        head = s3.head_object(**_which(bucket, key, version_id))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchVersion", "405"):
            return None
        raise
    version_id = head.get("VersionId") if head.get("VersionId") != "null" else None
    label = version_id or head["ETag"].strip('"')
    content = content_of(head["ETag"], head["ContentLength"])
    charset = _charset_in(head.get("ContentType", ""))
    return Arrived(bucket, key, version_id, label, head["LastModified"], head["ContentLength"], content, charset)


def _charset_in(content_type: str) -> str:
    """`windows-1250` of `text/csv; charset="windows-1250"` (RFC 9110, 8.3)."""
    message = Message()
    message["Content-Type"] = content_type
    found = message.get_param("charset")
    return found if isinstance(found, str) else ""


def _which(bucket: str, key: str, version_id: str | None) -> dict[str, Any]:
    return {"Bucket": bucket, "Key": key, **({"VersionId": version_id} if version_id else {})}


def content_of(etag: str, size: int) -> str:
    """What tells an object's bytes from others'."""
    tag = etag.strip('"')
    return f"{tag}-{size}"


def object_file(s3: S3Client, arrived: Arrived) -> io.BufferedReader:
    """The object as a file that can be read at any place, as the directory of a zip archive is at its end.

    It is read in ranges rather than as one stream: S3 closes a connection on which nothing was read for a while, as
    happens when what was read has to be written first, and a range can be asked for again.
    """
    return io.BufferedReader(_S3Object(s3, arrived), min(_READ_AHEAD, max(arrived.size, 1)))


class _S3Object(io.RawIOBase):
    def __init__(self, s3: S3Client, arrived: Arrived) -> None:
        self._s3 = s3
        self._which = _which(arrived.bucket, arrived.key, arrived.version_id)
        self._size = arrived.size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, "seek to a place before the beginning")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._position + len(view), self._size)
        if end <= self._position:
            return 0
        data = self._get(self._position, end)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _get(self, start: int, end: int) -> bytes:
        for left in reversed(range(_TRIES)):
            try:
                answer = self._s3.get_object(Range=f"bytes={start}-{end - 1}", **self._which)
                return answer["Body"].read()
            except BotoCoreError:
                # The client repeats a request, but not the reading of a body that was cut.
                if not left:
                    raise
        raise AssertionError("unreachable")
