"""Domain names as the provider takes them: label and zone, their ASCII and Unicode forms, the class of an order."""

import re
from functools import lru_cache

import idna

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


@lru_cache(maxsize=65536)
def ascii_form(text: str) -> str:
    """The name in ASCII, lower case. Raises ValueError if it cannot be a name of two labels or more."""
    name = text.strip().lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode()
        except idna.IDNAError as cause:
            raise ValueError(f"{text!r} has no ASCII form") from cause
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or labels[-1].isdigit():
        raise ValueError(f"{text!r} is not a domain name")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{text!r} is not a domain name")
    return name


@lru_cache(maxsize=65536)
def unicode_form(name: str) -> str:
    """The name as people read it; the ASCII form itself where it stands for no valid Unicode name."""
    if "xn--" not in name:
        return name
    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name


def label_of(domain: str) -> str:
    """`john` of `john.co.uk`."""
    return domain.partition(".")[0]


def zone_of(domain: str) -> str:
    """`co.uk` of `john.co.uk`: all behind the first dot, for whoever orders names a label and its zone."""
    return domain.partition(".")[2]


def zone_class(zone: str) -> str:
    """The provider's name for a zone in classes and types: `COM`, `COUK` (StatusUser tells TLDCLASS from TLDLABEL)."""
    return zone.replace(".", "").upper()


def backorder_class(domain: str) -> str:
    """`COM_BACKORDER` for `john.com`: what class BACKORDER becomes in the answer to an order."""
    return f"{zone_class(zone_of(domain))}_BACKORDER"


def repository_of(domain: str) -> str:
    """Where the test system registers a zone's names."""
    return f"{zone_class(zone_of(domain))}-OTE-1API1"
