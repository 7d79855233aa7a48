"""Times first matches: `python -m bench.matching FOLDER COUNT…`, a process of its own.

The folder holds compiled lists (`*.compiled`) and names that they hold (`listed.txt`) and don't
(`unlisted.txt`). Prints JSON: for each count of lists the mean µs of CPU a match takes, by a
Matcher of these and, where that is not all, by a selection of them among all.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median

from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type

PASSES = 7


def main() -> None:
    """Measure and print."""
    folder, counts = Path(sys.argv[1]), [int(text) for text in sys.argv[2:]]
    lists = [
        CompiledList.map(file, file.stem, "block") for file in sorted(folder.glob("*.compiled"))
    ]
    names = {
        what: [from_text(name) for name in (folder / f"{what}.txt").read_text().split()]
        for what in ("listed", "unlisted")
    }
    every = Matcher(lists)
    matchers: dict[str, Selection] = {str(count): Matcher(lists[:count]) for count in counts}
    for count in counts:
        if count < len(lists):
            matchers[f"{count} of {len(lists)}"] = every.chosen(range(count))
    measured = {
        which: {what: _mean_us(matcher, asked) for what, asked in names.items()}
        for which, matcher in matchers.items()
    }
    print(json.dumps(measured))


def _mean_us(matcher: Selection, names: list[bytes]) -> float:
    """The median over passes of the mean time; the first pass brings the pages into memory."""
    means = []
    for _ in range(PASSES):
        started = time.process_time_ns()
        for name in names:
            matcher.match(name, Type.A)
        means.append((time.process_time_ns() - started) / len(names) / 1000)
    return median(means[1:])


if __name__ == "__main__":
    main()
