"""Containers: plain, gzip, zip. Archives are bounded, and none may be inside another."""

from __future__ import annotations

import errno
import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from ingestion.keys import is_left_behind

CHUNK = 1 << 17
"""Bytes that are unpacked and looked at in one piece."""
_RATIO_FROM = 1 << 20
"""Bytes from which the ratio is looked at: a few kilobytes of the same name pack well and do no harm."""

_LARGEST_DIRECTORY = 16 << 20
"""Bytes of a zip archive's directory, which is read whole."""
_MOST_LOOKED_AT = 1000
"""Members of an archive, of which some may be no lists."""
_END_OF_ZIP = struct.Struct("<4s4H2LH")
"""The record at the end: signature, two disks, entries (here, in all), size and place of the directory, comment."""

_END_OF_ZIP64 = struct.Struct("<4sQ2H2L4Q")
"""The same of large archives: its last two numbers are the size and the place of the directory."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP = b"\x1f\x8b"
_OTHER = {
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\xd0\xcf\x11\xe0": "an old Office document: save it as CSV",
}
_markup = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<[!?a-zA-Z]").match


class NoList(Exception):
    """A file, or the rest of one, that is no list; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an archive may unpack to."""

    size: int = 4 << 30
    """Bytes, all members together."""
    ratio: int = 200
    """Times the archive's own size."""
    members: int = 100


@dataclass(frozen=True, slots=True)
class Member:
    """The bytes of one list."""

    name: str | None
    """Within the archive; None if it is the only one there, or there is no archive."""
    read: Callable[[], Iterator[bytes]]
    """Its bytes, from the beginning each time. Raise NoList where the archive is broken or goes beyond its bounds."""
    file: str = ""
    """What it is called in a zip archive, be it the only one or not."""


def unpack(
    file: BinaryIO, bounds: Bounds, is_no_list: Callable[[bytes, str], bool] = lambda _head, _name: False
) -> Iterator[Member]:
    """The lists in `file`, which is seekable and at its beginning. Each must be used up before the next.

    `is_no_list` tells by its beginning and its name whether a member of an archive is none that anybody meant as one:
    it is passed over where there are others. Raises NoList for an archive that cannot be opened or may not be.
    """
    magic = file.read(8)
    file.seek(0)
    if magic.startswith(_ZIP):
        yield from _members(file, bounds, is_no_list)
    elif magic.startswith(_GZIP):
        yield Member(None, lambda: _checked(_gunzip(_again(file), bounds), inside=True))
    else:
        yield Member(None, lambda: _checked(_chunks(_again(file)), inside=False))


