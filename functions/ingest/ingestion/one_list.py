"""One list on its way from the reader to the store, its entries accounted for, its reports written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from pydantic import ValidationError

from backorder.documents.misplaced import Misplaced, note_misplaced
from backorder.domain.money import ZERO
from backorder.domain.registries import Registries
from backorder.rules import KeptRules, ZoneFees
from backorder.runtime.observability import logger
from backorder.store import NotUnderstood
from ingestion.arrived import Arrived, list_name
from ingestion.intake import Intake, Missing, Taken
from ingestion.memory import Before, Memory
from ingestion.notices import Notice
from ingestion.reading import Entry, LeftOut, ReadList, Reject
from ingestion.reading.encodings import declares_nothing, known_encoding
from ingestion.reading.formats import DELETIONS
from ingestion.reading.prefilter import NO_RULES
from ingestion.rejects import Rejected, Rejects
from ingestion.renewals import COMPLETE, Survey
from ingestion.selection import Selection
from ingestion.services import Ingestion
from ingestion.summary import Kind, ListSummary
from ingestion.writing import Progress, TimeIsShort, Writes

_MOST_RENEWED = 20
"""Sentences about names that a person wants and that were probably renewed."""


@dataclass(frozen=True, slots=True)
class Task:
    """An object to read: what is the same for each list in it."""

    arrived: Arrived
    kind: Kind
    rules: KeptRules | None
    registries: Registries
    """As the user's rules know them."""
    known: frozenset[str]
    """Names that a deletion list dates, whether they are chosen or not."""
    before: Before | None
    """Where the same bytes were read first, if they were."""
    fees: ZoneFees
    """What an order costs, by the rules."""
    services: Ingestion

    def summary(self, read: ReadList) -> ListSummary:
        """Of one list, which is read unless this very version of it was read under these rules."""
        version = self.arrived.version
        try:
            record = self.services.store.list_record(self.name(read), version)
            done = None if record is None or record.modified != self.arrived.modified else ListSummary.of(record)
        except (NotUnderstood, ValidationError):
            return self._left_alone(read)
        if done is not None and done.rules == self.chosen_by:
            logger.info("list_known", list=done.name, version=version)
            return done
        return _Reading(self, read).summary()

    def _left_alone(self, read: ReadList) -> ListSummary:
        """It was read to its end, and what was written of that is not to be overwritten."""
        done = ListSummary.about(self.arrived, self.kind, at=self.services.clock())
        done.name = self.name(read)
        done.notes.append("Read before, and left alone: what was kept of it is not understood.")
        logger.error("list_left_alone", list=done.name, version=done.version)
        return done

    def name(self, read: ReadList) -> str:
        """As reports and items call it."""
        return list_name(self.arrived.key, read.member)

    @property
    def chosen_by(self) -> str | None:
        """Tells the rules that choose from others, by what they say: the same file uploaded again is the same rules."""
        if self.rules is None:
            return None
        said = self.rules.rules.model_dump_json(include={"select", "score", "registries"})
        return hashlib.sha256(said.encode("utf-8")).hexdigest()[:16]

    @property
    def told_at(self) -> datetime:
        """How old is what the list says: a deletion list that was uploaded again tells nothing new."""
        if self.kind == "dropping" and self.before is not None:
            return min(self.before.modified, self.arrived.modified)
        return self.arrived.modified


