"""How many names of each list no other list has.

    python -m sinkhole.control.lists.unique COMPILED…

prints a number a line for as many compiled lists. To ask for all names of all lists takes a
while, some 2 µs for each name and other list, so it is a program: it runs beside the server.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sinkhole.dns.filter.compiled.key import is_address_key
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.model.errors import ListError


def count_unique(lists: Sequence[CompiledList]) -> list[int]:
    """For each list, the number of its names that no other one has or covers from above.

    Names that rules allow count like those that are blocked. Needs no memory to speak of.
    """
    return [_count(each, [other for other in lists if other is not each]) for each in lists]


def _count(of: CompiledList, others: Sequence[CompiledList]) -> int:
    # What another list has is mostly on the one that had the last name, too: ask that one first.
    order = list(others)
    unique = 0
    for key in of.all_keys():
        if is_address_key(key):
            continue
        for place, other in enumerate(order):
            if other.holds(key):
                if place:
                    order.insert(0, order.pop(place))
                break
        else:
            unique += 1
    return unique


def main(arguments: list[str] | None = None) -> int:
    """The program; returns its exit code."""
    files = sys.argv[1:] if arguments is None else arguments
    try:
        lists = [CompiledList.map(Path(file), file, None) for file in files]
    except ListError as error:
        print(error, file=sys.stderr)
        return 1
    print(*count_unique(lists), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