class _View(io.RawIOBase):
    """A file at a place of its own, so that it can be read at several places by turns."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_CUR:
            offset, whence = self._position + offset, io.SEEK_SET
        self._position = self._file.seek(offset, whence)
        return self._position

    def read(self, size: int = -1) -> bytes:
        self._file.seek(self._position)
        found = self._file.read(size)
        self._position += len(found)
        return found


def _again(file: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", _View(file))


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _checked(chunks: Iterator[bytes], *, inside: bool) -> Iterator[bytes]:
    """Refuses what is plainly no list before a line of it is read."""
    head = next(chunks, b"")
    if inside and head.startswith((*_ZIP, _GZIP)):
        raise NoList("is an archive inside an archive: unpack it first")
    for magic, what in _OTHER.items():
        if head.startswith(magic):
            raise NoList(f"is {what}, not a list")
    if head[257:262] == b"ustar":
        raise NoList("is a tar archive, not a list: unpack it first")
    if _markup(head[:1000]):
        raise NoList("is a web page or XML, not a list")
    yield head
    yield from chunks


def _gunzip(file: BinaryIO, bounds: Bounds) -> Iterator[bytes]:
    size = _size(file)
    limit = max(_RATIO_FROM, bounds.ratio * size)
    # The last four bytes tell the size, of the last part only and modulo 2**32: a hint that is worth a closer look.
    file.seek(max(size - 4, 0))
    hint = int.from_bytes(file.read(4), "little")
    file.seek(0)
    if hint > limit and _unpacks_to_more(file, limit):
        raise NoList(f"is an archive that unpacks to more than {bounds.ratio} times its size")
    with _broken_archive("gzip"), gzip.GzipFile(fileobj=file) as unpacked:
        yield from _bounded(unpacked, size, bounds)


def _unpacks_to_more(file: BinaryIO, limit: int) -> bool:
    """Looks only, and goes back to the beginning: what is broken is told when it is read."""
    found = False
    with suppress(EOFError, zlib.error, gzip.BadGzipFile, struct.error), gzip.GzipFile(fileobj=file) as unpacked:
        found = unpacked.seek(limit + 1) > limit
    file.seek(0)
    return found


def _members(file: BinaryIO, bounds: Bounds, is_no_list: Callable[[bytes, str], bool]) -> Iterator[Member]:
    size = _size(file)
    _check_directory(file, size)
    with _broken_archive("zip"):
        archive = zipfile.ZipFile(file)
    infos = [info for info in archive.infolist() if not _is_clutter(info)]
    names = [info.filename for info in infos]
    if "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= set(names):
        raise NoList("is an Office document, not a list: save it as CSV")
    if 1 < len(infos) <= _MOST_LOOKED_AT:
        heads = ((info, _head(archive, info, size, bounds)) for info in infos)
        infos = [info for info, head in heads if head is None or not is_no_list(head, info.filename)] or infos
    if len(infos) > bounds.members:
        raise NoList(f"is an archive of {len(infos)} files, more than {bounds.members}")
    declared = sum(info.file_size for info in infos)
    if declared > bounds.size:
        raise NoList(f"is an archive that unpacks to {declared:,} bytes, more than {bounds.size:,}")
    if declared > max(_RATIO_FROM, bounds.ratio * size):
        raise NoList(f"is an archive that unpacks to more than {bounds.ratio} times its size")
    seen: set[str] = set()
    for info in infos:
        name = _printable(info.filename)
        while name in seen:
            name += "'"
        seen.add(name)
        yield Member(name if len(infos) > 1 else None, partial(_unzipped, archive, info, size, bounds), name)


def _head(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int, bounds: Bounds) -> bytes | None:
    """The beginning of a member; None if it cannot be read."""
    try:
        return next(_unzipped(archive, info, size, bounds), b"")
    except NoList:
        return None


def _unzipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int, bounds: Bounds) -> Iterator[bytes]:
    return _checked(_unzip(archive, info, size, bounds), inside=True)


def _check_directory(file: BinaryIO, size: int) -> None:
    """Refuses an archive whose directory alone would fill the memory: `ZipFile` reads it whole."""
    file.seek(max(size - _END_OF_ZIP.size - 0xFFFF, 0))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    file.seek(0)
    if 0 <= at <= len(tail) - _END_OF_ZIP.size:
        _, _, _, _, entries, directory, _, _ = _END_OF_ZIP.unpack_from(tail, at)
        if entries == 0xFFFF or directory == 0xFFFFFFFF:
            # Some programs write the maxima into every archive, and the numbers into another record.
            directory = _directory_of_zip64(tail[:at])
        if directory > _LARGEST_DIRECTORY:
            raise NoList("is an archive of too many files")


def _directory_of_zip64(before: bytes) -> int:
    """The size of the directory as the record of large archives has it; beyond all bounds where it has none."""
    at = before.rfind(b"PK\x06\x06")
    if not 0 <= at <= len(before) - _END_OF_ZIP64.size:
        return _LARGEST_DIRECTORY + 1
    return int(_END_OF_ZIP64.unpack_from(before, at)[-2])


def _unzip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int, bounds: Bounds) -> Iterator[bytes]:
    if info.flag_bits & 1:
        raise NoList("is encrypted: pack it without a password")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NoList("is packed by a method other than deflate: pack it as an ordinary zip")
    with _broken_archive("zip"), archive.open(info) as unpacked:
        yield from _bounded(cast("zipfile.ZipExtFile", unpacked), size, bounds)


def _bounded(unpacked: gzip.GzipFile | zipfile.ZipExtFile, size: int, bounds: Bounds) -> Iterator[bytes]:
    total = 0
    # read1 gives what is there before it meets what is broken; read would give nothing of either.
    while chunk := unpacked.read1(CHUNK):
        total += len(chunk)
        if total > bounds.size:
            raise NoList(f"is an archive that unpacks to more than {bounds.size:,} bytes: the rest was not read")
        if total > max(_RATIO_FROM, bounds.ratio * size):
            raise NoList(
                f"is an archive that unpacks to more than {bounds.ratio} times its size: the rest was not read"
            )
        yield chunk


@contextmanager
def _broken_archive(kind: str) -> Iterator[None]:
    """What the libraries raise for damaged archives, as NoList. A source that cannot be read is another matter."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OverflowError,
        struct.error,
    ) as error:
        raise NoList(f"is a broken {kind} archive: {error or 'it ends too early'}") from error
    except OSError as error:
        # BadGzipFile has no number; a seek to a place before the file's beginning has this one.
        if error.errno not in (None, errno.EINVAL):
            raise
        if str(error).startswith("Not a gzipped file"):
            raise NoList("has something behind the end of its gzip archive that is none: that was not read") from error
        raise NoList(f"is a broken {kind} archive: {error}") from error


def _is_clutter(info: zipfile.ZipInfo) -> bool:
    """Folders, and what file managers leave behind."""
    parts = re.split(r"[/\\]", info.filename)
    # `is_dir` stumbles over a member without a name.
    is_folder = info.filename.endswith("/") and not info.file_size
    return is_folder or parts[0] == "__MACOSX" or parts[-1].startswith(".") or is_left_behind(parts[-1])


def _printable(name: str) -> str:
    """A member's name as part of a key: no control characters, no way out of a folder."""
    parts = [part for part in re.split(r"[/\\]+", name) if part not in ("", ".", "..")]
    return "".join(c if c.isprintable() else "_" for c in "/".join(parts))[:200] or "unnamed"


def _size(file: BinaryIO) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size