class _Reading:
    """One list on its way from the reader to the store: counts each entry, as exactly one of four outcomes."""

    def __init__(self, task: Task, read: ReadList) -> None:
        arrived, services = task.arrived, task.services
        name = task.name(read)
        self._task = task
        self._read = read
        self._services = services
        self._folder = f"lists/{name}/{arrived.version}"
        self._summary = ListSummary(
            name=name,
            version=arrived.version,
            kind=task.kind,
            source=read.source,
            modified=arrived.modified,
            read_at=services.clock(),
            rules=task.chosen_by,
        )
        self._selection = Selection(task.rules.rules) if task.rules else None
        self._intake = Intake(
            *(services.store, task.registries, services.clock, name, arrived.version, task.told_at),
            rules_since=task.rules.choosing_since if task.rules else None,
            kind=task.kind,
            recognised_as=read.source,
        )
        self._take: Callable[[Entry], Taken] = {
            "wanted": self._intake.want,
            "dropping": self._intake.choose,
            "cancel": self._intake.cancel,
        }[task.kind]
        self._left_out_by: Counter[str] = Counter()
        self._zones: Counter[str] = Counter()
        self._days: tuple[date, date] | None = None
        self._chosen: set[str] = set()
        self._wanted: Counter[str] = Counter()
        """The zones of these names."""
        self._dated: set[str] = set()
        self._survey: Survey | None = None
        if task.kind == "dropping" and read.source in COMPLETE:
            self._survey = Survey(services.store, read.source, task.told_at, task.known)

    def summary(self) -> ListSummary:
        """Reads the list to its end, writes its reports, and gives its summary. Raises TimeIsShort."""
        done, services = self._summary, self._services
        memory, rules = Memory(services.store), self._task.chosen_by
        writes = Writes(
            memory.progress(done.name, done.version, rules),
            lambda progress: memory.keep_progress(done.name, done.version, rules, progress),
            writers=services.writers,
            look_ahead=services.look_ahead,
            seconds_left=services.seconds_left,
        )
        known = writes.progress.rejected if self._read.by_line else Rejected()
        rejects = Rejects(known)
        if known.runs:
            self._read.pass_over(known.runs)
            done.entries += known.number
        try:
            with writes:
                for item in self._read.items:
                    if isinstance(item, LeftOut):
                        self._leave_out(item)
                        continue
                    if rejects.are_known(item.line):
                        continue
                    done.entries += 1
                    if isinstance(item, Reject):
                        rejects(item)
                        if self._survey:
                            self._survey.note_reject(item)
                    else:
                        self._decide(item, writes, rejects)
        except TimeIsShort as short:
            short.so_far = self._so_far(writes.progress, rejects)
            raise
        self._count(rejects)
        self._write(rejects)
        self._find_renewed()
        self._complete(writes.progress)
        self._tell_if_misplaced()
        services.put_json(f"{self._folder}/summary.json", done.model_dump(mode="json"))
        services.store.save_list(done.record())
        memory.forget_progress(done.name, done.version)
        logger.info("list_read", list=done.name, **done.model_dump(mode="json", include=_LOGGED))
        return done

    def _so_far(self, progress: Progress, rejects: Rejects) -> ListSummary:
        """Where nothing more is read: of the entries that were decided."""
        done = self._summary
        self._count(rejects)
        self._complete(progress)
        done.entries = done.rejected + done.not_selected + done.duplicates + done.accepted
        return done

    def _count(self, rejects: Rejects) -> None:
        self._summary.rejected, self._summary.reasons = rejects.number, dict(rejects.reasons.most_common())

    def _write(self, rejects: Rejects) -> None:
        """The first of them, unless there are none."""
        done = self._summary
        if rejects.first:
            done.rejects = f"{self._folder}/rejects.csv"
            rows = ((done.name, each.line, each.text, each.reason) for each in rejects.first)
            self._services.put_csv(done.rejects, [("list", "line", "text", "reason"), *rows])
        if rejects.note:
            done.notes.append(rejects.note)

    def _leave_out(self, bulk: LeftOut) -> None:
        """Counts what the reader left out by the rules."""
        self._summary.entries += bulk.count
        self._summary.not_selected += bulk.count
        self._left_out_by.update(bulk.by)
        self._zones.update(bulk.zones)
        for day in bulk.days or ():
            self._note_day(day)

    def _decide(self, entry: Entry, write: Writes, rejects: Rejects) -> None:
        done, domain = self._summary, entry.domain
        self._zones[domain.zone] += 1
        if entry.day is not None:
            self._note_day(entry.day)
        if self._survey:
            self._survey.note(entry)
        if done.kind == "dropping":
            decided = self._selection.decide(entry, self._chosen) if self._selection else NO_RULES
            if isinstance(decided, Reject):
                rejects(decided)
                return
            if isinstance(decided, str):
                done.not_selected += 1
                self._left_out_by[decided] += 1
                if domain.name in self._task.known and domain.name not in self._dated:
                    self._dated.add(domain.name)
                    write(entry, partial(self._intake.leave_out, by=decided))
                return
            if decided is not None:
                entry = entry._replace(priority=decided.score.points, chosen=str(decided))
        if domain.name in self._chosen:
            done.duplicates += 1
            return
        self._chosen.add(domain.name)
        self._wanted[domain.zone] += 1
        write(entry, self._take)

    def _note_day(self, day: date) -> None:
        if self._days is None:
            self._days = (day, day)
        elif not self._days[0] <= day <= self._days[1]:
            self._days = (min(day, self._days[0]), max(day, self._days[1]))

    def _find_renewed(self) -> None:
        """Takes back what a complete list has no more, and remembers this one."""
        done, survey = self._summary, self._survey
        if survey is None or not self._read.is_whole:
            return
        taken_back = 0
        for name, days in survey.missing(rejected=done.rejected, entries=done.entries):
            became = self._intake.missing(name, days)
            if became is Missing.TAKEN_BACK:
                taken_back += 1
            elif became is Missing.LEFT and len(done.notes) < _MOST_RENEWED:
                done.notes.append(
                    f"{name} is no longer on the list: it was probably renewed. A person wants it, so it stays: "
                    "put it into cancel/ to take it back."
                )
        if taken_back:
            done.notes.append(
                f"{taken_back} no longer on the list, so probably renewed: a rule chose them, and they are taken back."
            )
        survey.keep(self._chosen)

    def _tell_if_misplaced(self) -> None:
        """Where each name of a deletion list is ordered."""
        done = self._summary
        if done.kind != "wanted" or done.source not in DELETIONS or not done.accepted:
            return
        fees = sorted((self._task.fees.of(zone) for zone in self._wanted.elements()), reverse=True)
        found = Misplaced(done.name, done.source, done.read_at, done.accepted, sum(fees[: done.accepted], ZERO))
        note_misplaced(self._services.store, found)
        done.notes.insert(0, f"{found.sentence}. Deletion lists go into dropping/, where the rules choose.")

    def _complete(self, progress: Progress) -> None:
        done, rules, before = self._summary, self._task.rules, self._task.before
        done.accepted += progress.accepted
        done.duplicates += progress.duplicates
        done.not_selected += progress.not_selected
        self._left_out_by.update(progress.left_out_by)
        done.notes.extend(progress.notes)
        done.encoding = self._read.encoding
        done.left_out_by = dict(self._left_out_by.most_common())
        done.zones = dict(self._zones.most_common())
        if self._days is not None:
            done.first_drop, done.last_drop = self._days
        if self._read.note:
            done.notes.append(self._read.note)
        elif not done.entries:
            done.notes.append("The list is empty: it has no entries.")
        charset = self._task.arrived.charset
        if known_encoding(charset) is None and not declares_nothing(charset):
            done.notes.append(
                f"It is declared to be written in '{charset[:40]}', an encoding that is not known: it was read as if "
                "nothing had been declared."
            )
        if done.kind == "dropping" and rules is None:
            done.notes.append("There is no rules.toml: nothing is chosen from deletion lists.")
        if self._selection is not None and done.entries:
            done.notes.extend(self._selection.remarks)
        if rules is not None:
            done.notes.append(f"Chosen by rules.toml, version {rules.version}.")
            if rules.broken is not None:
                done.notes.append(f"A newer rules.toml is broken and was not used: {rules.broken}")
        if before is not None:
            new_rules = done.kind == "dropping" and before.rules != done.rules
            told = "chosen from anew, under other rules" if new_rules else "read before"
            done.notes.append(f"It is the same list as {before.name} of {before.modified:%-d %B %Y %H:%M} UTC: {told}.")
        done.notes.extend(f"{count} already there: {what}." for what, count in progress.changed.items())
        done.notes.extend(
            notice.sentence(progress.notices[notice], progress.noticed[notice])
            for notice in Notice
            if notice in progress.notices
        )
        done.seconds = (self._services.clock() - done.read_at).total_seconds()


_LOGGED = {
    "version",
    "kind",
    "source",
    "entries",
    "rejected",
    "not_selected",
    "duplicates",
    "accepted",
    "seconds",
}
