"""What an import comes to: changes of settings, and notes for the person who wants it.

Readers say what they want place by place; two of them may say something about the same group. What
a source says as it is by default there is left out, so that ours counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from sinkhole.control.imports.names import Names
from sinkhole.control.settings.changes import Change
from sinkhole.control.settings.keyed import COLLECTIONS
from sinkhole.control.settings.plain import merged
from sinkhole.control.settings.quoting import quoted
from sinkhole.control.state.stored import Place
from sinkhole.model.masking import masked

DEFAULT_GROUP: Final = "default"

MOST_ABOUT: Final = 200
"""Characters of what a note is about."""

NoteKind = Literal["differs", "left"]


class Note(NamedTuple):
    """Something that is not the same here: it `differs`, or it is `left` where it was. `about` is
    where it stands in the source."""

    kind: NoteKind
    about: str
    text: str


class Here(NamedTuple):
    """What is here already that an import should know: names of lists by address and kind."""

    lists: Mapping[tuple[str, str], str] = {}


@dataclass(slots=True)
class Plan:
    """Collects what is wanted; `source` says of what, such as "AdGuard Home, schema 34"."""

    source: str
    here: Here = field(default_factory=Here)
    notes: list[Note] = field(default_factory=list)
    lists: Names = field(init=False)
    clients: Names = field(default_factory=Names.of_clients)
    groups: Names = field(default_factory=Names)
    schedules: Names = field(default_factory=Names)
    sets: Names = field(default_factory=Names.of_sets)
    numbers: dict[int, str] = field(default_factory=dict)
    """What lists are called here, by their numbers there."""
    accounts: dict[str, str] = field(default_factory=dict)
    """Hashes of passwords, by the names of those who had an account there."""
    _wanted: dict[Place, Any] = field(default_factory=dict)
    _lists_by_address: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lists = Names.of_lists(self.here.lists.values())

    def set(self, key: str, value: Any) -> None:
        """Want a key to have a value."""
        self._wanted[key, ""] = value

    def put(self, key: str, item: str, value: Any = True) -> None:
        """Want an item of a keyed collection."""
        self._wanted[key, item] = value

    def say(self, key: str, item: str, value: Mapping[str, Any]) -> None:
        """Want something of an item, beside what others want of it."""
        self._wanted[key, item] = merged(self._wanted.get((key, item), {}), value)

    def for_everybody(self, **value: Any) -> None:
        """Want something for whoever is in no other group."""
        self.say("groups", DEFAULT_GROUP, value)

    def wants(self, key: str, item: str = "") -> Any:
        """What is wanted of a place, None for nothing."""
        return self._wanted.get((key, item))

    def items(self, key: str) -> list[str]:
        """The items that are wanted of a collection."""
        return [item for known, item in self._wanted if known == key and item]

    def differs(self, about: str, text: str) -> None:
        """Tell what is taken, but is not quite the same here."""
        self._note("differs", about, text)

    def left(self, about: str, text: str) -> None:
        """Tell what is not taken, and what to do instead."""
        self._note("left", about, text)

    def add_list(self, name: str, url: str, kind: str, *, enabled: bool = True) -> str:
        """Want a list; its name, which is that of the same list where there is one already."""
        address = (url, kind)
        if address not in self._lists_by_address:
            known = self.here.lists.get(address)
            called = known or self._free_for_list(name or url.rpartition("/")[2] or "List")
            self._lists_by_address[address] = called
            self.put("filtering.lists", called, {"url": url, "kind": kind, "enabled": enabled})
        return self._lists_by_address[address]

    def _free_for_list(self, name: str) -> str:
        called = self.lists.free(name)
        if called.casefold() != name.casefold() and Names(self.here.lists.values()).has(name):
            text = f"there is another list of that name here, so it is called {quoted(called)}"
            self.differs(name, text)
        return called

    def _note(self, kind: NoteKind, about: str, text: str) -> None:
        about = about if len(about) <= MOST_ABOUT else about[: MOST_ABOUT - 1] + "…"
        note = Note(kind, masked(about), masked(text))
        if note not in self.notes[-1:]:
            self.notes.append(note)

    @property
    def changes(self) -> list[Change]:
        """All that is wanted, in an order in which a name stands before who names it."""
        return [Change(key, item, "set", value) for (key, item), value in self._wanted.items()]

    @property
    def taken(self) -> list[tuple[str, int]]:
        """How much there is of each kind: ("list", 3), and ("setting", 5) for plain keys."""
        counts: dict[str, int] = {}
        for key, item in self._wanted:
            word = COLLECTIONS[key].what if item else "setting"
            counts[word] = counts.get(word, 0) + 1
        return list(counts.items())


def shortened(words: Iterable[str], most: int = 5) -> str:
    """Words in a row; of many the first ones, and how many there are beside them."""
    found = list(words)
    rest = len(found) - most
    shown = ", ".join(found[:most])
    return f"{shown} and {rest} more" if rest > 0 else shown
