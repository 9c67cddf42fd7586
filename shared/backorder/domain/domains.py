"""Domain names: what is one, in the form in which registries keep it, and where its zone begins.

IDNA 2008 with the mapping of UTS 46 (RFC 5891, Unicode TS 46) makes Unicode names ASCII; the ICANN section of the
public suffix list (publicsuffix.org) says under which suffixes registries register names. The list's private section
is left out: nobody can backorder `john.blogspot.com`.

Two paths lead to the same answer (a property test holds them together): a fast one for plain ASCII names, which are
nearly all of a list, and a careful one for everything else.
"""

from __future__ import annotations

import importlib.resources
import re
import string
from dataclasses import dataclass
from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

LONGEST_NAME = 253
"""Of a name in ASCII, without the trailing dot (RFC 1035)."""
LONGEST_LABEL = 63
_LONGEST_TEXT = 2_000
"""A URL around a name may be long, but what is longer is no name: IDNA is not asked to look at it."""

_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_PLAIN_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_plain_name = re.compile(rf"(?!..--)({_PLAIN_LABEL})\.([a-z0-9.-]+)").fullmatch
_plain_label = re.compile(_PLAIN_LABEL).fullmatch
_scheme = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//").match
_end_of_host = re.compile(r"[/?#\\]").search
_port = re.compile(r":[0-9]{0,5}$")
_address = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[.*|[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*").fullmatch
_control = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]").search


class NotADomain(ValueError):
    """A text is not a name that can be registered.

    `reason` is for people: it completes the sentence "'john_doe.com' …". `kind` is the part of it that is the same
    for all names with the same fault, so that faults can be counted.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        self.kind = kind
        self.reason = f"{kind} {detail}" if detail else kind
        super().__init__(self.reason)


@dataclass(frozen=True, slots=True)
class Domain:
    """A name directly under a public suffix, in ASCII and lower case: what a registry registers and deletes."""

    name: str
    """`xn--bcher-kva.co.uk`"""
    label: str
    """`xn--bcher-kva`"""
    zone: str
    """`co.uk`: the public suffix."""

    @property
    def unicode_label(self) -> str:
        """The label as people read it: `bücher`."""
        return idna.ulabel(self.label) if self.label.startswith("xn--") else self.label

    def __str__(self) -> str:
        return self.name


def parse_domain(text: str) -> Domain:
    """Finds the registrable name in `text`, as lists contain it: `John.COM`, `john.com.`, `http://www.john.com/x?y`,
    `bücher.de`.

    Blanks around it, a scheme, port and path, and a `www.` before a registrable name are taken off. Raises NotADomain.
    """
    text = _lower(text.strip())
    return _fast(text) or _careful(text)


def parse_zone(text: str) -> str:
    """The zone that `text` names, in ASCII and lower case: `com`, `.co.uk`, `рф`. Raises NotADomain if it is none."""
    zone = ".".join(_labels(_host(_lower(text.strip()).removeprefix("."))))
    if not _public_suffixes().is_public(zone):
        raise NotADomain("is no zone under which names are registered")
    return zone


def is_plain_zone(zone: str) -> bool:
    """Whether each plain label under `zone` is a registrable name, but for the suffixes below it."""
    return zone in _suffixes()[0]


def suffixes_below(zone: str) -> frozenset[str]:
    """The public suffixes one label below `zone`, such as `com.pl` below `pl`: no names, though they look like some."""
    return _suffixes_by_zone().get(zone, frozenset())


def _lower(text: str) -> str:
    """With ASCII in lower case. The rest is up to UTS 46: `str.lower` makes another letter of a sigma at the end."""
    return text.lower() if text.isascii() else text.translate(_ASCII_LOWER)


def _fast(text: str) -> Domain | None:
    """The answer for a plain ASCII name directly under a suffix without exceptions; None if it takes a closer look."""
    match = _plain_name(text)
    if match is None:
        return None
    label, zone = match.groups()
    plain_zones, suffixes = _suffixes()
    if zone not in plain_zones or text in suffixes or len(text) > LONGEST_NAME:
        return None
    return Domain(text, label, zone)


def _careful(text: str) -> Domain:
    labels = _labels(_host(text))
    name = ".".join(labels)
    if len(name) > LONGEST_NAME:
        raise NotADomain("is longer than 253 characters")
    suffixes = _public_suffixes()
    registrable = suffixes.privatesuffix(name)
    if registrable is None:
        if suffixes.publicsuffix(name) is not None:
            raise NotADomain("is a public suffix, not a name under one")
        if len(labels) == 1:
            raise NotADomain("has no zone")
        raise NotADomain("ends in no known zone:", f"'{labels[-1]}'")
    if registrable not in (name, name.removeprefix("www.")):
        raise NotADomain("is below the registrable name", registrable)
    label, _, zone = registrable.partition(".")
    return Domain(registrable, label, zone)


def _host(text: str) -> str:
    """`text` without scheme, port, path and trailing dot. Raises NotADomain for what can be told from the text as a
    whole."""
    if not text:
        raise NotADomain("is empty")
    if len(text) > _LONGEST_TEXT:
        raise NotADomain("is longer than 253 characters")
    if _control(text):
        raise NotADomain("contains a control character")
    if text[0] in "=+@":
        raise NotADomain("begins like a formula")
    scheme = _scheme(text)
    host = text[scheme.end() :] if scheme else text
    end = _end_of_host(host)
    host = host[: end.start()] if end else host
    if _address(host) or _address(_port.sub("", host)):
        raise NotADomain("is an IP address")
    host = _port.sub("", host)
    if "@" in host:
        raise NotADomain("is an e-mail address")
    if "_" in host:
        raise NotADomain("contains an underscore")
    if any(character.isspace() for character in host):
        raise NotADomain("contains a blank")
    return host


def _labels(host: str) -> list[str]:
    """The labels of `host` in ASCII, each checked."""
    if not host.isascii():
        try:
            host = idna.uts46_remap(host, std3_rules=False, transitional=False)
        except ValueError as error:
            raise NotADomain("is no valid internationalised name:", str(error)) from None
    return [_label(label) for label in host.removesuffix(".").split(".")]


def _label(label: str) -> str:
    if not label:
        raise NotADomain("has an empty label")
    if label.startswith("-") or label.endswith("-"):
        raise NotADomain("has a label that begins or ends with a hyphen")
    if not label.isascii() or label.startswith("xn--"):
        try:
            # Of a label that is ASCII already, this checks that it is what its Unicode form is written as.
            label = idna.alabel(label).decode("ascii")
        except ValueError as error:
            raise NotADomain("is no valid internationalised name:", str(error)) from None
    elif label[2:4] == "--":
        # Reserved for encodings such as `xn--` (RFC 5891, 4.2.3.1); no registry takes others.
        raise NotADomain("has a label with hyphens in third and fourth place")
    if len(label) > LONGEST_LABEL:
        raise NotADomain("has a label of more than 63 characters")
    if not _plain_label(label):
        odd = next(character for character in label if not _plain_label(character) and character != "-")
        raise NotADomain("contains a character that no name has:", f"'{odd}'")
    return label


@cache
def _public_suffixes() -> PublicSuffixList:
    """The ICANN section, in the library that knows its rules. An unknown top-level domain is no suffix. Takes 40 ms."""
    return PublicSuffixList(_icann_rules(), accept_unknown=False)


@cache
def _suffixes() -> tuple[frozenset[str], frozenset[str]]:
    """For the fast path: the ASCII suffixes under which every name is registrable but those of the second set."""
    rules = [rule for rule in _icann_rules() if rule.isascii()]
    # `*.ck`: what is below `ck` takes the library; exceptions (`!www.ck`) are below such roots.
    roots = {rule.removeprefix("*.") for rule in rules if rule.startswith("*.")}
    suffixes = {rule for rule in rules if rule[0] not in "!*"}
    return frozenset(suffixes - roots), frozenset(suffixes | roots)


@cache
def _suffixes_by_zone() -> dict[str, frozenset[str]]:
    below: dict[str, set[str]] = {}
    for suffix in _suffixes()[1]:
        _, dot, zone = suffix.partition(".")
        if dot:
            below.setdefault(zone, set()).add(suffix)
    return {zone: frozenset(found) for zone, found in below.items()}


@cache
def _icann_rules() -> tuple[str, ...]:
    published = importlib.resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")
    section = published.partition("// ===BEGIN ICANN DOMAINS===")[2].partition("// ===END ICANN DOMAINS===")[0]
    lines = (line.strip() for line in section.splitlines())
    return tuple(line.split()[0].lower() for line in lines if line and not line.startswith("//"))
