"""Lists from files."""

import os
from pathlib import Path

import pytest

from sinkhole.control.lists import local
from sinkhole.control.settings import shipped
from sinkhole.model.errors import ListError


@pytest.mark.parametrize("url", ["file:a.txt", "FILE:/a.txt", "file:///a.txt"])
def test_addresses_of_files_are_recognised(url: str) -> None:
    assert local.is_local(url)


def test_addresses_of_servers_are_no_files() -> None:
    assert not local.is_local("https://example.org/file:a.txt")


@pytest.mark.parametrize("form", ["file:{}", "file://{}", "file://localhost{}"])
def test_an_absolute_path_names_exactly_that_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / "my list.txt"
    assert local.find("Mine", form.format(path)) == path
    assert local.find("Mine", form.format(str(path).replace(" ", "%20"))) == path


def test_a_relative_path_is_looked_up_in_the_working_directory_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, here = tmp_path / "package", tmp_path / "here"
    for folder in (package, here):
        (folder / "blocklists").mkdir(parents=True)
    monkeypatch.setattr(shipped, "ROOTS", (package,))
    monkeypatch.chdir(here)
    url = "file:blocklists/starter.txt"
    assert local.find("Starter", url) == Path("blocklists/starter.txt")  # where it would be
    (package / "blocklists/starter.txt").write_text("shipped.example\n")
    assert local.find("Starter", url) == package / "blocklists/starter.txt"
    (here / "blocklists/starter.txt").write_text("here.example\n")
    assert local.find("Starter", url) == Path("blocklists/starter.txt")


def test_a_file_of_another_machine_is_refused() -> None:
    with pytest.raises(ListError, match="another machine"):
        local.find("Other", "file://nas.example/list.txt")


def test_what_no_path_can_be_is_refused() -> None:
    with pytest.raises(ListError, match="zero byte"):
        local.find("Odd", "file:/srv/a%00b")


def test_the_signature_changes_with_content_and_replacement(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    assert local.signature(path) == ""
    path.write_text("a.example\n")
    first = local.signature(path)
    path.write_text("b.example.org\n")
    second = local.signature(path)
    replacement = tmp_path / "new"
    replacement.write_text("c.example.org\n")
    replacement.replace(path)
    assert len({first, second, local.signature(path), ""}) == 4


def test_a_file_is_copied_and_checked_like_one_from_the_network(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("a.example\n")
    assert local.copy("Mine", path, tmp_path / "part", 100).size_bytes == 10
    assert (tmp_path / "part").read_text() == "a.example\n"
    with pytest.raises(ListError, match="max_list_size"):
        local.copy("Mine", path, tmp_path / "other", 9)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ListError, match=r"none\.txt can't be read: No such file"):
        local.copy("Mine", tmp_path / "none.txt", tmp_path / "part", 100)


def test_folders_pipes_and_devices_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for number, path in enumerate([tmp_path, tmp_path / "pipe", Path("/dev/zero")]):
        with pytest.raises(ListError, match=r"is not a file|can't be read"):
            local.copy("Mine", path, tmp_path / f"part{number}", 100)
