"""What one entry of a list does to the backorders: makes one, changes one, or finds it there already.

Each step is repeatable: an entry that is read again changes nothing and counts as it did, for the backorder says from
which version of which list, and from which line, it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from backorder.clock import Clock
from backorder.deadlines import Known, Schedule, schedule
from backorder.model import HISTORY_LIMIT, WON, Backorder, BackorderKey, Reason, Source, State, Step, TakingBack
from backorder.registries import Registries
from backorder.store import Conflict, NotUnderstood, Store
from ingestion.reading import Entry

ORDINARY_PRIORITY = Decimal(5)
"""Of 0 to 10, for a name without one."""
NEXT_CYCLE = timedelta(days=30)
"""A name that drops so much later than it did drops again: a deletion that is put off is put off by days, and a name
that was registered anew takes more than a month to be deleted again."""
_SAME_DROP = timedelta(hours=48)
"""A day and the moment within it, told by two lists, are no further apart."""

_MOVED = "drop moved"
_LEFT_ALONE = "its backorder is not understood, and left alone"
_DROPPING_NOW = frozenset({State.PROCESSING, State.AUCTION_PENDING})
_NO_PERSONS = frozenset({Reason.RENEWED, Reason.LEFT_OUT})
"""Why something was taken back that a list or the rules may bring back, unless a person cancels it as well."""


class Outcome(StrEnum):
    """What an entry that may be ordered ends as."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    NOT_SELECTED = "not_selected"


class Missing(StrEnum):
    """What became of a backorder whose name is missing from a complete list."""

    TAKEN_BACK = "taken back"
    LEFT = "left to the person who wants it"


