"""Moments as the emulator reads and writes them: aware, in UTC, to the second on the wire."""

from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z`; fractions of a second only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """Reads ISO 8601; a time without a zone is UTC. Raises ValueError that quotes what was given."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(f"{text!r} is not a time in ISO 8601, such as 2026-11-24T00:00:00Z") from None
    # So far from the calendar's ends that a zone, or a drop's days, lead nowhere beyond them.
    if not MINYEAR < moment.year < MAXYEAR:
        raise ValueError(f"{text!r} is no time of any drop")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def on_the_wire(moment: datetime) -> str:
    """`YYYY-MM-DD HH:MM:SS`, UTC: the provider's format."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def from_the_wire(text: str, *, end_of_day: bool = False) -> datetime:
    """Reads the provider's format; a date alone is 00:00:00, or 23:59:59 for the end of a range.

    Raises ValueError for anything else.
    """
    if len(text) == len("YYYY-MM-DD"):
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59) if end_of_day else time(0), UTC)
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def minute_at_or_after(moment: datetime) -> datetime:
    """The full minute that is `moment`, or the next one."""
    full = moment.replace(second=0, microsecond=0)
    return full if full == moment else full + MINUTE


def minute_after(moment: datetime) -> datetime:
    """The next full minute, never `moment` itself."""
    return moment.replace(second=0, microsecond=0) + MINUTE
