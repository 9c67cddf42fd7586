"""What an object in the lists bucket is, by its key: a list, the rules, what tools leave behind, or nothing that is
read. Pure."""

from __future__ import annotations

import hashlib
import re
from difflib import get_close_matches

from ingestion.summary import Kind

FOLDERS: dict[str, Kind] = {"wanted": "wanted", "dropping": "dropping", "cancel": "cancel"}
"""Which folder of the bucket says what is meant by a list."""
RULES_KEY = "rules.toml"
LONGEST_SHOWN = 200
"""Characters of a key, where people are told of it."""

_clutter = re.compile(
    # macOS: how a folder looks, and the other half of a file, beside it or in an archive of the Finder's.
    r"\.ds_store|\.localized|\._.*|"
    # Windows: pictures of files, and how a folder looks.
    r"(?:eh)?thumbs\.db|desktop\.ini|"
    # Word, Excel, LibreOffice: who has a file open.
    r"~\$.*|\.~lock\..*#",
    re.IGNORECASE | re.DOTALL,
).fullmatch
_rules = re.compile(r"\s*rules\b", re.IGNORECASE).match
_FOLDER_OF_CLUTTER = "__MACOSX"
_ALIKE = 0.65
"""How alike words have to be, from 0 to 1, for one to be the other misspelt: `want`, `cancelled`."""


def is_clutter(key: str, size: int) -> bool:
    """Whether nobody meant to put this object there: a folder, as S3's console and other tools make one, of no bytes
    (`size`); or what macOS, Windows and office programs write beside files, and an upload of a folder takes along."""
    *folders, name = key.split("/")
    if not size and (not name or name.endswith("_$folder$")):
        return True
    return _FOLDER_OF_CLUTTER in folders or is_left_behind(name)


def is_left_behind(name: str) -> bool:
    """Whether a file's name is one of those that macOS, Windows and office programs write beside files."""
    return _clutter(name) is not None


def kind_of(key: str) -> Kind | None:
    """What is meant by an object; None: nothing reads it."""
    if key == RULES_KEY:
        return "rules"
    folder, _, inside = key.partition("/")
    if "/" not in key or _is_about_rules(inside.rpartition("/")[2]):
        return None
    return FOLDERS.get(folder)


def why_unread(key: str) -> str:
    """Why nothing reads an object, as the end of a sentence; with a hint where somebody may have meant otherwise."""
    *folders, name = key.split("/")
    if folders and _is_about_rules(name):
        return f"{RULES_KEY} has to be at the top of the bucket"
    if not folders and _rules(name):
        return f"the rules are called {RULES_KEY}, in small letters and with no other ending"
    for folder in folders[1:]:
        if folder in FOLDERS:
            return f"{folder}/ has to be at the top of the bucket"
    if "\\" in key and (meant := _folder_meant(key.partition("\\")[0])):
        return f"a folder ends in /, and not in \\: put it into {meant}/"
    meant = _folder_meant(key.partition("/")[0])
    if meant and folders:
        return f"the folder is called {meant}/, in small letters and without blanks"
    if meant:
        return f"it is no folder but an object: put it into the folder, as {meant}/{meant}.txt"
    return "it is in none of the folders that are read"


def shown(key: str) -> str:
    """A key for people and for the keys of items: printable, not long, and no other key's."""
    if key.isprintable() and len(key) <= LONGEST_SHOWN:
        return key
    digest = hashlib.sha256(key.encode("utf-8")).hexdigest()[:16]
    printable = "".join(letter if letter.isprintable() else "_" for letter in key)
    return f"{printable[: LONGEST_SHOWN - len(digest) - 1]}…{digest}"


def _is_about_rules(name: str) -> bool:
    """It is that of the rules, or like it: `Rules.toml`, `rules.toml.txt`, `rules (1).toml`."""
    return _rules(name) is not None and ".toml" in name.lower()


def _folder_meant(text: str) -> str | None:
    """The folder whose name that is, but for letters and blanks, if it is one's."""
    found = get_close_matches(text.strip().lower(), FOLDERS, n=1, cutoff=_ALIKE)
    return found[0] if found else None
