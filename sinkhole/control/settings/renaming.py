"""Another name for what other places name: all that has to change with it, at once.

A name is moved wherever the settings use it, so that nobody who is in a group, goes by a schedule
or is named in a rule is left behind. What the settings file holds of that is changed there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from sinkhole.control.settings.changes import Change
from sinkhole.control.settings.clients_schema import IDENTIFIERS
from sinkhole.control.settings.differences import Difference, value_of
from sinkhole.control.settings.groups_schema import DEFAULT_GROUP
from sinkhole.control.settings.keyed import COLLECTIONS, NAME
from sinkhole.control.settings.plain import plain_of
from sinkhole.control.settings.schema import Settings
from sinkhole.control.state.stored import Place, StoredChange
from sinkhole.dns.filter.language.line import Rule
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.model.errors import RequestError

CLIENTS, GROUPS, SCHEDULES, LISTS = "clients", "groups", "schedules", "filtering.lists"
_IGNORED, _RULES = "query_log.ignore_clients", "filtering.rules"

_OF_CLIENT: Final = re.compile(r"(?<=[$,])(client=)((?:\\.|[^,\\])*)", re.IGNORECASE)
_BARS: Final = re.compile(r"(?<!\\)\|")

Scope = Literal["group", "client", "list", "schedule"]
SCOPES: Final[dict[str, Scope]] = {
    GROUPS: "group",
    CLIENTS: "client",
    LISTS: "list",
    SCHEDULES: "schedule",
}
"""What there is that other places name, by its key."""


class Renamed(NamedTuple):
    """Something of the settings that has another name now; `new` is "" where it is no more."""

    scope: Scope
    old: str
    new: str


def renamed(settings: Settings, key: str, old: str, new: str, value: Any = None) -> list[Change]:
    """All changes that give an item another name, and perhaps another value, everywhere.

    RequestError where there is none of the old name ("not_found"), or there is one of the new name
    already, or it is the group "default" ("conflict").
    """
    keyed = COLLECTIONS[key]
    before, after = keyed.id_of(old), keyed.id_of(new)
    items = {keyed.id_of(each.name): each for each in _items(settings, key)}
    if before not in items:
        there = ", ".join(each.name for each in items.values()) or "none"
        text = f"there is no {keyed.what} {old!r}; there are {there}"
        raise RequestError("not_found", f"{SCOPES[key]}_unknown", text)
    if before != after and after in items:
        text = f"{items[after].name!r} is the name of another {keyed.what}, choose one"
        raise RequestError("conflict", "name_taken", text)
    if key == GROUPS and DEFAULT_GROUP in (before, after) and before != after:
        text = f"the group {DEFAULT_GROUP!r} is whoever is in no other, and keeps its name"
        raise RequestError("conflict", "name_taken", text)
    moved = _Moved(key, items[before].name, new)
    wanted = moved.within(plain_of(items[before])) if value is None else value
    changes = [Change(key, new, "set", {**wanted, NAME: new})]
    if before != after:
        changes.insert(0, Change(key, old, "remove"))
    return [*changes, *_elsewhere(settings, moved)]


def _items(settings: Settings, key: str) -> Sequence[Any]:
    found: Sequence[Any] = value_of(settings, key)
    return found


def _elsewhere(settings: Settings, moved: _Moved) -> Iterator[Change]:
    """What other items name it."""
    for key in (GROUPS, CLIENTS):
        for each in _items(settings, key):
            if (key, each.name) == (moved.key, moved.old):
                continue
            before = plain_of(each)
            if (after := moved.within(before)) != before:
                yield Change(key, each.name, "set", after)
    if moved.key != CLIENTS:
        return
    for rule in settings.filtering.rules:
        if (other := moved.rule(rule)) != rule:
            yield Change(_RULES, rule, "remove")
            yield Change(_RULES, other, "set", other)
    ignored = [plain_of(each) for each in settings.query_log.ignore_clients]
    if (others := moved.names(ignored)) != ignored:
        yield Change(_IGNORED, "", "set", others)


class _Moved:
    """A name that is another one from now."""

    def __init__(self, key: str, old: str, new: str) -> None:
        self.key, self.old, self.new = key, old, new
        self._folded = old.casefold()

    def within(self, item: dict[str, Any]) -> dict[str, Any]:
        """A group or a client as it has to be, in plain values."""
        changed = self._said(item)
        if self.key == GROUPS and "group" in item:
            changed["group"] = self._name(item["group"])
        return changed

    def rule(self, text: str) -> str:
        """A rule that calls a client by its name; as it is where it does not."""
        return rule_for_renamed(text, self.old, self.new) if self.key == CLIENTS else text

    def names(self, names: Iterable[str]) -> list[str]:
        """The names, of which it may be one."""
        return [self._name(each) for each in names]

    def _said(self, said: dict[str, Any]) -> dict[str, Any]:
        changed = dict(said)
        if self.key == SCHEDULES and "when" in said:
            changed["when"] = self._name(said["when"])
        if self.key == LISTS and isinstance(said.get("lists"), list):
            changed["lists"] = self.names(said["lists"])
        if "rules" in said:
            changed["rules"] = [self.rule(each) for each in said["rules"]]
        if "schedules" in said:
            changed["schedules"] = [self._said(each) for each in said["schedules"]]
        return changed

    def _name(self, name: str) -> str:
        return self.new if name.casefold() == self._folded else name


# ---- rules -------------------------------------------------------------------------------------


def client_in_rule(client: str) -> str:
    """How a rule writes a client: by its name, an id or an address."""
    for sign in ("'", ",", "|", "$"):  # what ends a name in a rule, or parts it
        client = client.replace(sign, "\\" + sign)
    return f"'{client}'"


def rule_for_renamed(text: str, old: str, new: str) -> str:
    """A rule for the client `old` as one for `new`; another rule stays as it is."""
    if not _is_for(text, old):
        return text

    def changed(found: re.Match[str]) -> str:
        return found[1] + "|".join(map(part, _BARS.split(found[2])))

    def part(written: str) -> str:
        sign = "~" if written.startswith("~") else ""
        name = written.removeprefix("~").replace("\\,", ",").replace("\\|", "|")
        if len(name) > 1 and name[0] in "'\"" and name.endswith(name[0]):
            name = name[1:-1].replace("\\" + name[0], name[0])
        is_it = name.replace("\\$", "$").casefold() == old.casefold()
        return sign + client_in_rule(new) if is_it else written

    other = _OF_CLIENT.sub(changed, text)
    return other if _is_for(other, new) else text


def _is_for(text: str, client: str) -> bool:
    if "client" not in text.lower():
        return False
    rule = parse_line(text)
    if not isinstance(rule, Rule):
        return False
    asked = rule.conditions.clients | rule.conditions.not_clients
    return f"name:{client}".casefold() in {each.casefold() for each in asked}


# ---- what was renamed --------------------------------------------------------------------------


def renames_in(found: Sequence[Difference]) -> list[Renamed]:
    """What of some differences is another name for the same, however that came to be."""
    told = []
    for key, scope in SCOPES.items():
        of_key = [each for each in found if each.key == key]
        gone = [each for each in of_key if each.after is None]
        new = [each for each in of_key if each.before is None]
        for each in gone:
            same = [other for other in new if _is_same(key, each.before, other.after)]
            if len(same) == 1:
                told.append(Renamed(scope, each.before[NAME], same[0].after[NAME]))
        told += [
            Renamed(scope, each.before[NAME], each.after[NAME])
            for each in of_key
            if each.before and each.after and each.before[NAME] != each.after[NAME]
        ]
    return told


def removals_in(found: Sequence[Difference], renames: Iterable[Renamed]) -> list[Renamed]:
    """What of some differences is no more, under whatever name; `renames` are all there are."""
    moved = {(each.scope, each.old) for each in renames}
    gone = (
        Renamed(SCOPES[each.key], each.before[NAME], "")
        for each in found
        if each.key in SCOPES and each.after is None
    )
    return [each for each in gone if (each.scope, each.old) not in moved]


def followed(renames: Sequence[Renamed], stored: Mapping[Place, Any]) -> list[StoredChange]:
    """What stored clients and groups have to say where the settings file has another name for what
    they name: else they would be left out, and nothing of them apply."""
    keys = {scope: key for key, scope in SCOPES.items()}
    found = []
    for place, value in stored.items():
        if place[0] not in (CLIENTS, GROUPS) or not isinstance(value, dict):
            continue
        after = value
        for each in renames:
            after = _Moved(keys[each.scope], each.old, each.new).within(after)
        if after != value:
            found.append(StoredChange(place, value, after))
    return found


def _is_same(key: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether these are the same but for the name: of clients, what they are known by."""
    keys: Callable[[str], bool] = IDENTIFIERS.__contains__ if key == CLIENTS else NAME.__ne__
    kept = ({name: each for name, each in one.items() if keys(name)} for one in (before, after))
    first, second = kept
    return bool(first) and first == second
