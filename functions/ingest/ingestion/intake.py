"""What one entry of a list does to the backorders: makes one, changes one, or finds it there already.

Each step is repeatable: an entry that is read again changes nothing and counts as it did, for the backorder says from
which version of which list, and from which line, it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from backorder.domain.backorder import Backorder
from backorder.domain.dates import SAME_DROP, DateSource, DateStatement, inherited, schedule_of, with_statement
from backorder.domain.money import text
from backorder.domain.registries import Registries
from backorder.domain.schedule import Schedule
from backorder.domain.states import DROPPING_NOW, WON, State
from backorder.domain.values import BackorderKey, Decider, Decision, ListPlace, Reason, Source, TakingBack, Wish
from backorder.runtime.clock import Clock
from backorder.store import Conflict, NotUnderstood, Store
from ingestion.cancels import Cancel, last_cancel, note_cancel
from ingestion.date_sources import date_source
from ingestion.notices import Notice, Notices
from ingestion.reading import Entry
from ingestion.summary import Kind

ORDINARY_PRIORITY = Decimal(5)
"""Of 0 to 10, for a name without one."""
NEXT_CYCLE = timedelta(days=30)
"""A name that drops so much later than it did drops again: a deletion that is put off is put off by days, and a name
that was registered anew takes more than a month to be deleted again."""
_MOVED = "drop moved"
_LEFT_ALONE = "its backorder is not understood, and left alone"


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
    """What became of an entry, and what is worth reporting of it."""

    # None: the entry was counted before, and only says when a name drops.
    outcome: Outcome | None
    # For what was not selected: the state that does not allow it.
    why: str = ""
    # What the entry changed of a backorder that was there already.
    changed: str = ""
    # What the summary says of the name, each with the name and what belongs to it.
    notices: Notices = ()


class _Dates(NamedTuple):
    """When a new backorder's name drops, as far as is known."""

    statements: tuple[DateStatement, ...]
    schedule: Schedule
    # The list dates the name into the past, and something else is known.
    ignores_past: bool = False


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
    kind: Kind = "wanted"
    recognised_as: str = ""
    """The list's format, as its summary names it."""

    def want(self, entry: Entry) -> Taken:
        """A person wants this name."""
        return self._heed(self._order(self._released(entry), Source.WANTED), entry, Source.WANTED)

    def choose(self, entry: Entry) -> Taken:
        """A rule chose this name from a deletion list."""
        return self._heed(self._order(self._released(entry), Source.DROPPING), entry, Source.DROPPING)

    def cancel(self, entry: Entry) -> Taken:
        """A person wants this name no more."""
        cancel = Cancel(self.modified, self._place(entry))
        # First the note: whoever makes a backorder that is not there yet finds it.
        note_cancel(self.store, entry.domain.name, cancel)
        return self._settled(lambda: self._cancel(entry, cancel))

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

    def _said(self, entry: Entry) -> DateStatement | None:
        """Return what the list says of the drop; None where it says nothing."""
        if entry.drop_day is None and entry.drop_at is None and entry.finalization_at is None:
            return None
        source = date_source(self.kind, self.recognised_as, entry.domain.zone)
        return _statement(source, self.modified, self.list, entry.drop_day, entry.drop_at, entry.finalization_at)

    def _is_past(self, said: DateStatement, zone: str) -> bool:
        return said.is_past(zone, self.registries, self.clock())

    def _new_dates(self, entry: Entry, last: Backorder | None = None) -> _Dates:
        """Return the dates of a new backorder: the list's, and those of the cycle before that are still to come."""
        zone, said = entry.domain.zone, self._said(entry)
        if last is None:
            return _first_dates(said, zone, self.registries)
        statements = tuple(statement for statement in inherited(last.dates) if not self._is_past(statement, zone))
        ignores_past = said is not None and bool(statements) and self._is_past(said, zone)
        if said is not None and not ignores_past:
            statements = with_statement(statements, said, zone=zone, registries=self.registries)
        return _Dates(statements, schedule_of(statements, zone=zone, registries=self.registries), ignores_past)

    def _order(self, entry: Entry, source: Source) -> Taken:
        with suppress(NotUnderstood):  # of its first cycle, and there may be others
            if self.store.create(self._backorder(entry, source, self._new_dates(entry), cycle=1)) is None:
                return Taken(Outcome.ACCEPTED)
        return self._settled(lambda: self._meet(entry, source))

    def _heed(self, taken: Taken, entry: Entry, source: Source) -> Taken:
        """Take back what a newer cancel wants no more, though that was read before there was anything to take back."""
        cancel = last_cancel(self.store, entry.domain.name)
        if cancel is None or (source is Source.WANTED and cancel.at < self.modified):
            return taken
        return self._settled(lambda: self._heeded(taken, entry, source, cancel), left_alone=taken)

    def _heeded(self, taken: Taken, entry: Entry, source: Source, cancel: Cancel) -> Taken:
        latest = self.store.latest(entry.domain.name)
        if latest is None or not self._was_made_by(latest, entry):
            return taken
        if latest.wish.decided > Decision(Decider.PERSON, cancel.at):
            return taken
        if source is Source.DROPPING and self._is_another_drop(latest, cancel):
            return taken
        if latest.taking_back in (TakingBack.AT_ONCE, TakingBack.AT_THE_PROVIDER):
            self._take_back(latest, cancel)
        elif latest.taking_back is not TakingBack.BEGUN:
            return taken
        return taken._replace(notices=((Notice.CANCELLED_SINCE, entry.domain.name),))

    def _is_another_drop(self, latest: Backorder, cancel: Cancel) -> bool:
        """Tell whether a person's cancel is about an earlier drop than the one that the rules choose."""
        drop_at = latest.schedule.batch_starts_at or self.clock()
        return drop_at > cancel.at + NEXT_CYCLE

    def _backorder(self, entry: Entry, source: Source, dates: _Dates, cycle: int) -> Backorder:
        wish = Wish(
            source=source,
            priority=entry.priority if entry.priority is not None else ORDINARY_PRIORITY,
            place=self._place(entry),
            decided=self._decision(source),
            max_price=entry.max_price,
            note=entry.note,
            chosen=entry.chosen,
        )
        return Backorder(
            key=BackorderKey(entry.domain.name, cycle),
            zone=entry.domain.zone,
            state=State.SELECTED,
            wish=wish,
            created_at=self.clock(),
            dates=dates.statements,
            schedule=dates.schedule,
        )

    def _place(self, entry: Entry) -> ListPlace:
        return ListPlace(self.list, self.version, entry.line)

    def _meet(self, entry: Entry, source: Source) -> Taken:
        """The name is there already."""
        latest = self.store.latest(entry.domain.name)
        assert latest is not None, "backorders are never deleted"
        made = next((cycle for cycle in self._cycles(latest) if self._was_made_by(cycle, entry)), None)
        outcome = Outcome.DUPLICATE if made is None else Outcome.ACCEPTED
        if latest.state.is_final:
            dates = self._new_dates(entry, latest)
            begins = self._is_chosen_again(latest, dates.schedule) or (
                made is None and self._begins_a_cycle(latest, source, dates.schedule)
            )
            if not begins:
                return Taken(outcome)
            self._understand_all_before(latest)
            if self.store.create(self._backorder(entry, source, dates, latest.cycle + 1)) is not None:
                return self._meet(entry, source)
            past = ((Notice.PAST_DATE, entry.domain.name),) if dates.ignores_past else ()
            return Taken(Outcome.ACCEPTED, notices=(*self._ordered_again(latest, source), *past))
        changed, told, notices = self._with_date(latest, entry)
        if made is not None and made.cycle > 1 and (before := self._cycle_before(made)) is not None:
            notices += self._ordered_again(before, source)
        if self._judges(latest):
            changed = self._chosen_anew(changed, entry)
            if (changed.wish.priority, changed.wish.chosen) != (latest.wish.priority, latest.wish.chosen):
                told += ("chosen anew by newer rules",)
        if latest.cancel_requested and self._lifts(latest, source):
            changed = changed.uncancel()
            if source is Source.WANTED:
                notices += ((Notice.ORDERED_AGAIN, latest.domain),)
            else:
                told += ("no longer cancelled",)
        if source is Source.WANTED and self._speaks_last(latest):
            if latest.wish.source is Source.DROPPING:
                told += ("chosen by a rule before, now wanted",)
            changed, notice = self._wished(changed, entry)
            notices += notice
        if changed is not latest:
            self.store.replace(changed)
        return Taken(outcome, changed=", ".join(told), notices=notices)

    def _ordered_again(self, last: Backorder, source: Source) -> Notices:
        again = source is Source.WANTED and last.state is State.CANCELLED
        return ((Notice.ORDERED_AGAIN, last.domain),) if again else ()

    def _cycle_before(self, made: Backorder) -> Backorder | None:
        with suppress(NotUnderstood):
            return self.store.get(BackorderKey(made.domain, made.cycle - 1))
        return None

    def _wished(self, backorder: Backorder, entry: Entry) -> tuple[Backorder, Notices]:
        """As the newest list wants it. What it leaves open stays as it was, but for what only a rule had chosen.

        An order that is at the provider keeps its place: what it was placed with stays.
        """
        by, note = self._decision(Source.WANTED), entry.note or backorder.wish.note
        if backorder.wish.source is Source.DROPPING:
            priority = entry.priority if entry.priority is not None else ORDINARY_PRIORITY
            return backorder.want(by, priority=priority, max_price=entry.max_price, note=note), ()
        heard = backorder.decide(by)
        priority = backorder.wish.priority if entry.priority is None else entry.priority
        max_price = backorder.wish.max_price if entry.max_price is None else entry.max_price
        wished = backorder.want(by, priority=priority, max_price=max_price, note=note)
        if wished == heard:
            return heard, ()
        if not (backorder.state.is_waiting or backorder.state is State.SUBMITTING):
            return heard, ((Notice.PLACED, backorder.domain),)
        return wished, ((Notice.CHANGED, _changes(backorder, wished)),)

    def _with_date(self, backorder: Backorder, entry: Entry) -> tuple[Backorder, tuple[str, ...], Notices]:
        """With what the list says of its drop. A date in the past moves nothing, and is told; nor does one of a name
        that drops now, or is auctioned."""
        said = self._said(entry)
        if said is None or backorder.state in DROPPING_NOW:
            return backorder, (), ()
        goes_by = (backorder.schedule.finalization_at, backorder.schedule.batch_starts_at)
        says = said.schedule(backorder.zone, self.registries)
        if self._is_past(said, backorder.zone):
            is_news = (says.finalization_at, says.batch_starts_at) != goes_by
            return backorder, (), ((Notice.PAST_DATE, backorder.domain),) if is_news else ()
        changed = backorder.with_date(said, at=self.clock(), registries=self.registries)
        if (changed.schedule.finalization_at, changed.schedule.batch_starts_at) != goes_by:
            return changed, (_MOVED,), ()
        return changed, (), ((Notice.OUTRANKED_DATE, backorder.domain),) if _contradicts(says, changed, said) else ()

    def _lifts(self, cancelled: Backorder, source: Source) -> bool:
        """Whether this list is the newer word: a person's lifts any cancel, and what was missing from one list is there
        again on another."""
        wanted = source is Source.WANTED and self._speaks_last(cancelled)
        return wanted or self._is_there_again(cancelled)

    def _decision(self, source: Source) -> Decision:
        """Return what this list says for a person, or the rules that choose from it."""
        if source is Source.WANTED or self.rules_since is None:
            return Decision(Decider.PERSON if source is Source.WANTED else Decider.RULES, self.modified)
        return Decision(Decider.RULES, self.rules_since)

    def _is_there_again(self, backorder: Backorder) -> bool:
        """Tell whether this list is newer than the one that had the name no more."""
        decided = backorder.wish.decided
        return decided.by is Decider.LIST and Decision(Decider.LIST, self.modified) > decided

    def _speaks_last(self, backorder: Backorder) -> bool:
        """Whether this list is newer than those in which a person spoke of it."""
        return self._decision(Source.WANTED) > backorder.wish.decided

    def _judges(self, backorder: Backorder) -> bool:
        """Tell whether the rules are newer than those that chose it, and neither a person nor a list decided since."""
        return self.rules_since is not None and self._decision(Source.DROPPING) > backorder.wish.decided

    def _chosen_anew(self, backorder: Backorder, entry: Entry) -> Backorder:
        """As the newer rules see it; of what the list says beside the name, what it says now."""
        assert entry.priority is not None, "the rules' choice has a score"
        return backorder.choose(
            self._decision(Source.DROPPING),
            entry.chosen,
            priority=entry.priority,
            max_price=backorder.wish.max_price if entry.max_price is None else entry.max_price,
            note=entry.note or backorder.wish.note,
        )

    def _leave_out(self, entry: Entry, by: str) -> Taken:
        latest = self.store.latest(entry.domain.name)
        if latest is None or latest.state.is_final:
            return Taken(None)
        told = []
        if self._judges(latest):
            if latest.taking_back is TakingBack.AT_ONCE:
                why = f"left out by newer rules ({by}): {self.list} ({self.version}), line {entry.line}"
                decision = self._decision(Source.DROPPING)
                self.store.replace(latest.cancel(decision, at=self.clock(), why=why, reason=Reason.LEFT_OUT))
                return Taken(None, changed="chosen before, left out by newer rules, so no longer ordered")
            if latest.taking_back is TakingBack.AT_THE_PROVIDER:
                told.append("left out by newer rules, but ordered before: put it into cancel/ to take it back")
        changed, moved, notices = self._with_date(latest, entry)
        if changed is not latest:
            self.store.replace(changed)
        return Taken(None, changed=", ".join([*told, *moved]), notices=notices)

    def _missing(self, domain: str, days: Container[date]) -> Missing | None:
        latest = self.store.latest(domain)
        if latest is None or latest.taking_back not in (TakingBack.AT_ONCE, TakingBack.AT_THE_PROVIDER):
            return None
        # As the list dates it that could be complete: not as anybody else does.
        listed = next((said for said in latest.dates if said.source is DateSource.REGISTRY), None)
        now = self.clock()
        if listed is None or self.modified <= max(said.said_at for said in latest.dates):
            return None
        day = listed.drop_at.date() if listed.drop_at else listed.drop_day
        if day is None or day not in days or day <= now.date():
            return None
        if latest.wish.source is Source.WANTED:
            return Missing.LEFT
        why = f"renewed: no longer on {self.list} ({self.version})"
        by = Decision(Decider.LIST, self.modified)
        self.store.replace(latest.cancel(by, at=now, why=why, reason=Reason.RENEWED))
        return Missing.TAKEN_BACK

    def _was_made_by(self, backorder: Backorder, entry: Entry) -> bool:
        return backorder.wish.place == self._place(entry)

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
        left_out = last.state is State.CANCELLED and last.plan.reason is Reason.LEFT_OUT
        if not left_out or self.rules_since is None or self._decision(Source.DROPPING) < last.wish.decided:
            return False
        return dates.last_chance is None or dates.last_chance > self.clock()

    def _begins_a_cycle(self, last: Backorder, source: Source, dates: Schedule) -> bool:
        """The name drops again, or a person wants it after it was cancelled or missed."""
        dropped_at = last.schedule.batch_starts_at or last.outcome_at or last.created_at
        if dates.batch_starts_at is not None and dates.batch_starts_at > dropped_at + NEXT_CYCLE:
            return True
        # What seemed to be renewed is on a list again.
        again = last.state is State.CANCELLED and dates.last_chance is not None and self._is_there_again(last)
        wanted = source is Source.WANTED and self._speaks_last(last)
        if not (wanted or again) or last.state in WON:
            return False
        if dates.last_chance is not None:
            # A cancel holds for that drop, and only a person lifts it.
            return last.state in (State.CANCELLED, State.MISSED) and dates.last_chance > self.clock()
        return last.state is State.CANCELLED or self.clock() > dropped_at + NEXT_CYCLE

    def _cancel(self, entry: Entry, cancel: Cancel) -> Taken:
        latest = self.store.latest(entry.domain.name)
        if latest is None:
            return Taken(Outcome.NOT_SELECTED, "there is no backorder for it")
        if any(cycle.wish.cancelled_by == cancel.entry for cycle in self._cycles(latest)):
            return Taken(Outcome.ACCEPTED)
        how, by = latest.taking_back, Decision(Decider.PERSON, cancel.at)
        is_cancelled = how is TakingBack.BEGUN and latest.wish.decided.by is Decider.PERSON
        if by < latest.wish.decided:
            says_so = Taken(Outcome.DUPLICATE)
            return says_so if is_cancelled else Taken(Outcome.NOT_SELECTED, "a newer list says otherwise")
        if is_cancelled:
            if latest.wish.decided != by:
                self.store.replace(latest.decide(by))
            return Taken(Outcome.DUPLICATE)
        if how is TakingBack.TOO_LATE:
            why_not = "there is nothing to take back" if latest.state.is_lost else how
            return Taken(Outcome.NOT_SELECTED, f"it is {latest.state}: {why_not}")
        if how is TakingBack.FOREIGN:
            return Taken(Outcome.NOT_SELECTED, how)
        self._take_back(latest, cancel)
        return Taken(Outcome.ACCEPTED)

    def _take_back(self, latest: Backorder, cancel: Cancel) -> None:
        """Cancel what nothing was sent for, and have the rest withdrawn. What was taken back for another reason is
        cancelled by a person from now on."""
        by = max(Decision(Decider.PERSON, cancel.at), latest.wish.decided)
        self.store.replace(latest.cancel(by, at=self.clock(), why=cancel.why, entry=cancel.entry))


