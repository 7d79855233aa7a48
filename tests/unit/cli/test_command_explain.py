"""explain: by settings and compiled lists, and by list files alone."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine

KEYS = ["name", "type", "verdict", "rule", "list", "line", "rewrite"]


@pytest.fixture
def house(command: CommandLine) -> CommandLine:
    """Settings with a list that is compiled, one that is not, rules, local names."""
    path = command.folder / "ads.txt"
    path.write_text("! ads\n||ads.example^\n||shop.example^\n||top.example^$important\n")
    command.settle(
        dns={"allow": ["192.0.2.0/24", "127.0.0.1"]},
        filtering={
            "lists": [{"name": "Ads", "url": f"file:{path}"}],
            "rules": ["||own.example^", "@@||shop.example^"],
        },
        local={
            "records": {
                "nas.home": ["192.0.2.10"],
                "ads.example": ["192.0.2.11"],
                "straße.home": ["192.0.2.12"],
            }
        },
    )
    assert command("lists", "update").code == 0
    return command


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["x.own.example"], "x.own.example A: blocked by own rules, line 1: ||own.example^"),
        (["shop.example"], "shop.example A: allowed by own rules, line 2: @@||shop.example^"),
        (["x.ads.example"], "x.ads.example A: blocked by Ads, line 2: ||ads.example^"),
        (["ads.example"], "answered here by local records: 192.0.2.11"),
        (["nas.home", "--type", "AAAA"], "answered here by local records: no records, NOERROR"),
        (["10.2.0.192.in-addr.arpa", "--type", "ptr"], "answered here by local records: nas.home"),
        (["localhost"], "answered here (special-use name): 127.0.0.1"),
        (["example.org"], "example.org A: not on any list, so it is forwarded"),
        (["example.org", "--type", "AXFR"], "refused: AXFR is not served"),
        (["example.org", "--client", "203.0.113.7"], "refused: client not in dns.allow"),
        (["example.org", "--client", "192.0.2.7"], "forwarded"),
        (["health.sinkhole.invalid"], "answered here (health check): no records, NOERROR"),
        (["bücher.example"], "bücher.example A: not on any list"),
        (["straße.home"], "straße.home A: answered here by local records: 192.0.2.12"),
    ],
)
def test_who_decides_is_said_in_a_sentence(
    house: CommandLine, words: list[str], sentence: str
) -> None:
    told = house("explain", *words)
    assert (told.code, told.err) == (0, "")
    assert sentence in told.out.splitlines()[0]


def test_every_list_that_knows_the_name_has_its_say(house: CommandLine) -> None:
    told = house("explain", "shop.example").out
    assert "  > own rules, line 2: @@||shop.example^  (allows, and decides)\n" in told
    assert (
        "  - Ads, line 3: ||shop.example^  (blocks; a stronger rule decides: an exception beats a "
        "rule such as ||name^)\n"
    ) in told


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("x.ads.example", 'add to filtering.rules: "@@||x.ads.example^"'),
        ("top.example.", 'add to filtering.rules: "@@||top.example^$important"'),
        ("own.example", 'remove from filtering.rules: "||own.example^"'),
    ],
)
def test_the_way_out_of_a_block_is_told_and_works(
    house: CommandLine, name: str, way_out: str
) -> None:
    told = house("explain", name).out
    assert f"To allow it, {way_out}\n" in told
    if "@@" in way_out:
        settings = json.loads(house.config.read_text())
        settings["filtering"]["rules"].append(way_out.split('"')[1])
        house.config.write_text(json.dumps(settings))
        assert house("explain", name, "--json").json()["verdict"] == "allow"


def test_the_same_as_json(house: CommandLine) -> None:
    told = house("explain", "x.ads.example", "--client", "192.0.2.7", "--json").json()
    assert list(told)[:7] == KEYS
    assert (told["verdict"], told["list"], told["line"]) == ("block", "Ads", 2)
    assert told["rule"] == "||ads.example^"
    assert (told["outcome"], told["client"]["address"]) == ("blocked", "192.0.2.7")
    assert (told["from"], told["cache"]) == ("settings", None)
    assert told["lists"] == [{"name": "Ads", "state": "ready", "names": 3}]
    told = house("explain", "nas.home", "--json").json()
    assert (told["verdict"], told["rule"], told["list"]) == ("rewrite", None, "local records")
    assert told["rewrite"] == {"rcode": "NOERROR", "answers": ["192.0.2.10"], "type": "A"}
    told = house("explain", "example.org", "--json").json()
    assert (told["verdict"], told["outcome"], told["rewrite"]) == ("none", "forwarded", None)


def test_lists_that_were_not_compiled_yet_are_named(command: CommandLine) -> None:
    path = command.folder / "ads.txt"
    path.write_text("||ads.example^\n")
    command.settle(filtering={"lists": [{"name": "Ads", "url": f"file:{path}"}]})
    told = command("explain", "ads.example")
    assert told.code == 0
    assert f"Not compiled yet in {command.folder / 'data'}, so not asked: Ads" in told.out
    assert not (command.folder / "data").exists(), "explaining changes nothing"


def test_lists_that_could_not_be_had_are_named(command: CommandLine) -> None:
    url = f"file:{command.folder / 'nowhere.txt'}"
    command.settle(filtering={"lists": [{"name": "Ads", "url": url}]})
    assert command("lists", "update").code == 1
    assert "so not asked: Ads" in command("explain", "ads.example").out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["a..b"], "empty label"),
        ([f"{'a' * 64}.org"], "64 bytes"),
        (["example.org", "--type", "FOO"], "'FOO' is not a record type"),
        (
            ["example.org", "--client", "me"],
            "'me' is no address, and no client that the settings know",
        ),
        (["https://me@www.example.org:8443/x"], "ask about the name in it: www.example.org"),
    ],
)
def test_what_is_no_name_type_or_address_is_told(
    command: CommandLine, words: list[str], reason: str
) -> None:
    command.settle()
    told = command("explain", *words)
    assert (told.code, told.out) == (1, "")
    assert told.err.startswith("sinkhole: ")
    assert reason in told.err


def test_without_a_server_that_is_said_and_nothing_can_be_asked(house: CommandLine) -> None:
    assert "without what is cached, as no server was asked: " in house("explain", "a.example").out
    told = house("explain", "a.example", "--ask")
    assert (told.code, told.out) == (1, "")
    assert told.err.startswith("sinkhole: --ask needs the running server: ")


def test_nothing_that_a_terminal_obeys_is_written(command: CommandLine) -> None:
    nasty = "||a*.example^$dnsrewrite=NOERROR;TXT;\x1b]0;x\x07\u202e\x9b31m"
    path = command.folder / "nasty.txt"
    path.write_text("plain.example\n" * 1000 + f"{nasty}\n")
    command.settle(filtering={"lists": [{"name": "Nasty", "url": f"file:{path}"}]})
    assert command("lists", "update").code == 0
    for words in (["--config", str(command.config)], ["--block-list", str(path)]):
        told = command("explain", "ab.example", "--type", "TXT", *words)
        assert r"\x1b]0;x\x07\u202e\x9b31m" in told.out
        as_json = command("explain", "ab.example", "--type", "TXT", *words, "--json")
        assert as_json.json()["rule"] == nasty
        for out in (told.out, as_json.out):
            assert not [each for each in out if each != "\n" and not each.isprintable()]


def test_lists_on_their_own_tell_what_is_on_none(
    command: CommandLine, files: tuple[str, str]
) -> None:
    told = command("explain", "example.org", "--block-list", files[0])
    assert told.out == "example.org A: not on any list\n"


# List files alone


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    block, allow = tmp_path / "block.txt", tmp_path / "allow.txt"
    block.write_text("! a list\n||ads.example^\n0.0.0.0 exact.example\n")
    allow.write_text("shop.ads.example\n")
    return str(block), str(allow)


def test_one_name_against_list_files(command: CommandLine, files: tuple[str, str]) -> None:
    block, allow = files
    lists = ["--block-list", block, "--allow-list", allow]
    assert f"blocked by {block}, line 2" in command("explain", "x.ads.example", *lists).out
    told = command("explain", "shop.ads.example", *lists, "--json").json()
    assert (told["verdict"], told["list"], told["line"]) == ("allow", allow, 1)
    assert command("explain", "example.org", *lists, "--json").json()["verdict"] == "none"


@pytest.mark.parametrize("as_json", [["--json"], []])
def test_many_queries_against_list_files(
    command: CommandLine, files: tuple[str, str], as_json: list[str]
) -> None:
    block, allow = files
    client = {"ip": "192.0.2.7", "name": "tv", "tags": ["child"]}
    queries = command.folder / "queries.jsonl"
    queries.write_text(
        json.dumps({"name": "x.ads.example", "type": "AAAA", "client": client})
        + '\n\n{"name": "below.exact.example"}\n'
        + '{"name": "Shop.Ads.Example.", "type": "HTTPS"}\n'
    )
    told = command(
        "explain", "--block-list", block, "--allow-list", allow, "--queries", str(queries), *as_json
    )
    assert told.code == 0
    answers = [json.loads(line) for line in told.out.splitlines()]
    assert all(list(answer) == KEYS for answer in answers)
    assert [list(answer.values()) for answer in answers] == [
        ["x.ads.example", "AAAA", "block", "||ads.example^", block, 2, None],
        ["below.exact.example", "A", "none", None, None, None, None],
        ["Shop.Ads.Example.", "HTTPS", "allow", "shop.ads.example", allow, 1, None],
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"name":}', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "write an object"),
        (b'{"type": "A"}', "write an object"),
        (b'{"name": "a..b"}', "empty label"),
        (b'{"name": "\\ud800.example"}', "not a domain name"),
        (b'{"name": "example.org", "type": 1}', 'type 1 is not text like "A"'),
        (b'{"name": "example.org", "type": "FOO"}', "'FOO' is not a record type"),
    ],
)
def test_a_query_that_makes_no_sense_is_told_with_its_line(
    command: CommandLine, files: tuple[str, str], line: bytes, reason: str
) -> None:
    stdin = b'\xef\xbb\xbf{"name": "exact.example"}\n' + line + b"\n"
    told = command("explain", "--block-list", files[0], "--queries", "-", stdin=stdin)
    assert told.code == 1
    assert len(told.out.splitlines()) == 1
    assert told.err.startswith("sinkhole: queries, line 2: ")
    assert reason in told.err


def test_a_list_file_that_is_not_there_is_told(command: CommandLine) -> None:
    told = command("explain", "example.org", "--block-list", "no.txt")
    assert (told.code, told.out) == (1, "")
    assert "can't read no.txt: No such file or directory" in told.err


@pytest.mark.parametrize(
    "words",
    [
        [],
        [""],
        ["example.org", "--queries", "-", "--block-list", "a.txt"],
        ["--queries", "-"],
        ["example.org", "--config", "a.yaml", "--block-list", "a.txt"],
        ["example.org", "--ask", "--block-list", "a.txt"],
        ["example.org", "--client", "192.0.2.7", "--block-list", "a.txt"],
    ],
)
def test_questions_that_contradict_themselves_are_exit_code_2(
    command: CommandLine, words: list[str]
) -> None:
    told = command("explain", *words)
    assert (told.code, told.out) == (2, "")
    assert "Error: " in told.err


def test_a_settings_file_named_by_a_variable_does_not_hinder_list_files(
    command: CommandLine, files: tuple[str, str]
) -> None:
    command.settle()
    assert command("explain", "ads.example", "--block-list", files[0]).code == 0


def test_without_a_server_what_is_stored_for_a_time_counts(house: CommandLine) -> None:
    assert house("pause", "1h").code == 0
    told = house("explain", "own.example", "--json").json()
    assert (told["outcome"], told["from"]) == ("forwarded", "settings")
    (pause,) = told["applies"]["pauses"]
    assert (pause["scope"], 3590 < pause["left_s"] <= 3600) == ("all", True)
    assert (
        house("explain", "own.example", "--json", "--at", "2100-01-01T12:00").json()["outcome"]
        == "blocked"
    )
    assert house("resume").code == 0
    assert house("rules", "add", "||later.example^", "--for", "1h").code == 0
    told = house("explain", "later.example", "--json").json()
    assert (told["outcome"], told["list"]) == ("blocked", "temporary rules")


@pytest.mark.parametrize(
    ("says", "name"),
    [
        (["rules=['||ads.example.org^']", "log=false"], "ads.example.org"),
        (["allow_only=true"], "www.example.org"),
        (["services=[tiktok]"], "www.tiktok.com"),
        (["--during", "night", "allow_only=true"], "www.example.org"),
    ],
)
def test_a_proposed_command_does_what_is_said(
    house: CommandLine, says: list[str], name: str
) -> None:
    assert house("schedules", "set", "night", "daily 0:00-24:00").code == 0
    assert house("groups", "set", "the kids", *says).code == 0
    tablet = ("Kids tablet", "--address", "192.0.2.7", "--group", "the kids")
    assert house("clients", "set", *tablet).code == 0

    def asked() -> dict[str, Any]:
        told: dict[str, Any] = house("explain", name, "--client", "Kids tablet", "--json").json()
        return told

    before = asked()
    assert before["outcome"] == "blocked"
    for change in before["changes"]:
        assert change["where"].startswith("groups[the kids].")
        done = house(*shlex.split(change["command"])[1:])
        assert (done.code, done.err) == (0, "")
        assert asked()["outcome"] == "forwarded"
        assert house("settings", "undo").code == 0
    words = house("explain", name, "--client", "Kids tablet").out
    assert f"`{before['changes'][0]['command']}` " in words
