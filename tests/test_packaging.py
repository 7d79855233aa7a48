"""What is installed is what pyproject.toml means, and exactly that: requirements/ is true."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

EXTRAS = PROJECT["project"]["optional-dependencies"].values()
RUN = [
    Requirement(text) for texts in (PROJECT["project"]["dependencies"], *EXTRAS) for text in texts
]
DEV = [Requirement(text) for text in PROJECT["dependency-groups"]["dev"]]
CONTRACT = [Requirement(text) for text in PROJECT["dependency-groups"]["contract"]]
PAGE = [Requirement(text) for text in PROJECT["dependency-groups"]["page"]]
BACKEND = [Requirement(text) for text in PROJECT["build-system"]["requires"]]
ASKED_FOR = {"run": RUN, "dev": DEV, "contract": CONTRACT, "page": PAGE, "build": BACKEND}
ASKED_FOR["lowest"] = [*RUN, *BACKEND]
"""The lock files, and the ranges of which each has exact versions."""

TOGETHER = [("run", "build", "dev", "contract"), ("lowest", "dev")]
"""What is installed into one environment."""

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def lines(name: str) -> list[str]:
    """The requirements of a lock file, each in one line, without comments."""
    text = (ROOT / f"requirements/{name}.txt").read_text()
    code = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    return code.replace("\\\n", " ").splitlines()


def locked(name: str) -> Iterator[Requirement]:
    """The same, parsed, and without the hashes."""
    yield from (Requirement(line.split("--hash")[0]) for line in lines(name))


def version(requirement: Requirement) -> Version:
    """The only version that is allowed."""
    (exact,) = requirement.specifier
    assert exact.operator == "==", requirement
    return Version(exact.version)


def versions(name: str) -> dict[str, Version]:
    """Package and version; that each package stands there once holds for all Pythons."""
    found = [(canonicalize_name(each.name), version(each)) for each in locked(name)]
    assert len(found) == len(dict(found))
    return dict(found)


def test_every_lock_file_is_known() -> None:
    assert {path.name for path in (ROOT / "requirements").iterdir()} == {
        f"{name}.txt" for name in ASKED_FOR
    }


@pytest.mark.parametrize("name", ASKED_FOR)
def test_a_lock_file_has_nothing_but_versions_with_hashes(name: str) -> None:
    package = r"[a-z0-9-]+==[\w.]+( ; [^/@:]+?)?"
    right = re.compile(package + r"(\s+--hash=sha256:[0-9a-f]{64})+")
    assert [line for line in lines(name) if not right.fullmatch(line)] == []


@pytest.mark.parametrize("name", ASKED_FOR)
def test_a_lock_file_names_no_host_and_no_path_of_a_machine(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text()
    paths = re.findall(r"\S*/\S*", text)
    assert set(paths) <= {f"requirements/{other}.txt" for other in ASKED_FOR}
    assert re.findall(r"index-url|find-links|trusted-host|@", text) == []


@pytest.mark.parametrize("name", ASKED_FOR)
def test_what_is_locked_is_within_the_ranges(name: str) -> None:
    there = versions(name)
    assert [
        str(each)
        for each in ASKED_FOR[name]
        if not each.specifier.contains(there.get(canonicalize_name(each.name), "0"))
    ] == []


@pytest.mark.parametrize("name", ASKED_FOR)
@pytest.mark.parametrize("python", PYTHONS)
def test_what_is_needed_is_locked_for_every_python(name: str, python: str) -> None:
    here = {"python_version": python, "python_full_version": f"{python}.0"}
    needed, there = (
        {canonicalize_name(each.name) for each in those if applies(each, here)}
        for those in (ASKED_FOR[name], locked(name))
    )
    assert needed <= there


def applies(requirement: Requirement, environment: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(environment)


def test_lowest_are_the_lower_bounds() -> None:
    there = versions("lowest")
    bounds = {
        canonicalize_name(each.name): Version(bound.version)
        for each in ASKED_FOR["lowest"]
        for bound in each.specifier
        if bound.operator == ">="
    }
    assert {name: there[name] for name in bounds} == bounds


@pytest.mark.parametrize("names", TOGETHER, ids="+".join)
def test_files_for_one_environment_agree(names: tuple[str, ...]) -> None:
    whole: dict[str, Version] = {}
    for name in names:
        theirs = versions(name)
        assert {each: whole[each] for each in whole.keys() & theirs} == {
            each: theirs[each] for each in whole.keys() & theirs
        }
        whole |= theirs


def test_every_range_has_both_ends() -> None:
    assert [
        str(each)
        for each in [*RUN, *BACKEND]
        if sorted(bound.operator for bound in each.specifier) != ["<", ">="]
    ] == []


def test_what_the_dockerfile_copies_is_all_that_reaches_the_builder() -> None:
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    let_through = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert {source.split("/")[0] for sources in copied for source in sources.split()} == {
        *let_through
    }


def test_the_settings_are_installed_for_the_service_and_nobody_else() -> None:
    """And for its group, as its user exists only while it runs."""
    readme = (ROOT / "README.md").read_text()
    unit = (ROOT / "packaging/sinkhole.service").read_text()
    (group,) = re.findall(r"^SupplementaryGroups=(\S+)$", unit, re.M)
    settings = re.findall(r"install -D -m (\d+) -g (\S+) \S+ /etc/sinkhole/sinkhole.yaml", readme)
    assert settings == [("0640", group)]
    assert f"groupadd --system --force {group}\n" in readme
