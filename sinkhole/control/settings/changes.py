"""From what somebody wants of the settings to what is to be stored, place by place.

Refused is what can't be stored at all, and what file or environment hold. Whether values fit shows
when all settings are made anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

from sinkhole.control.settings.differences import items_of, value_of
from sinkhole.control.settings.document import Origin
from sinkhole.control.settings.filtering_schema import LATER_NAMES
from sinkhole.control.settings.keyed import COLLECTIONS, Keyed
from sinkhole.control.settings.layers import as_value
from sinkhole.control.settings.masking import with_secrets, without_secrets
from sinkhole.control.settings.merging import FILE_ONLY, default_items, known_keys
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.settings.quoting import misfit, nearest, place_text, quoted, shown
from sinkhole.control.settings.rule_check import is_comment, unusable
from sinkhole.control.settings.schema import Settings
from sinkhole.control.state.stored import REMOVED, Place, StoredChange, StoredRevision
from sinkhole.model.errors import Misfit, RequestError, SettingsError, SinkholeError
from sinkhole.model.masking import masked

MOST_CHANGES: Final = 5000
"""In one revision; a whole collection is one change for each of its items, but all own rules at
once are a text, which MOST_STORED bounds."""

MOST_STORED: Final = 20_000
"""Places that can be stored: some ten times what a large household has."""

MOST_DEPTH: Final = 10
"""Of lists and mappings in each other; the settings need four."""

_RULES: Final = "filtering.rules"
_LISTS: Final = "filtering.lists"
_WITH_RULES: Final = ("groups", "clients")
_FILE, _ENVIRONMENT = "file ", "environment "


class Change(NamedTuple):
    """What is wanted of one place; `item` is the name within a keyed collection, "" without.

    "set" stores a value, "reset" forgets what is stored, "remove" does without an item, also one
    of the default. Of a whole collection (`item` "") "set" takes all its items, and those it does
    not name are removed; "reset" forgets all that are stored.
    """

    key: str
    item: str = ""
    action: Literal["set", "reset", "remove"] = "set"
    value: Any = None


class Refusal(NamedTuple):
    """One change that can't be made; `error` is what is raised if it is the only one, None for a
    value that does not fit."""

    misfit: Misfit
    error: RequestError | None = None


class Planned(NamedTuple):
    """What is to be stored, and what of the wanted can't be: then nothing may be."""

    changes: list[StoredChange]
    refused: tuple[Refusal, ...] = ()


def planned(changes: Sequence[Change], settings: Settings, stored: Mapping[Place, Any]) -> Planned:
    """What changes come to, beside the settings in force and what is stored; without those that
    change nothing. RequestError ("invalid") for too many."""
    plan = _Plan(settings, stored)
    for change in changes:
        plan.take(change)
        if len(plan.wanted) - plan.of_text > MOST_CHANGES:
            raise _invalid("too_many_changes", f"more than {MOST_CHANGES} changes at once")
    plan.check_rules()
    made = [
        StoredChange(place, stored.get(place), after)
        for place, after in plan.wanted.items()
        if stored.get(place) != after
    ]
    added = sum(each.before is None for each in made)
    if added and len(stored) + added > MOST_STORED:
        raise _too_many_stored()
    return Planned(made, tuple(plan.refused))


def all_told(refused: Sequence[Refusal]) -> SinkholeError:
    """The error that tells everything at once: with the code that all have in common, a
    RequestError ("conflict", "not_found", "invalid"); a SettingsError else."""
    first, codes = refused[0].error, {each.error and each.error.code for each in refused}
    if first is None or len(codes) > 1:
        return SettingsError([each.misfit for each in refused])
    if len(refused) == 1:
        return first
    errors = [
        {"key": each.key, "item": each.item, "where": each.where, "text": each.text}
        for each, _ in refused
    ]
    told = "\n".join(each.misfit.line for each in refused)
    return RequestError(first.kind, first.code, told, {**first.more, "errors": errors})


def after(stored: Mapping[Place, Any], changes: Sequence[StoredChange]) -> dict[Place, Any]:
    """What is stored when changes are made."""
    values = dict(stored)
    for each in changes:
        if each.after is None:
            values.pop(each.place, None)
        else:
            values[each.place] = each.after
    return values


def refuse_held(settings: Settings, key: str, item: str = "") -> None:
    """Raise RequestError ("conflict") if file or environment hold a key, or an item of it."""
    origin = settings.origin_of(key, item) if item else settings.origin_of(key)
    for begin, code in ((_FILE, "held_by_file"), (_ENVIRONMENT, "held_by_environment")):
        if origin.startswith(begin):
            where = origin.removeprefix(_FILE)
            text = f"{place_text(key, item)} is held by {where}, which wins: change it there"
            raise RequestError("conflict", code, text, {"key": key, "item": item, "where": where})


