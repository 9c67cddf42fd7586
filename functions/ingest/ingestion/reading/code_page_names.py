"""What name some bytes are in a code page, if a registry could take it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache

import idna

from backorder.domain.domains import Domain, NotADomain, parse_domain

_LATIN, _GREEK, _HAN = frozenset({"LATIN"}), frozenset({"GREEK"}), frozenset({"CJK"})
_JAPANESE = frozenset({"CJK", "HIRAGANA", "KATAKANA"})
"""Written together: ICANN's guidelines allow what the orthography of a language asks for."""
SCRIPTS: Mapping[str, frozenset[str]] = {
    "at": _LATIN,  # nic.at, "IDNs bei nic.at"
    "be": _LATIN,  # DNS Belgium, docs.dnsbelgium.be, "Allowed characters"
    "br": _LATIN,  # Registro.br, FAQ
    "ca": _LATIN,  # CIRA, "What French characters are available?"
    "ch": _LATIN,  # SWITCH, terms, annex 1
    "cl": _LATIN,  # IANA's repository, cl_latn_1.0
    "cn": _HAN,  # IANA's repository, cn_zh_1.0
    "de": _LATIN,  # DENIC, "IDN Character List"
    "dk": _LATIN,  # DK Hostmaster, allowed characters
    "es": _LATIN,  # nic.es, allowed characters
    "fi": _LATIN,  # Traficom, "Native language characters in domain names"
    "fr": _LATIN,  # AFNIC, naming policy
    "gr": _GREEK,  # ICS-FORTH, grweb.ics.forth.gr, "Character Table"
    "hu": _LATIN,  # domain.hu, registration rules
    "is": _LATIN,  # ISNIC, rules, section 2
    "it": _LATIN,  # Registro.it, FAQ, "What characters are allowed in a domain name?"
    "jp": _JAPANESE,  # IANA's repository, jp_ja-jp_1.2
    "kr": frozenset({"HANGUL"}),  # IANA's repository, kr_ko-kr_1.0
    "li": _LATIN,  # as ch
    "lt": _LATIN,  # DOMREG, "IDN symbols"
    "lv": _LATIN,  # NIC.LV, "Latvian domain names"
    "no": _LATIN,  # Norid, IDN characters
    "pt": _LATIN,  # DNS.PT, allowed characters
    "tr": _LATIN,  # NIC.TR: the letters of Turkish
}
"""The scripts beyond ASCII in which a registry takes names, where it publishes that it takes but one or a few.

The source is beside each zone: IANA's Repository of IDN Practices, or the registry's own pages (those of .br, .ch, .de,
.dk, .es, .gr, .hu, .is, .kr, .li, .lt, .no and .pt as laminas-validator's `Hostname.php` cites them). Of a zone that is
not here, any script is possible.
"""

_IN_NAMES = "-.\u00b7\u05f3\u05f4\u200c\u200d\u30fb"
"""No letters, and allowed in names: some of them beside certain letters (RFC 5892, A)."""
_letters = re.compile(r"[^\W\d_]+").findall
_ascii_letter = re.compile("[a-z]").search
_parts = re.compile(r"[^-.]+").findall


class Mixed(Enum):
    """What letters of several scripts are in one part of a label: no name, but perhaps one that somebody wrote.

    So the list may still be in that page, and other names that the page gives otherwise are not certain.
    """

    # Most words of one code page are that in some page of another alphabet: it does not count against the others.
    WITH_ASCII = "with letters of ASCII"
    # Hardly any word of one page is that in another: the page that gives it may well be the right one.
    OF_OTHERS = "without letters of ASCII"


def reading(host: bytes, page: str) -> Domain | Mixed | None:
    """The name that these bytes are in a code page; None if no registry could have it.

    A valid label by IDNA 2008 as it stands, capitals aside: nobody writes `3` as `³`. Each part between hyphens is of
    one script, as ICANN's guidelines for IDN ask, else it is mixed, and of one that the zone takes. Capitals are where
    people put them.
    """
    try:
        text = unicodedata.normalize("NFC", host.decode(page))
        if any(map(_is_symbol, text)):
            return None
        domain = parse_domain(text)
    except (UnicodeDecodeError, NotADomain):
        return None
    name = in_letters(domain)
    if name not in "".join(map(str.lower, text)) or not all(map(_is_cased_by_people, _letters(text))):
        return None
    allowed = SCRIPTS.get(domain.zone.rpartition(".")[2])
    mixed: set[Mixed] = set()
    for part in _parts(name):
        scripts = _scripts_of(part)
        if len(scripts) > 1 and not scripts <= _JAPANESE:
            mixed.add(Mixed.WITH_ASCII if _ascii_letter(part) else Mixed.OF_OTHERS)
        elif allowed is not None and not part.isascii() and not scripts <= allowed:
            return None
    return next((kind for kind in (Mixed.WITH_ASCII, Mixed.OF_OTHERS) if kind in mixed), domain)


@lru_cache(maxsize=4096)
def _is_symbol(letter: str) -> bool:
    """It is in no name. IDNA decides; this is to ask it less often."""
    return unicodedata.category(letter)[0] in "CPSZ" and letter not in _IN_NAMES


def in_letters(domain: Domain) -> str:
    return ".".join(idna.ulabel(label) if label.startswith("xn--") else label for label in domain.name.split("."))


def _is_cased_by_people(word: str) -> bool:
    """`solar`, `SOLAR`, `Solar`, `SolarRoof`, and not `sOLar`: what is small in one page may be capital in another."""
    return word.isascii() or word.isupper() or _humps(_cases(word)) is not None


_humps = re.compile("l*(?:ul+)*").fullmatch


def _cases(word: str) -> str:
    return "".join("u" if letter.isupper() else "l" for letter in word)


def _scripts_of(part: str) -> set[str]:
    return {script for letter in part if (script := _script(letter))}


@lru_cache(maxsize=4096)
def _script(letter: str) -> str | None:
    """By the first word of its name in Unicode; None for what belongs to no script."""
    if not letter.isalpha():
        return None
    first = re.split("[ -]", unicodedata.name(letter, "UNKNOWN"))[0]
    return "CJK" if first == "IDEOGRAPHIC" else first
