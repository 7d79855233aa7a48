"""The queries of the bench, as files that dnsperf reads: `name TYPE` a line."""

from __future__ import annotations

import gzip
import itertools
import random
import string
from dataclasses import dataclass
from pathlib import Path

from bench.lists import SEED, Lists, made_up_names

HOUSEHOLD_FILE = "workload-household.txt.gz"
_TYPES = (("A", 56), ("AAAA", 25), ("HTTPS", 19))
_MADE_UP_LINES = 100_000
_MADE_UP_DISTINCT = 5_500
_LISTED_SHARE = 0.4


@dataclass(frozen=True)
class Workload:
    """A file of queries; `repeats` says whether a warm-up pass makes every name a known one."""

    name: str
    file: Path
    lines: int
    repeats: bool


@dataclass(frozen=True)
class Household:
    """What a household asks: all of it, and its listed and unlisted names, both distinct."""

    lines: tuple[str, ...]
    listed: tuple[str, ...]
    unlisted: tuple[str, ...]


def read_household(source: Path | None, lists: Lists) -> Household:
    """The recorded mix of `source` if it holds one, else a made-up one with a fixed seed."""
    recorded = source / HOUSEHOLD_FILE if source else None
    if recorded is not None and recorded.is_file():
        lines = gzip.decompress(recorded.read_bytes()).decode().splitlines()
    else:
        lines = _made_up_lines(lists)
    holding = lists.holding()
    names = dict.fromkeys(line.split()[0] for line in lines)
    listed = tuple(name for name in names if name in holding)
    unlisted = tuple(name for name in names if not _at_or_below(name, holding))
    return Household(tuple(lines), listed, unlisted)


def write_repeat(household: Household, work: Path) -> Workload:
    """The household mix as it is: 40 % listed names, the rest cached after the warm-up."""
    return _write("repeat", list(household.lines), work, repeats=True)


def write_blocked(household: Household, work: Path) -> Workload:
    """Only the household's queries for listed names."""
    listed = frozenset(household.listed)
    lines = [line for line in household.lines if line.split()[0] in listed]
    return _write("blocked", lines, work, repeats=True)


def write_fresh(household: Household, count: int, round_number: int, work: Path) -> Workload:
    """`count` names that nobody asked before, each once; another set in every round."""
    chance = random.Random(f"{SEED}-{round_number}")
    label = string.ascii_lowercase + string.digits
    domains = itertools.cycle(household.unlisted)
    lines = [
        f"{''.join(chance.choices(label, k=12))}.{next(domains)} {_type(chance)}"
        for _ in range(count)
    ]
    return _write(f"fresh-{round_number}", lines, work, repeats=False)


def _made_up_lines(lists: Lists) -> list[str]:
    """40 % listed names, popularity falling as 1/rank (Zipf), A, AAAA and HTTPS mixed."""
    chance = random.Random(f"{SEED}-household")  # as from the lists' own seed come their names
    listed_count = int(_MADE_UP_DISTINCT * _LISTED_SHARE)
    listed = chance.sample(lists.names, listed_count)
    holding = lists.holding()
    made_up = made_up_names(_MADE_UP_DISTINCT, chance)
    unlisted = [name for name in made_up if not _at_or_below(name, holding)]
    lines = [
        line
        for names, share in ((listed, _LISTED_SHARE), (unlisted, 1 - _LISTED_SHARE))
        for line in _popular(names, int(_MADE_UP_LINES * share), chance)
    ]
    chance.shuffle(lines)
    return lines


def _popular(names: list[str], count: int, chance: random.Random) -> list[str]:
    weights = [1 / rank for rank in range(1, len(names) + 1)]
    return [f"{name} {_type(chance)}" for name in chance.choices(names, weights, k=count)]


def _type(chance: random.Random) -> str:
    return chance.choices([name for name, _ in _TYPES], [weight for _, weight in _TYPES])[0]


def _at_or_below(name: str, holding: frozenset[str]) -> bool:
    labels = name.split(".")
    return any(".".join(labels[start:]) in holding for start in range(len(labels)))


def _write(name: str, lines: list[str], work: Path, *, repeats: bool) -> Workload:
    work.mkdir(parents=True, exist_ok=True)
    file = work / f"{name}.txt"
    file.write_text("\n".join(lines) + "\n")
    return Workload(name, file, len(lines), repeats)
