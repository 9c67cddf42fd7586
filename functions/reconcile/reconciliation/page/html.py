"""The page as one file of HTML that needs nothing else: no network, no second file.

Whatever comes from a list or from the provider is text, never markup: templates escape by themselves, `shown` takes the
tricks out of the text, and the policy in the page's head lets nothing run but the page's own script.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from backorder.domain.money import CENT, text
from backorder.runtime.clock import iso, span
from backorder.runtime.csv_cells import safe
from reconciliation.page.chart import funding_chart, weeks_chart
from reconciliation.page.model import Page, Row

NONE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
_ADDRESS = re.compile(r"(https://[^\s<>\"']*[^\s<>\"'.,:;)])")
FOLDER = Path(__file__).parent / "templates"


def html(page: Page) -> str:
    """The whole file; the same page gives the same bytes."""
    style, script = _asset("report.css"), _asset("report.js")
    return (
        _environment()
        .get_template("report.html")
        .render(
            page=page,
            zone=page.time_zone,
            funding=funding_chart(page.funding),
            weeks=weeks_chart(page.weeks),
            rows=_json(page),
            style=style,
            script=script,
            policy=Markup(  # noqa: S704 - made of hashes # nosec B704
                "default-src 'none'; base-uri 'none'; form-action 'none'; "
                f"style-src 'sha256-{_digest(style)}'; script-src 'sha256-{_digest(script)}'"
            ),
        )
    )


def shown(value: str) -> str:
    """The text as it may be seen: what would turn, hide or break text around it is named instead (U+202E …).

    What a spreadsheet would take for a formula, where a table is pasted into one, has an apostrophe before it.
    """
    if not value.isprintable():
        value = "".join(map(_seen, " ".join(value.split())))
    return safe(value)


def _seen(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return f"[U+{ord(character):04X}]"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= {
        "money": _money,
        "cents": lambda amount: _money(None if amount is None else amount.quantize(CENT)),
        "round": lambda amount: _money(amount).removesuffix(".00"),
        "count": lambda number: f"{number:,}",
        "percent": lambda share: NONE if share is None else f"{100 * share:.0f} %",
        "day": lambda day: f"{day.day} {day:%b}",
        "month": lambda day: f"{day:%B %Y}",
        "moment": _moment,
        "span": span,
        "linked": _linked,
        "iso": iso,
    }
    return environment


def _finalize(value: Any) -> Any:
    """What every `{{ … }}` goes through, before it is escaped."""
    if isinstance(value, Markup | Undefined):
        return value
    return shown(str(value))


def _money(amount: Decimal | None) -> str:
    """`1,234.50`, with a real minus; a dash where there is none."""
    if amount is None:
        return NONE
    whole, _, cents = text(abs(amount)).partition(".")
    return f"{MINUS if amount < 0 else ''}{int(whole):,}.{cents}"


def _linked(value: str) -> Markup:
    """The text, its addresses as links: for what the provider says of an auction, which is bid in there."""
    parts = _ADDRESS.split(shown(value))
    link = Markup('<a href="{0}" rel="noreferrer noopener">{0}</a>')
    return Markup("").join(link.format(part) if n % 2 else part for n, part in enumerate(parts))


@pass_context
def _moment(context: Context, moment: datetime) -> Markup:
    """`Thu 26 Nov, 16:00`, in the reader's time zone; where it must, it breaks before the hour."""
    local = moment.astimezone(context["zone"])
    return Markup(f"{local:%a}&nbsp;{local.day}&nbsp;{local:%b}, {local:%H:%M}")  # noqa: S704 - a date # nosec B704


def _json(page: Page) -> Markup:
    """The rows for the page's script: lists of values, each text that repeats given once, times in minutes since 1970.

    `<` and `&` are written as escapes, so that no text ends the element that holds it.
    """
    indexes: dict[str, dict[str, int]] = {"zones": {}, "states": {}, "lists": {}, "reasons": {}, "dates": {}}

    def index(of: str, value: str) -> int:
        return indexes[of].setdefault(value, len(indexes[of]))

    def row(row: Row) -> list[Any]:
        return [
            shown(row.domain),
            index("zones", shown(row.zone)),
            index("states", f"{row.group} {row.state}"),
            f"{row.priority.normalize():f}",
            "" if row.fee is None else text(row.fee),
            _minutes(row.deadline),
            _minutes(row.ordered_at),
            index("lists", shown(row.list)),
            row.line,
            index("reasons", shown(row.reason)),
            index("dates", shown(row.dated_by)),
        ]

    rows = [row(each) for each in page.rows]
    data = {
        "zone": str(page.time_zone),
        **{name: list(values) for name, values in indexes.items()},
        "rows": rows,
    }
    written = json.dumps(data, separators=(",", ":"))
    for character in "<>&":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return Markup(written)  # noqa: S704 - nothing in it can end the element # nosec B704


def _minutes(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp()) // 60


@cache
def _asset(name: str) -> Markup:
    return Markup((FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704 - the page's own # nosec B704


def _digest(content: str) -> str:
    """As the policy names a script or a style that may stand in the page (CSP level 2, "Valid Hashes")."""
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