def inverse(
    number: int,
    known: Sequence[StoredRevision],
    settings: Settings,
    stored: Mapping[Place, Any],
) -> list[StoredChange]:
    """What takes a revision back; RequestError ("not_found") where it is none of those known, and
    ("conflict") where something was changed since, or is held by the file now."""
    revision = next((each for each in known if each.number == number), None)
    if revision is None or not revision.changes:
        text = f"revision {number} is none of those that can be taken back"
        raise RequestError("not_found", "no_such_revision", text)
    found = []
    for change in revision.changes:
        key, item = change.place
        if stored.get(change.place) != change.after:
            what = place_text(key, item)
            text = f"revision {number} can't be taken back: {what} has been changed since"
            raise RequestError("conflict", "changed_since", text, {"key": key, "item": item})
        if change.before is not None:
            refuse_held(settings, key, item)
        found.append(StoredChange(change.place, change.after, change.before))
    return found


class _Plan:
    """Collects what is to be stored, and what can't be."""

    def __init__(self, settings: Settings, stored: Mapping[Place, Any]) -> None:
        self.wanted: dict[Place, Any] = {}
        self.refused: list[Refusal] = []
        self.of_text = 0
        self._settings = settings
        self._known: dict[str, list[dict[str, tuple[str, Any]]]] = {}
        self._stored = stored
        self._as_text: frozenset[str] = frozenset()

    def take(self, change: Change) -> None:
        """Take one change in, or note why not."""
        try:
            self._add(change)
        except RequestError as error:
            key, item, text = change.key, change.item, str(error)
            where = str(error.more.get("where", ""))
            self.refused.append(Refusal(Misfit(text, key, masked(item), text, where), error))

    def _add(self, change: Change) -> None:
        keyed = COLLECTIONS.get(change.key)
        if change.action == "reset" and not keyed and not change.item:
            if (change.key, "") not in self._stored:  # what is may be of another version
                _refuse_unknown(change.key)
            self.wanted[change.key, ""] = None
            return
        _refuse_unknown(change.key)
        if keyed is None:
            self._add_key(change)
        elif change.item.strip():
            self._add_item(keyed, change)
        else:
            self._add_collection(keyed, change)

    def check_rules(self) -> None:
        """Find those among new rules, own ones and those of groups and clients, that are none.

        Comments do nothing: one that is added is a mistake, but not where all own rules are
        written at once, as a text.
        """
        own = [item for (key, item), value in self.wanted.items() if key == _RULES and value]
        where = {rule: _RULES for rule in own if (_RULES, rule) not in self._stored}
        for (key, item), value in self.wanted.items():
            known = set(_rules_in(self._stored.get((key, item))))
            for rule in _rules_in(value) if key in _WITH_RULES else ():
                if rule not in known:
                    where.setdefault(rule, f"{key} {shown(item)} rules")
        kept = {rule for rule in where if rule in self._as_text and is_comment(rule)}
        for rule, reason in unusable([rule for rule in where if rule not in kept]).items():
            self._refuse(where[rule], rule, f"is no rule that can be used: {reason}")

    def _add_key(self, change: Change) -> None:
        if change.item or change.action == "remove":
            raise _invalid("no_items", f"{change.key} is one value, it has no items")
        refuse_held(self._settings, change.key)
        if change.value is None:
            self._refuse(change.key, "", "has no value, write one, or reset the key")
        elif (value := self._whole(change.key, "", change.value)) is not None:
            self.wanted[change.key, ""] = value

    def _add_item(self, keyed: Keyed, change: Change) -> None:
        item = keyed.id_of(change.item)
        place = (keyed.key, item)
        if change.action == "reset":
            self.wanted[place] = None
            return
        refuse_held(self._settings, keyed.key, change.item)
        if change.action == "remove":
            self.wanted[place] = self._removed(keyed, change.item)
            return
        value = self._whole(keyed.key, item, keyed.whole(change.item.strip(), change.value))
        if value is None:
            return
        if keyed.key == _LISTS and item in LATER_NAMES and item not in self._items(_LISTS)[0]:
            self._refuse(
                keyed.key, change.item, "already stands for something else, choose another name"
            )
        elif keyed.id_of(keyed.name_in(change.item, value)) != item:
            self._refuse(
                keyed.key, change.item, "the value has another name: remove the one, set the other"
            )
        else:
            self.wanted[place] = value

    def _add_collection(self, keyed: Keyed, change: Change) -> None:
        if change.action == "remove":
            raise _invalid("no_item", f"{keyed.key} has items, name the one to remove")
        names = {item: name for item, (name, _) in self._items(keyed.key)[0].items()}
        names |= {
            item: item for key, item in self._stored if key == keyed.key and item not in names
        }
        if change.action == "reset":
            self.wanted |= {place: None for place in self._stored if place[0] == keyed.key}
            return
        if _is_deep(change.value):
            self._refuse(keyed.key, "", "is nested too deeply to be a setting")
            return
        items = keyed.items(as_value(change.value, Origin("stored")))
        if items is None or not all(item.id for item in items):
            wants = "names with values" if keyed.shape == "mapping" else "a list of items"
            self._refuse(keyed.key, "", f"does not fit, write {wants}")
            return
        if keyed.key == _RULES and len(items) > MOST_STORED:
            raise _too_many_stored()
        known = len(self.wanted)
        for each in items:
            self._add_wanted(keyed, each.id, each.name, each.value.plain())
        for item in names.keys() - {each.id for each in items}:
            self._add_item(keyed, Change(keyed.key, names[item], "remove"))
        if keyed.key == _RULES:
            self._as_text = frozenset(each.id for each in items)
            self.of_text += len(self.wanted) - known

    def _add_wanted(self, keyed: Keyed, item: str, name: str, plain: Any) -> None:
        """One of all items; those that are as wanted already stay whose they are."""
        known = self._items(keyed.key)[0].get(item)
        if known is None or plain_of(known[1]) != plain:
            self._add_item(keyed, Change(keyed.key, name, "set", plain))

    def _removed(self, keyed: Keyed, name: str) -> Any:
        item = keyed.id_of(name)
        is_stored = (keyed.key, item) in self._stored
        is_default = self._settings.origin_of(keyed.key) in ("default", "stored") and item in {
            each.id for each in default_items(keyed)
        }
        if not (is_stored or is_default):
            raise RequestError("not_found", "no_such_item", f"{keyed.key} has no {shown(name)}")
        return REMOVED if is_default else None

    def _whole(self, key: str, item: str, value: Any) -> Any:
        """A value with the secrets in it that its sender was shown masked; None if it is none."""
        if value is None:
            self._refuse(key, item, "has no value, write one, or reset it")
            return None
        if _is_deep(value):
            self._refuse(key, item, "is nested too deeply to be a setting")
            return None
        try:
            return with_secrets(value, *self._real_and_shown(key, item))
        except ValueError as error:
            self._refuse(key, item, str(error))
            return None

    def _real_and_shown(self, key: str, item: str) -> tuple[Any, Any]:
        """A value in force, and as people are shown it."""
        if key not in COLLECTIONS:
            settings, shown = self._both
            return plain_of(value_of(settings, key)), plain_of(value_of(shown, key))
        real, told = (found.get(item, ("", None))[1] for found in self._items(key))
        return plain_of(real), plain_of(told)

    @cached_property
    def _both(self) -> tuple[Settings, Settings]:
        return self._settings, without_secrets(self._settings)

    def _items(self, key: str) -> list[dict[str, tuple[str, Any]]]:
        """The items in force of a collection, and as people are shown them; looked up once."""
        if key not in self._known:
            self._known[key] = [items_of(each, COLLECTIONS[key]) for each in self._both]
        return self._known[key]

    def _refuse(self, key: str, item: str, text: str) -> None:
        self.refused.append(Refusal(misfit(key, item, text)))


def _rules_in(value: Any) -> Iterator[str]:
    """The rules in a plain value of a group or a client, those for schedules among them."""
    if not isinstance(value, Mapping):
        return
    rules, entries = value.get("rules"), value.get("schedules")
    if isinstance(rules, (list, tuple)):
        yield from (each for each in rules if isinstance(each, str))
    if isinstance(entries, (list, tuple)):
        for each in entries:
            yield from _rules_in(each)


def _refuse_unknown(key: str) -> None:
    if key in FILE_ONLY:
        text = f"{key} is where all of this is stored: set it in the settings file"
        raise _invalid("file_only", text)
    if key not in known_keys():
        near = nearest(key, known_keys())
        hint = f", did you mean {quoted(near)}?" if near else ""
        raise RequestError("not_found", "unknown_key", f"{shown(key)} is no setting{hint}")


def _is_deep(value: Any) -> bool:
    """Whether lists and mappings stand in each other deeper than settings do."""
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, (list, tuple)):
        yield from value


def _too_many_stored() -> RequestError:
    return _invalid("too_many_stored", f"more than {MOST_STORED} values can't be stored")


def _invalid(code: str, text: str) -> RequestError:
    return RequestError("invalid", code, text)
