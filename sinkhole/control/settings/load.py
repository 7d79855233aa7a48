"""From a file, the environment and what is stored to `Settings`, or to every mistake at once.

What people wrote in file and environment is theirs: a mistake there is an error. What is stored
was right when it was stored; where it no longer fits, by itself or beside what the file says now,
it is left out and told, one place after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from sinkhole.control.settings.complaints import complaints
from sinkhole.control.settings.document import Origin, Problem
from sinkhole.control.settings.filtering_schema import ListSettings
from sinkhole.control.settings.layers import leaf_origins
from sinkhole.control.settings.left_out import LeftOut
from sinkhole.control.settings.merging import Merged, is_storable, merged
from sinkhole.control.settings.quoting import key_text
from sinkhole.control.settings.schema import Settings
from sinkhole.control.settings.sources import Written, read_written
from sinkhole.control.settings.values import Elsewhere
from sinkhole.control.state.stored import Place
from sinkhole.model.errors import SettingsError

MOST_SUSPECTS: Final = 50
"""Stored values that are tried one by one when one of them does not fit beside the file."""

HELD: Final = "the settings file has one of that name"


class Resolved(NamedTuple):
    """The settings in force, and what is stored but not in use."""

    settings: Settings
    left_out: tuple[LeftOut, ...]


def load(
    path: Path | None, environ: Mapping[str, str], stored: Mapping[Place, Any] | None = None
) -> Settings:
    """Read the settings in force: default < `stored` < the file (or folder) at `path` < `environ`.

    Without `stored` nobody knows what is stored. Raises SettingsError with one line for every
    problem of the last two; the program has then nothing to run with, or keeps what it had.
    """
    written = read_written(path, environ)
    return resolve(written, stored or {}, is_complete=stored is not None).settings


def load_written(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read file and environment alone, to learn where all else is stored.

    What they name may be stored, such as a group that a client of the file is in. Raises
    SettingsError as `load` does.
    """
    written = read_written(path, environ)
    return resolve(written, {}, is_complete=False, elsewhere=Elsewhere()).settings


def resolve(
    written: Written,
    stored: Mapping[Place, Any],
    *,
    is_complete: bool = True,
    elsewhere: Elsewhere | None = None,
) -> Resolved:
    """What file, environment and stored values come to; SettingsError for mistakes in the first
    two, each with its line. `is_complete` says whether all that is stored could be read,
    `elsewhere` what names may stand for besides what is left out."""
    left_out = [
        LeftOut(place, "there is no such key") for place in stored if not is_storable(place)
    ]
    kept = {place: value for place, value in stored.items() if is_storable(place)}
    if written.problems:
        kept = {}
    alone: set[str] | None = None
    while True:
        tree = merged(written.tree, kept)
        settings, found = _checked(tree, elsewhere or _items_of(left_out), is_complete=is_complete)
        found += written.problems
        if not found:
            left_out += (LeftOut(place, HELD, is_held=True) for place in tree.held)
            return Resolved(settings, tuple(left_out))
        guilty = _direct(found, tree)
        if not guilty and kept:
            if alone is None:
                alone = {str(e) for e in _checked(merged(written.tree, {}), _items_of(left_out))[1]}
            if not any(str(each) in alone for each in found):
                guilty = _suspect(found[0], tree, written, kept)
        if not guilty:
            raise SettingsError([str(problem) for problem in sorted(found, key=_place)])
        for each in guilty:
            del kept[each.place]
            left_out.append(each)


def make_list(name: str, url: str, kind: str) -> ListSettings:
    """A list checked as if it stood in the settings file; SettingsError if it could not."""
    try:
        return ListSettings.model_validate({"name": name, "url": url, "kind": kind})
    except ValidationError as error:
        told = [f"{each['loc'][0]}: {each['msg']}" for each in error.errors()]
        raise SettingsError([text.replace("Value error, ", "") for text in told]) from error


def _checked(
    tree: Merged, elsewhere: Elsewhere | None = None, *, is_complete: bool = True
) -> tuple[Settings, list[Problem]]:
    """The settings that a tree comes to, or what is wrong with it."""
    try:
        settings = Settings.model_validate(tree.tree.plain(), context=elsewhere)
    except ValidationError as refused:
        return Settings(), complaints(Settings, refused, tree.tree)
    origins = dict(leaf_origins(Settings, tree.tree))
    settings = settings.set_by(
        origins, tree.item_origins(), tree.tree.secret_paths(), is_complete=is_complete
    )
    return settings, []


def _items_of(left_out: Sequence[LeftOut]) -> Elsewhere:
    """What was left out: whoever names it is right to, so that it takes nothing else along."""
    return Elsewhere(frozenset(each.place for each in left_out if each.place[1]))


def _direct(found: Sequence[Problem], tree: Merged) -> list[LeftOut]:
    """The stored places that problems name."""
    guilty: dict[Place, LeftOut] = {}
    for problem in found:
        place = tree.stored_at(problem.path)
        if place is not None:
            inside = key_text(problem.path[place[0].count(".") + (2 if place[1] else 1) :])
            text = f"{inside}: {problem.text}" if inside else problem.text
            guilty.setdefault(place, LeftOut(place, text))
    return list(guilty.values())


def _suspect(
    problem: Problem, tree: Merged, written: Written, kept: Mapping[Place, Any]
) -> list[LeftOut]:
    """The stored place without which a problem is gone that names another one: what is stored has
    to give way to what is written. The newest goes where none alone is to blame."""
    suspects = list(_near(problem, kept)) or list(kept)[::-1]
    for place in suspects[:MOST_SUSPECTS]:
        rest = {each: value for each, value in kept.items() if each != place}
        if str(problem) not in {str(each) for each in _checked(merged(written.tree, rest))[1]}:
            return [LeftOut(place, str(problem))]
    return [LeftOut(suspects[0], str(problem))]


def _near(problem: Problem, kept: Mapping[Place, Any]) -> Iterator[Place]:
    """The stored places of the section that a problem is about, the newest first."""
    section = str(problem.path[0]) if problem.path else ""
    return (place for place in list(kept)[::-1] if place[0].split(".")[0] == section)


def _place(problem: Problem) -> Origin:
    return problem.origin
