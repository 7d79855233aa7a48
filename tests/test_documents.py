"""Documents tell the truth where a program can check it: numbers, rooms, links, examples."""

from __future__ import annotations

import importlib
import inspect
import re
from operator import attrgetter
from pathlib import Path

import pytest

from sinkhole.control.settings import Settings, load

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("bench/*.md")])
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()

BOUND = re.compile(r"^\| (?:`([\w/]+)\.py`|settings) \| `([^`]+)` \| ([\d,.]+) ?(\w*)", re.M)
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "d": 86_400}


def found_in_code(module: str, name: str) -> float:
    """What `NAME`, `Class.NAME`, `Class(parameter)` or a key of the settings stands for."""
    if not module:
        return float(attrgetter(name)(Settings()))
    code = importlib.import_module("sinkhole." + module.replace("/", "."))
    if name.endswith(")"):
        owner, parameter = name[:-1].split("(")
        return float(inspect.signature(getattr(code, owner)).parameters[parameter].default)
    return float(attrgetter(name)(code))


@pytest.mark.parametrize("row", BOUND.findall(ARCHITECTURE), ids=lambda row: f"{row[0]} {row[1]}")
def test_the_bounds_in_the_architecture_are_those_of_the_code(row: tuple[str, ...]) -> None:
    module, name, number, unit = row
    assert found_in_code(module, name) == float(number.replace(",", "")) * UNITS.get(unit, 1)


def test_all_bounds_in_the_architecture_are_compared() -> None:
    table = ARCHITECTURE.split("## Bounds")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if re.match(r"\| (`|settings)", line)]
    assert len(rows) > 40
    assert len(BOUND.findall(ARCHITECTURE)) == len(rows)


def test_nothing_stands_twice_in_the_tables_of_the_architecture() -> None:
    in_bounds = [row[:2] for row in BOUND.findall(ARCHITECTURE)]
    rooms = re.findall(r"^\| (`[a-z/]+/`) \|", ARCHITECTURE, flags=re.M)
    assert len(rooms) > 20
    assert sorted(set(in_bounds)) == sorted(in_bounds)
    assert sorted(set(rooms)) == sorted(rooms)


def test_every_room_stands_in_the_architecture() -> None:
    table = ARCHITECTURE[ARCHITECTURE.index("## The rooms") :]
    folders = (path.parent for path in ROOT.glob("sinkhole/*/**/__init__.py"))
    rooms = {f"{path.relative_to(ROOT / 'sinkhole').as_posix()}/" for path in folders}
    assert sorted(room for room in rooms if f"`{room}`" not in table) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_within_the_repository_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#\s]+)", document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_example_of_settings_can_be_loaded(document: Path, tmp_path: Path) -> None:
    for number, example in enumerate(re.findall(r"```yaml\n(.*?)```", document.read_text(), re.S)):
        file = tmp_path / f"example-{number}.yaml"
        file.write_text(example)
        load(file, {})
