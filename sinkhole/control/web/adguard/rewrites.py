"""Local records as the rewrites of that server: an entry for each address or alias of a name.

Records of other types are ours alone, and stay as they are. An entry that is switched off is a
record in `local.switched_off`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from pydantic import Field

from sinkhole.control.settings import Settings
from sinkhole.control.settings.in_force import Change
from sinkhole.control.settings.records import LocalRecord, record_name
from sinkhole.control.web.adguard.answers import NOTHING, Nothing
from sinkhole.control.web.adguard.asked import Asked, Body, bad_request

RECORDS: Final = "local.records"
OFF: Final = "local.switched_off"

_ENABLED: Final = "local.enabled"
_CNAME: Final = "CNAME "
_SET: Final = "records.set"
_UPSTREAMS_OWN: Final = frozenset({"A", "AAAA"})


class Rewrite(Body):
    """An entry there: a name, and an address or another name."""

    domain: str = Field(max_length=1000)
    answer: str = Field(max_length=1000)
    enabled: bool | None = None


class _Update(Body):
    target: Rewrite
    update: Rewrite


class _Enabled(Body):
    enabled: bool = False


class _Entry(NamedTuple):
    """The same as a record of ours."""

    name: str
    record: str


async def show(asked: Asked) -> list[dict[str, Any]]:
    """GET rewrite/list."""
    return list(rewrites_of(asked.settings))


def rewrites_of(settings: Settings) -> Iterator[dict[str, Any]]:
    """All of them, those that are in use first."""
    local = settings.local
    for records, is_on in ((local.records, True), (local.switched_off, False)):
        for name, some in records.items():
            for each in some:
                if (answer := _answer(each)) is not None:
                    yield {"domain": name, "answer": answer, "enabled": is_on}


async def add(asked: Asked) -> Nothing:
    """POST rewrite/add."""
    given = await asked.body(Rewrite)
    entry, desk = _entry(given), _Desk(asked.settings)
    desk.put(entry, is_on=given.enabled is not False)
    await asked.change(_SET, desk.changes, f"name {entry.name} set")
    return NOTHING


async def delete(asked: Asked) -> Nothing:
    """POST rewrite/delete: one that there is not is no mistake, as there."""
    given = await asked.body(Rewrite)
    desk = _Desk(asked.settings)
    if (place := desk.place_of(given)) is not None:
        desk.take(*place)
    await asked.change(_SET, desk.changes, f"name {given.domain[:200]} removed")
    return NOTHING


async def update(asked: Asked) -> Nothing:
    """PUT rewrite/update: another entry in place of one; whether it is in use stays, unless it is
    said."""
    given, desk = await asked.body(_Update), _Desk(asked.settings)
    place = desk.place_of(given.target)
    if place is None:
        raise bad_request("target rule not found")
    entry, (key, before) = _entry(given.update), place
    said = given.update.enabled
    desk.replace(key, before, entry, is_on=key == RECORDS if said is None else said)
    await asked.change(_SET, desk.changes, f"name {entry.name} set")
    return NOTHING


async def settings(asked: Asked) -> dict[str, bool]:
    """GET rewrite/settings: whether any of them is in use."""
    return {"enabled": asked.settings.local.enabled}


async def change_settings(asked: Asked) -> Nothing:
    """PUT rewrite/settings/update."""
    given = await asked.body(_Enabled)
    changes = [Change(_ENABLED, value=given.enabled)]
    if given.enabled == asked.settings.local.enabled:
        changes = []
    word = "answered" if given.enabled else "not answered"
    await asked.change(_SET, changes, f"local records {word}")
    return NOTHING


class _Desk:
    """The records as they are to be: names are written anew whose records are others."""

    def __init__(self, settings: Settings) -> None:
        local = settings.local
        self._before = {RECORDS: _texts(local.records), OFF: _texts(local.switched_off)}
        self._after: dict[str, dict[str, list[str]]] = {
            key: {name: list(some) for name, some in records.items()}
            for key, records in self._before.items()
        }

    @property
    def changes(self) -> list[Change]:
        """What makes it so."""
        changes = []
        for key, names in self._after.items():
            before = self._before[key]
            for name in dict.fromkeys((*before, *names)):
                some = names.get(name, [])
                if some == list(before.get(name, ())):
                    continue
                if some:
                    changes.append(Change(key, name, "set", some))
                else:
                    changes.append(Change(key, name, "remove"))
        return changes

    def place_of(self, given: Rewrite) -> tuple[str, _Entry] | None:
        """Where an entry is; None where there is none."""
        entry = _entry(given)
        for key in (RECORDS, OFF):
            if entry.record in self._after[key].get(entry.name, ()):
                return key, entry
        return None

    def put(self, entry: _Entry, *, is_on: bool) -> None:
        """Have an entry; twice is once."""
        some = self._after[RECORDS if is_on else OFF].setdefault(entry.name, [])
        if entry.record not in some:
            some.append(entry.record)

    def take(self, key: str, entry: _Entry) -> None:
        """Do without one."""
        self._after[key][entry.name].remove(entry.record)

    def replace(self, key: str, before: _Entry, after: _Entry, *, is_on: bool) -> None:
        """One in place of another, at its place where the name stays."""
        if before.name == after.name and is_on == (key == RECORDS):
            some = self._after[key][before.name]
            some[some.index(before.record)] = after.record
            self._after[key][before.name] = list(dict.fromkeys(some))
            return
        self.take(key, before)
        self.put(after, is_on=is_on)


def _texts(records: Mapping[str, Sequence[LocalRecord]]) -> dict[str, list[str]]:
    return {name: [str(each) for each in some] for name, some in records.items()}


def _answer(record: LocalRecord) -> str | None:
    """What an entry there says of a record; None for a type that it does not have."""
    text = str(record)
    if text.startswith(_CNAME):
        return text.removeprefix(_CNAME).rstrip(".")
    return text if " " not in text else None


def _entry(given: Rewrite) -> _Entry:
    """An entry as a record of ours; Refused (400) for what can't be one here."""
    answer = given.answer.strip()
    if answer.upper() in _UPSTREAMS_OWN:
        raise bad_request(
            f'"{answer}" would have an upstream answer: sinkhole answers a local name wholly'
        )
    try:
        name = record_name(given.domain.strip())
        record = LocalRecord.parse(answer if _is_address(answer) else f"{_CNAME}{answer}")
    except ValueError as error:
        raise bad_request(f"normalizing: {error}") from None
    return _Entry(name, str(record))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
