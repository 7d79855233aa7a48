"""Policies as bytes, for processes that answer by them.

A Policy is small, but for what it looks into: lists of a million names, which are mapped from the
same files on either side; the Matcher of all lists; and what is known of addresses. These are
referred to. A list is said what it is made of when it is first used, and has a number from then on;
a Matcher of the same lists is the same object on the other side, and so is each choice of them.

The bytes are `pickle`'s, from the process that makes policies to those that it started: never from
a file or a network.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.selection import AllowOnly, Selection
from sinkhole.dns.filter.trie import CompiledList, Origin
from sinkhole.dns.policy.snapshot import Policy

_FACTS: Final = "facts"


class Feed(NamedTuple):
    """One message: the lists that are new, by number; the numbers of all that are asked, those of
    the user and the built-in ones; and the Policy, with references to them."""

    new: dict[int, Origin]
    lists: tuple[int, ...]
    builtin: tuple[int, ...]
    policy: bytes


class PolicyPacker:
    """Makes bytes of one Policy after the other; for each reader one."""

    def __init__(self) -> None:
        self._numbers: dict[CompiledList, int] = {}
        self._last = 0

    def pack(self, policy: Policy, matcher: Matcher) -> bytes:
        """A Policy whose filters are `matcher` and choices of it.

        Raises ValueError where a list was made of something that another process can't have.
        """
        asked = (*matcher.lists, *matcher.builtin)
        self._numbers = {each: self._numbers[each] for each in asked if each in self._numbers}
        new = {self._number(each): _origin(each) for each in asked if each not in self._numbers}
        whole = io.BytesIO()
        _Pickler(whole, matcher).dump(policy)
        feed = Feed(
            new,
            tuple(self._numbers[each] for each in matcher.lists),
            tuple(self._numbers[each] for each in matcher.builtin),
            whole.getvalue(),
        )
        return pickle.dumps(feed, pickle.HIGHEST_PROTOCOL)

    def _number(self, each: CompiledList) -> int:
        self._last += 1
        self._numbers[each] = self._last
        return self._last


class PolicyUnpacker:
    """Makes policies of what a PolicyPacker made; `facts` are what is known of addresses here."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._lists: dict[int, CompiledList] = {}
        self._matcher = Matcher(())

    def unpack(self, message: bytes) -> Policy:
        """The Policy of one message; with many names that takes a tenth of a second.

        Raises ListError where a list's file is another one by now: then nothing has changed, and
        the next message is to come from a PolicyPacker that begins anew.
        """
        feed: Feed = pickle.loads(message)
        lists = {number: self._lists.get(number) for number in (*feed.lists, *feed.builtin)}
        made = {number: CompiledList.again(origin) for number, origin in feed.new.items()}
        known = {number: each for number, each in lists.items() if each is not None} | made
        asked = [known[number] for number in feed.lists]
        builtin = [known[number] for number in feed.builtin]
        matcher = self._matcher
        if (matcher.lists, matcher.builtin) != (tuple(asked), tuple(builtin)):
            matcher = Matcher(asked, builtin, matcher)
        policy: Policy = _Unpickler(io.BytesIO(feed.policy), matcher, self._facts).load()
        self._lists, self._matcher = known, matcher
        return policy


class _Pickler(pickle.Pickler):
    """Refers to what stays on this side."""

    def __init__(self, file: io.BytesIO, matcher: Matcher) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._matcher = matcher
        self._places = _places(matcher.lists)
        self._builtin = _places(matcher.builtin)

    def persistent_id(self, obj: Any) -> Any:
        """What stands for an object; None for one that goes as it is."""
        if isinstance(obj, Facts):
            return _FACTS
        if isinstance(obj, Selection):
            lists = tuple(self._places[each] for each in obj.lists)
            builtin = tuple(self._builtin[each] for each in obj.builtin)
            return lists, builtin, isinstance(obj, AllowOnly)
        return None


class _Unpickler(pickle.Unpickler):
    """Finds what it is referred to."""

    def __init__(self, file: io.BytesIO, matcher: Matcher, facts: Facts) -> None:
        super().__init__(file)
        self._matcher, self._facts = matcher, facts

    def persistent_load(self, pid: Any) -> Any:
        """What stands behind a reference."""
        if pid == _FACTS:
            return self._facts
        lists, builtin, allow_only = pid
        matcher = self._matcher
        return matcher.chosen(
            None if len(lists) == len(matcher.lists) else lists,
            None if len(builtin) == len(matcher.builtin) else builtin,
            allow_only=allow_only,
        )


def _places(lists: Iterable[CompiledList]) -> dict[CompiledList, int]:
    return {each: place for place, each in enumerate(lists)}


def _origin(each: CompiledList) -> Origin:
    if each.origin is None:
        raise ValueError(f"the list {each.name!r} is in the memory of this process only")
    return each.origin