@lru_cache(maxsize=4096)
def _statement(
    source: DateSource,
    said_at: datetime,
    list_: str,
    drop_day: date | None,
    drop_at: datetime | None,
    finalization_at: datetime | None,
) -> DateStatement:
    """Return the statement. Kept: a list says the same of thousands of names."""
    return DateStatement(source, said_at, list_, drop_day, drop_at, finalization_at)


@lru_cache(maxsize=4096)
def _first_dates(said: DateStatement | None, zone: str, registries: Registries) -> _Dates:
    """Return the dates of a name of which nothing else is known. Kept, as statements are."""
    statements = () if said is None else with_statement((), said, zone=zone, registries=registries)
    return _Dates(statements, schedule_of(statements, zone=zone, registries=registries))


def _changes(before: Backorder, after: Backorder) -> str:
    """Return what a newer list changed: `garden-hub.com (priority 9, max price 40.00)`."""
    changes = []
    if after.wish.priority != before.wish.priority:
        changes.append(f"priority {after.wish.priority.normalize():f}")
    if after.wish.max_price != before.wish.max_price and after.wish.max_price is not None:
        changes.append(f"max price {text(after.wish.max_price)}")
    if after.wish.note != before.wish.note:
        changes.append("note")
    return f"{after.domain} ({', '.join(changes)})"


def _contradicts(says: Schedule, backorder: Backorder, said: DateStatement) -> bool:
    """Tell whether the list dates the drop quite otherwise than the better source whose date counts."""
    one, other = says.batch_starts_at, backorder.schedule.batch_starts_at
    outranked = backorder.dated_by is not None and backorder.dated_by.rank < said.source.rank
    return outranked and one is not None and other is not None and abs(one - other) > SAME_DROP
