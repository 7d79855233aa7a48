"""Whether a new version of a list goes into use, or is held back until a person accepts it.

Two things make a version suspect. It has shrunk or grown by more than a factor: most likely its
source is broken, or somebody else's now. Or it blocks an essential name, without which the
household would be cut off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type

FACTOR: Final = 3.0
SMALL: Final = 200
"""Lists up to this size may change as they like: there, a few lines are a factor."""
_MOST_NAMED: Final = 5
_TYPES: Final = (Type.A, Type.AAAA)


class QuarantineCheck:
    """Judges new versions; with `factor` 0 a list may have any size.

    `essential` are names as text. What is no name, such as an address, is left out.
    """

    def __init__(self, factor: float = FACTOR, essential: Iterable[str] = ()) -> None:
        self._factor = factor
        self._essential = dict(_wire_names(essential))

    def reason(
        self, new: CompiledList, old: CompiledList | None, accepted: Collection[str] = ()
    ) -> str:
        """Why `new` should not replace `old` (None before the first version); "" if it may.

        `accepted` are essential names that a person has allowed this list to block.
        """
        reasons = []
        if old is not None and (change := self._size_change(_size(old), _size(new))):
            reasons.append(change)
        if blocked := [name for name in self.blocked(new) if name not in accepted]:
            more = len(blocked) - _MOST_NAMED
            named = ", ".join(blocked[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
            reasons.append(f"it would block {named}, which this household needs")
        return "; ".join(reasons)

    def blocked(self, compiled: CompiledList) -> tuple[str, ...]:
        """The essential names that a list blocks or rewrites by itself, in order."""
        if compiled.kind == "allow":
            return ()
        matcher = Matcher([compiled])
        return tuple(
            text
            for text, name in self._essential.items()
            if any((found := matcher.match(name, each)) and not found.allowed for each in _TYPES)
        )

    def _size_change(self, old: int, new: int) -> str:
        if not self._factor or old <= SMALL:
            return ""
        if new * self._factor < old:
            return f"it has shrunk from {old} to {new} rules"
        if new > old * self._factor:
            return f"it has grown from {old} to {new} rules"
        return ""


def _size(compiled: CompiledList) -> int:
    """Names or rules, whichever are more: hosts files hold several names a line, and patterns
    are rules that hold no name, so that either alone would jump when a list changes its format."""
    return max(compiled.names, compiled.rules)


def _wire_names(names: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    for name in names:
        try:
            yield name, from_text(name).lower()
        except ValueError:
            continue
