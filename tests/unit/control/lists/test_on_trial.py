"""The lists there would be by other settings, of what is there already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from settings_file import settings_from

from sinkhole.control.lists.library import Library
from sinkhole.control.lists.on_trial import ListsOnTrial, lists_on_trial
from sinkhole.control.settings import FilteringSettings


def settings(folder: Path, *lists: dict[str, Any], rules: tuple[str, ...] = ()) -> Any:
    filtering = {"lists": list(lists), "rules": list(rules)}
    return settings_from({"data_dir": str(folder), "filtering": filtering}).filtering


def entry(folder: Path, name: str, **more: Any) -> dict[str, Any]:
    path = folder / f"{name}.txt"
    path.write_text(f"||{name}.example^\n")
    return {"name": name, "url": f"file:{path}", **more}


async def test_lists_in_use_stay_the_very_same_and_others_are_read_from_the_disk(
    tmp_path: Path,
) -> None:
    first, second = entry(tmp_path, "first"), entry(tmp_path, "second")
    both = settings(tmp_path, first, second, rules=("||own.example^",))
    library = Library(both, tmp_path)
    await library.load()
    await library.update()
    in_use = library.lists

    def tried(after: FilteringSettings) -> ListsOnTrial:
        return lists_on_trial(in_use, both, after, tmp_path)

    assert tried(both) == (in_use, ())
    assert tried(settings(tmp_path, first, rules=both.rules)).lists == in_use[:2]
    other, *rest = tried(settings(tmp_path, first, second, rules=("||b.example^",))).lists
    assert (other.name, other is in_use[0], rest) == ("own rules", False, list(in_use[1:]))
    assert tried(settings(tmp_path, first, second)).lists == in_use[1:]
    off = settings(tmp_path, first | {"enabled": False}, second, rules=both.rules)
    assert tried(off).lists == (in_use[0], in_use[2])
    renamed, missing = tried(settings(tmp_path, first | {"name": "Renamed"}, rules=both.rules))
    assert ([each.name for each in renamed], missing) == (["own rules", "Renamed"], ())
    new = entry(tmp_path, "third")
    assert tried(settings(tmp_path, first, second, new)).missing == ("third",)
    twice = settings(tmp_path, first, first | {"name": "again"}, rules=both.rules)
    assert tried(twice).lists == in_use[:2]
