"""Block lists for the bench: as published from a folder, or made up with a fixed seed."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SPEED_LISTS = ("adguarddns.hosts.txt.gz", "stevenblack.domains.txt.gz")
"""The two lists of the speed comparison, in the folder given with --lists."""

SYNTHETIC_NAMES = 220_000
SEED = 53

_LISTED = re.compile(
    r"(?:0\.0\.0\.0\s+|\|\||\*\.|address=/)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(?:\^|/#)?"
)
_SYLLABLES = [start + vowel for start in "bdfglmnprstvz" for vowel in "aeiou"]


@dataclass(frozen=True)
class Lists:
    """Lists on disk and the distinct names they hold, sorted."""

    files: tuple[Path, ...]
    names: tuple[str, ...]

    def holding(self) -> frozenset[str]:
        """The names as a set, for look-ups."""
        return frozenset(self.names)


def read_lists(source: Path | None, work: Path) -> Lists:
    """The two published lists of `source`, or two made-up ones; plain files in `work`."""
    work.mkdir(parents=True, exist_ok=True)
    files = _unpack(source, work) if source else _make_up(work)
    names = {name for file in files for name in listed_names(file.read_text())}
    return Lists(files, tuple(sorted(names)))


def listed_names(text: str) -> Iterator[str]:
    """The names of a hosts, plain, wildcard, `||name^` or dnsmasq list; other lines are skipped."""
    for line in text.splitlines():
        if (match := _LISTED.fullmatch(line.strip())) is not None:
            yield match[1]


def write_names(names: tuple[str, ...] | list[str], file: Path) -> Path:
    """Write one name a line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(names) + "\n")
    return file


def derive_names(names: tuple[str, ...], count: int, seed: int = SEED) -> list[str]:
    """`count` distinct names: those given, then the same with a number behind a label.

    The label before the last one changes, so that no derived name lies below a given one and a
    compiler cannot fold them together.
    """
    pool = list(names)
    random.Random(seed).shuffle(pool)
    derived = dict.fromkeys(pool)
    edition = 0
    while len(derived) < count:
        edition += 1
        derived.update(dict.fromkeys(_renumbered(name, edition) for name in pool))
    return list(derived)[:count]


def _renumbered(name: str, edition: int) -> str:
    head, _, top = name.rpartition(".")
    return f"{head}-{edition}.{top}"


def _unpack(source: Path, work: Path) -> tuple[Path, ...]:
    missing = [name for name in SPEED_LISTS if not (source / name).is_file()]
    if missing:
        raise SystemExit(
            f"no {' and no '.join(missing)} in {source}; leave --lists out to use made-up lists"
        )
    files = []
    for name in SPEED_LISTS:
        file = work / name.removesuffix(".gz")
        file.write_bytes(gzip.decompress((source / name).read_bytes()))
        files.append(file)
    return tuple(files)


def _make_up(work: Path) -> tuple[Path, ...]:
    names = made_up_names(SYNTHETIC_NAMES, random.Random(SEED))
    half = len(names) // 2
    hosts = write_names([f"0.0.0.0 {name}" for name in names[:half]], work / "made-up.hosts.txt")
    return (hosts, write_names(names[half:], work / "made-up.domains.txt"))


def made_up_names(count: int, chance: random.Random) -> list[str]:
    """`count` distinct names of two to four labels that look like those on public lists."""
    names: dict[str, None] = {}
    while len(names) < count:
        word = "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))
        host = chance.choice(["", "www.", "ads.", "t.", f"cdn{chance.randint(1, 99)}."])
        names[
            f"{host}{word}{chance.randint(1, 999)}.{chance.choice(['com', 'net', 'org', 'io'])}"
        ] = None
    return list(names)
