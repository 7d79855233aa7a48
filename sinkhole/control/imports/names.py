"""Names that our settings take, made of what people called things elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Final

from sinkhole.control.settings.addresses import parse_network
from sinkhole.control.settings.filtering_schema import TAKEN_NAMES

MOST_BYTES: Final = 100
MOST_SET: Final = 40

_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_NOT_IN_SET: Final = re.compile(r"[^A-Za-z0-9_-]+")


class Names:
    """Names of one kind that are given out; none twice, in whatever letter case."""

    def __init__(
        self,
        taken: Collection[str] = (),
        form: Callable[[str], str] | None = None,
        most: int = MOST_BYTES,
    ) -> None:
        self._taken = {name.casefold() for name in taken}
        self._form = form or plain_name
        self._most = most

    @classmethod
    def of_lists(cls, taken: Iterable[str] = ()) -> Names:
        """Those of lists, beside those that are taken: some words stand for something else."""
        return cls((*TAKEN_NAMES, *taken))

    @classmethod
    def of_clients(cls) -> Names:
        """Those of clients: none is an address."""
        return cls((), client_name)

    @classmethod
    def of_sets(cls) -> Names:
        """Those of upstream sets: letters, digits, - and _."""
        return cls(("default",), set_name, MOST_SET)

    def has(self, name: str) -> bool:
        """Whether a name is given out, or taken."""
        return name.casefold() in self._taken

    def free(self, wanted: str) -> str:
        """The name that is wanted, in a form that is taken; with a number behind it if need be."""
        found = name = self._form(wanted)
        number = 1
        while found.casefold() in self._taken:
            number += 1
            room = self._most - len(str(number)) - 1
            found = self._form(f"{_cut(name, room)} {number}")
        self._taken.add(found.casefold())
        return found


def plain_name(wanted: str) -> str:
    """One line of text, not too long."""
    words = " ".join(_UNSEEN.sub(" ", wanted).split())
    return _cut(words, MOST_BYTES) or "Unnamed"


def client_name(wanted: str) -> str:
    """The same, and no address or network: rules would take it for one."""
    name = plain_name(wanted)
    try:
        parse_network(name)
    except ValueError:
        return name
    return plain_name(f"Device {name}")


def set_name(wanted: str) -> str:
    """Letters, digits, - and _ of it."""
    return _NOT_IN_SET.sub("-", wanted).strip("-")[:MOST_SET].strip("-") or "imported"


def _cut(text: str, most: int) -> str:
    """As many whole characters of it as fit in so many bytes."""
    return text.encode()[:most].decode("utf-8", "ignore").strip()
