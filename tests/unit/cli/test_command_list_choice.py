"""Lists chosen by command: from the catalogue or by address, beside the settings."""

from __future__ import annotations

import pytest
from command_line import CommandLine
from list_house import Server, states

from sinkhole.control.operations import lists
from sinkhole.control.settings.shipped import CatalogueEntry, Checked


def test_the_catalogue_is_shown_whole_or_searched(command: CommandLine) -> None:
    told = command("lists", "catalogue")
    assert told.code == 0
    assert told.out.splitlines()[0].split()[:2] == ["Id", "Names"]
    assert "hagezi-pro" in told.out and "oisd-big" in told.out
    found = command("lists", "catalogue", "PHISHING", "--json").json()
    assert {"phishing-army", "hagezi-pro"} <= {entry["id"] for entry in found}
    assert set(found[0]) == {
        "id", "name", "group", "purpose", "living", "licence", "home", "url", "format", "names",
        "checked",
    }  # fmt: skip


def test_what_could_not_be_checked_has_a_question_mark(command: CommandLine) -> None:
    unknown = command("lists", "catalogue", "phishing-army").out
    assert "CC BY-NC 4.0 ?" in unknown and unknown.splitlines()[-1].startswith("? could not")
    assert "?" not in command("lists", "catalogue", "peter-lowe").out.splitlines()[0]
    assert "?" not in command("lists", "catalogue", "awavenue").out


def test_where_it_was_checked_is_not_searched(command: CommandLine) -> None:
    assert command("lists", "catalogue", "counted").code == 1


def test_a_word_that_nothing_has_is_exit_code_1(command: CommandLine) -> None:
    told = command("lists", "catalogue", "zzzz")
    assert (told.code, told.out) == (1, "")
    assert "'zzzz'" in told.err


def test_a_list_is_added_by_its_address_and_then_fetched(
    house: CommandLine, server: Server
) -> None:
    url = f"http://127.0.0.1:{server.server_port}/more/b.txt"
    told = house("lists", "add", url)
    assert (told.code, told.out) == (0, f"127.0.0.1 b.txt: added, {url}\n")
    assert list(states(house)) == ["Fetched [1]", "Mine", "Off", "127.0.0.1 b.txt"]
    assert house("lists", "update", "127.0.0.1 b.txt").code == 0
    row = house("lists", "status", "127.0.0.1 b.txt", "--json").json()
    assert (row["state"], row["added"]) == ("ready", True)
    assert "[1]" in house.config.read_text() and "b.txt" not in house.config.read_text()


def test_a_list_is_added_by_its_id(
    house: CommandLine, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = CatalogueEntry(
        id="a-list", name="A list", group="general", purpose="To be added", living="calm",
        licence="MIT", home="https://example.org/", url="https://example.org/a.txt",
        format="hosts", names=1,
        checked=Checked(address="own", licence="own", names="no"),
    )  # fmt: skip
    monkeypatch.setattr(lists, "read_catalogue", lambda: (entry,))
    assert house("lists", "add", "a-list").out == "A list: added, https://example.org/a.txt\n"
    assert house("lists", "add", "A-List", "--name", "Same").code == 1
    told = house("lists", "add", "b-list")
    assert (told.code, told.out) == (1, "")
    assert told.err == (
        'sinkhole: "b-list" is neither an address nor in the catalogue, did you mean a-list?\n'
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["https://example.org/off.txt"], "the list 'Off' has this address already"),
        (["https://example.org/x.txt", "--name", "MINE"], "'Mine' is the name of another list"),
        (["ftp://example.org/x.txt"], "lists come by https:, http: or file:"),
        (["https://example.org/x.txt", "--name", "own rules"], "stands for something else"),
        (["file:/srv/a%00b"], "no path has a zero byte"),
    ],
    ids=["address", "name", "scheme", "taken", "zero"],
)
def test_what_cannot_be_added_is_told(house: CommandLine, words: list[str], reason: str) -> None:
    told = house("lists", "add", *words)
    assert (told.code, told.out) == (1, "")
    assert reason in told.err
    assert len(states(house)) == 3


def test_an_allow_list_of_the_same_address_is_another_list(house: CommandLine) -> None:
    words = ["https://example.org/off.txt", "--name", "On", "--kind", "allow"]
    assert house("lists", "add", *words).code == 0
    assert house("lists", "status", "On", "--json").json()["kind"] == "allow"


def test_an_added_list_is_switched_off_and_on_and_removed(house: CommandLine) -> None:
    path = house.folder / "more.txt"
    path.write_text("||more.example^\n")
    assert house("lists", "add", f"file:{path}", "--name", "More").code == 0
    house("lists", "update", "More")
    assert house("lists", "disable", "more").out == "More: disabled\n"
    assert states(house)["More"] == "disabled"
    assert house("explain", "more.example", "--json").json()["verdict"] == "none"
    assert house("lists", "enable", "More").code == 0
    assert states(house)["More"] == "ready", "it was not fetched again"
    assert house("lists", "remove", "More").out == "More: removed\n"
    assert "More" not in states(house)
    assert house("lists", "add", f"file:{path}", "--name", "More").code == 0
    assert states(house)["More"] == "ready", "its files were still there"


@pytest.mark.parametrize("verb", ["remove", "enable", "disable"])
def test_what_the_settings_file_holds_is_changed_there(house: CommandLine, verb: str) -> None:
    told = house("lists", verb, "Off" if verb == "enable" else "Mine")
    assert (told.code, told.out) == (1, "")
    assert f"is held by {house.config}:1, which wins: change it there" in told.err
    told = house("lists", verb, "Nobody")
    assert told.err == "sinkhole: there is no list 'Nobody'; there are Fetched [1], Mine, Off\n"