class Taken(NamedTuple):
    """An outcome, and what is worth telling about it."""

    outcome: Outcome | None
    """None: the entry was counted before, and only told when a name drops."""
    why: str = ""
    """For what was not selected: the state that does not allow it."""
    changed: str = ""
    """What the entry changed of a backorder that was there already."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes the entries of one version of one list. Safe for many threads, as long as each name is given once."""

    store: Store
    registries: Registries
    clock: Clock
    list: str
    version: str
    modified: datetime
    """The object's LastModified, UTC."""
    rules_since: datetime | None = None
    """Since when the rules choose as they do; None where none choose."""

    def want(self, entry: Entry) -> Taken:
        """A person wants this name."""
        return self._order(self._released(entry), Source.WANTED)

    def choose(self, entry: Entry) -> Taken:
        """A rule chose this name from a deletion list."""
        return self._order(self._released(entry), Source.DROPPING)

    def cancel(self, entry: Entry) -> Taken:
        """A person wants this name no more."""
        return self._settled(lambda: self._cancel(entry))

    def leave_out(self, entry: Entry, by: str) -> Taken:
        """The rules leave this name out (`by`: which of them), but there is a backorder for it.

        The list says when it drops; and what older rules chose is no longer ordered.
        """
        entry = self._released(entry)
        return self._settled(lambda: self._leave_out(entry, by), left_alone=Taken(None, changed=_LEFT_ALONE))

    def missing(self, domain: str, days: Container[date]) -> Missing | None:
        """A list that is complete for `days` does not have this name; None where that says nothing about its backorder.

        What a rule chose is taken back, what a person wants is left to the person.
        """
        while True:
            try:
                return self._missing(domain, days)
            except NotUnderstood:
                return None
            except Conflict:
                continue

    def _settled(self, step: Callable[[], Taken], *, left_alone: Taken | None = None) -> Taken:
        """Looks again whenever somebody else changed the backorder meanwhile. What is not understood is left alone."""
        while True:
            try:
                return step()
            except NotUnderstood:
                return left_alone or Taken(Outcome.NOT_SELECTED, _LEFT_ALONE)
            except Conflict:
                continue

    def _released(self, entry: Entry) -> Entry:
        """Where the list says since when a name may be released: the user may know better when the registry does so."""
        times = self.registries.of(entry.domain.zone)
        if entry.eligible_at is None or times is None or times is Registries.load().of(entry.domain.zone):
            return entry
        return entry._replace(drop_at=times.next_start(entry.eligible_at, times.starts))

    def _schedule(self, entry: Entry) -> Schedule:
        return schedule(
            entry.domain.zone,
            drop_day=entry.drop_day,
            drop_at=entry.drop_at,
            finalization_at=entry.finalization_at,
            registries=self.registries,
        )

    def _order(self, entry: Entry, source: Source) -> Taken:
        dates = self._schedule(entry)
        with suppress(NotUnderstood):  # of its first cycle, and there may be others
            if self.store.create(self._backorder(entry, source, dates, cycle=1)) is None:
                return Taken(Outcome.ACCEPTED)
        return self._settled(lambda: self._meet(entry, source, dates))

    def _backorder(self, entry: Entry, source: Source, dates: Schedule, cycle: int) -> Backorder:
        return Backorder(
            domain=entry.domain.name,
            cycle=cycle,
            zone=entry.domain.zone,
            state=State.SELECTED,
            source=source,
            priority=entry.priority if entry.priority is not None else ORDINARY_PRIORITY,
            list=self.list,
            list_version=self.version,
            line=entry.line,
            list_modified=self.modified,
            created_at=self.clock(),
            said_at=self.modified if source is Source.WANTED else None,
            max_price=entry.max_price,
            note=entry.note,
            chosen=entry.chosen,
            rules_since=self.rules_since if entry.chosen is not None else None,
        ).dated(dates, drop_day=entry.drop_day, drop_at=entry.drop_at)

    def _meet(self, entry: Entry, source: Source, dates: Schedule) -> Taken:
        """The name is there already."""
        latest = self.store.latest(entry.domain.name)
        assert latest is not None, "backorders are never deleted"
        made = any(self._made(cycle, entry) for cycle in self._cycles(latest))
        outcome = Outcome.ACCEPTED if made else Outcome.DUPLICATE
        if latest.state.is_final:
            begins = self._is_chosen_again(latest, dates) or (not made and self._begins_a_cycle(latest, source, dates))
            if not begins:
                return Taken(outcome)
            self._understand_all_before(latest)
            if self.store.create(self._backorder(entry, source, dates, latest.cycle + 1)) is not None:
                return self._meet(entry, source, dates)
            return Taken(Outcome.ACCEPTED)
        changed, told = latest, []
        if self._moves(latest, entry, dates):
            changed = self._moved(changed, entry, dates)
            told.append(_MOVED)
        if self._judges(latest):
            changed = self._chosen_anew(changed, entry)
            if (changed.priority, changed.chosen) != (latest.priority, latest.chosen):
                told.append("chosen anew by newer rules")
        if source is Source.WANTED and latest.source is Source.DROPPING:
            priority = entry.priority if entry.priority is not None else ORDINARY_PRIORITY
            changed = replace(
                changed,
                source=source,
                said_at=self._said(latest),
                priority=priority,
                max_price=entry.max_price,
                note=entry.note or latest.note,
            )
            told.append("chosen by a rule before, now wanted")
        if latest.cancel_requested and self._lifts(latest, source):
            reason = None if latest.reason is Reason.RENEWED else latest.reason
            changed = replace(changed, cancel_requested=False, reason=reason, list_modified=self._dated(latest))
            if source is Source.WANTED:
                changed = replace(changed, said_at=self._said(latest))
            told.append("no longer cancelled")
        if changed is not latest:
            self.store.replace(changed)
        return Taken(outcome, changed=", ".join(told))

    def _lifts(self, cancelled: Backorder, source: Source) -> bool:
        """Whether this list is the newer word: a person's lifts any cancel, and what was missing from one list is there
        again on another."""
        wanted = source is Source.WANTED and self._speaks_last(cancelled)
        return wanted or (cancelled.reason is Reason.RENEWED and self.modified > cancelled.list_modified)

    def _speaks_last(self, backorder: Backorder) -> bool:
        """Whether this list is newer than those in which a person spoke of it."""
        return backorder.said_at is None or self.modified > backorder.said_at

    def _said(self, backorder: Backorder) -> datetime:
        """When a person last spoke of it, this list being a person's."""
        return max(self.modified, backorder.said_at or self.modified)

    def _dated(self, backorder: Backorder) -> datetime:
        """By the newest list that dated it, this one being among them."""
        return max(self.modified, backorder.list_modified)

    def _judges(self, backorder: Backorder) -> bool:
        """Whether the rules are newer than those that chose it. What a person wants is no matter of theirs."""
        if self.rules_since is None or backorder.source is not Source.DROPPING:
            return False
        return backorder.rules_since is None or backorder.rules_since < self.rules_since

    def _chosen_anew(self, backorder: Backorder, entry: Entry) -> Backorder:
        """As the newer rules see it; of what the list says beside the name, what it says now."""
        assert entry.priority is not None, "the rules' choice has a score"
        return replace(
            backorder,
            priority=entry.priority,
            chosen=entry.chosen,
            rules_since=self.rules_since,
            max_price=backorder.max_price if entry.max_price is None else entry.max_price,
            note=entry.note or backorder.note,
        )

    def _leave_out(self, entry: Entry, by: str) -> Taken:
        latest = self.store.latest(entry.domain.name)
        if latest is None or latest.state.is_final:
            return Taken(None)
        told = []
        if self._judges(latest):
            if latest.taking_back is TakingBack.AT_ONCE:
                why = f"left out by newer rules ({by}): {self.list} ({self.version}), line {entry.line}"
                changes: dict[str, Any] = {"reason": Reason.LEFT_OUT, "rules_since": self.rules_since}
                self.store.replace(latest.moved(State.CANCELLED, at=self.clock(), why=why, **changes))
                return Taken(None, changed="chosen before, left out by newer rules, so no longer ordered")
            if latest.taking_back is TakingBack.AT_THE_PROVIDER:
                told.append("left out by newer rules, but ordered before: put it into cancel/ to take it back")
        dates = self._schedule(entry)
        if self._moves(latest, entry, dates):
            self.store.replace(self._moved(latest, entry, dates))
            told.append(_MOVED)
        return Taken(None, changed=", ".join(told))

    def _moved(self, backorder: Backorder, entry: Entry, dates: Schedule) -> Backorder:
        return backorder.dated(
            dates, drop_day=entry.drop_day, drop_at=entry.drop_at, list_modified=self._dated(backorder)
        )

    def _missing(self, domain: str, days: Container[date]) -> Missing | None:
        latest = self.store.latest(domain)
        if latest is None or latest.taking_back not in (TakingBack.AT_ONCE, TakingBack.AT_THE_PROVIDER):
            return None
        # As the lists date it that could be complete: not as the provider does.
        day = latest.drop_at.date() if latest.drop_at else latest.drop_day
        now = self.clock()
        if day is None or day not in days or day <= now.date() or self.modified <= latest.list_modified:
            return None
        if latest.source is Source.WANTED:
            return Missing.LEFT
        why = f"renewed: no longer on {self.list} ({self.version})"
        changes: dict[str, Any] = {"reason": Reason.RENEWED, "list_modified": self.modified}
        if latest.taking_back is TakingBack.AT_ONCE:
            self.store.replace(latest.moved(State.CANCELLED, at=now, why=why, **changes))
        else:
            history = (*latest.history, Step(now, latest.state, latest.state, why))[-HISTORY_LIMIT:]
            self.store.replace(replace(latest, cancel_requested=True, history=history, **changes))
        return Missing.TAKEN_BACK

    def _made(self, backorder: Backorder, entry: Entry) -> bool:
        return (backorder.list, backorder.list_version, backorder.line) == (self.list, self.version, entry.line)

    def _cycles(self, latest: Backorder) -> Iterator[Backorder]:
        """All drop cycles of the domain that are understood, newest first. Nearly always there is one."""
        yield latest
        for number in range(latest.cycle - 1, 0, -1):
            with suppress(NotUnderstood):
                if (earlier := self.store.get(BackorderKey(latest.domain, number))) is not None:
                    yield earlier

    def _understand_all_before(self, latest: Backorder) -> None:
        """Raises NotUnderstood where a cycle is not: this very entry may have made it."""
        for number in range(1, latest.cycle):
            self.store.get(BackorderKey(latest.domain, number))

    def _is_chosen_again(self, last: Backorder, dates: Schedule) -> bool:
        """Rules left it out, and some that are no older choose it. (A list in which it is wanted is no matter of
        these.)"""
        left_out = last.state is State.CANCELLED and last.reason is Reason.LEFT_OUT
        if not left_out or self.rules_since is None or last.rules_since is None or self.rules_since < last.rules_since:
            return False
        return dates.last_chance is None or dates.last_chance > self.clock()

    def _begins_a_cycle(self, last: Backorder, source: Source, dates: Schedule) -> bool:
        """The name drops again, or a person wants it after it was cancelled or missed."""
        dropped_at = last.batch_starts_at or last.outcome_at or last.created_at
        if dates.batch_starts_at is not None and dates.batch_starts_at > dropped_at + NEXT_CYCLE:
            return True
        # What seemed to be renewed is on a list again.
        renewed = last.state is State.CANCELLED and last.reason is Reason.RENEWED
        again = renewed and dates.last_chance is not None
        wanted = source is Source.WANTED and self._speaks_last(last)
        if not (wanted or (again and self.modified > last.list_modified)) or last.state in WON:
            return False
        if dates.last_chance is not None:
            # A cancel holds for that drop, and only a person lifts it.
            return last.state in (State.CANCELLED, State.MISSED) and dates.last_chance > self.clock()
        return last.state is State.CANCELLED or self.clock() > dropped_at + NEXT_CYCLE

    def _moves(self, backorder: Backorder, entry: Entry, dates: Schedule) -> bool:
        """Whether this list knows better when the name drops: it is newer, and not merely less exact. Or it says the
        same, and the user's table of registries tells otherwise what that means."""
        if dates.known is Known.NONE or backorder.state in _DROPPING_NOW:
            return False
        says = (entry.drop_day, entry.drop_at, entry.finalization_at)
        same = says == (backorder.drop_day, backorder.drop_at, backorder.finalization_at)
        # What it says of a release is not kept, but which list said so.
        same = same or (entry.eligible_at is not None and self.modified == backorder.list_modified)
        if self.modified <= backorder.list_modified and not same:
            return False
        if (dates.finalization_at, dates.batch_starts_at) == (backorder.finalization_at, backorder.batch_starts_at):
            return False
        if backorder.deadline_known is not Known.FINALIZATION or dates.known is Known.FINALIZATION:
            return True
        assert backorder.batch_starts_at is not None
        assert dates.batch_starts_at is not None
        return abs(dates.batch_starts_at - backorder.batch_starts_at) > _SAME_DROP

    def _cancel(self, entry: Entry) -> Taken:
        latest = self.store.latest(entry.domain.name)
        if latest is None:
            return Taken(Outcome.NOT_SELECTED, "there is no backorder for it")
        why = f"cancelled by {self.list} ({self.version}), line {entry.line}"
        if any(step.why == why for cycle in self._cycles(latest) for step in cycle.history):
            return Taken(Outcome.ACCEPTED)
        how = latest.taking_back
        if how is TakingBack.BEGUN and latest.reason not in _NO_PERSONS:
            return Taken(Outcome.DUPLICATE)
        if latest.said_at is not None and self.modified < latest.said_at:
            return Taken(Outcome.NOT_SELECTED, "a newer list says otherwise")
        said_at, now = self._said(latest), self.clock()
        step = Step(now, latest.state, latest.state, why)
        history = (*latest.history, step)[-HISTORY_LIMIT:]
        if how is TakingBack.BEGUN:
            self.store.replace(replace(latest, reason=None, said_at=said_at, history=history))
            return Taken(Outcome.ACCEPTED)
        if how is TakingBack.AT_ONCE:
            self.store.replace(latest.moved(State.CANCELLED, at=now, why=why, said_at=said_at))
            return Taken(Outcome.ACCEPTED)
        if how is TakingBack.TOO_LATE:
            why_not = "there is nothing to take back" if latest.state.is_lost else how
            return Taken(Outcome.NOT_SELECTED, f"it is {latest.state}: {why_not}")
        if how is TakingBack.FOREIGN:
            return Taken(Outcome.NOT_SELECTED, how)
        self.store.replace(replace(latest, cancel_requested=True, said_at=said_at, history=history))
        return Taken(Outcome.ACCEPTED)
