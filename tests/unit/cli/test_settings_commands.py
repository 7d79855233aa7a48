"""Settings by command, on a data folder without a server."""

from __future__ import annotations

import json

import pytest
from command_line import CommandLine


@pytest.fixture
def settled(command: CommandLine) -> CommandLine:
    command.settle(upstream={"timeout": "4s"})
    return command


def test_a_value_is_shown_set_taken_back_and_reset(settled: CommandLine) -> None:
    assert settled("settings", "get", "cache.size").out == "32MiB\n"
    told = settled("settings", "set", "cache.size", "64MiB", "--note", "more room")
    assert told == (0, "  cache.size: 32MiB -> 64MiB\n", "")
    assert "cache.size: 64MiB  # stored\n" in settled("settings", "diff").out
    assert ": more room\n  cache.size: null -> 64MiB" in settled("settings", "history").out
    assert settled("settings", "undo").out == "  cache.size: 64MiB -> 32MiB\n"
    assert settled("settings", "undo").out == "  cache.size: 32MiB -> 64MiB\n"
    assert settled("settings", "reset", "cache.size").out == "  cache.size: 64MiB -> 32MiB\n"
    assert settled("settings", "reset", "cache.size").out == "Nothing changes.\n"


def test_only_what_differs_from_the_default_is_told(settled: CommandLine) -> None:
    at_start = settled("settings", "diff").out
    written = json.loads(settled.config.read_text())
    lists = json.loads(settled("settings", "get", "filtering.lists", "--json").out)[0]["default"]
    written["cache"] = {"size": "32MiB", "max_ttl": "1h"}
    written["filtering"] = {"lists": [*lists, {"name": "More", "url": "file:more.txt"}]}
    settled.config.write_text(json.dumps(written))
    told = settled("settings", "diff").out
    new = set(told.splitlines()) - set(at_start.splitlines())
    keys = {line.partition(":")[0] for line in new} - {"data_dir", "web.listen"}
    assert keys == {"cache.max_ttl", "filtering.lists[More]"}


def test_several_keys_are_set_and_reset_together_or_not_at_all(settled: CommandLine) -> None:
    pair = ("web.certificate", "/etc/a.pem", "web.certificate_key", "/etc/b.pem")
    assert settled("settings", "set", *pair[:2]).code == 1
    assert settled("settings", "set", *pair, "cache.size", "much").code == 1
    assert settled("settings", "get", "web.certificate").out == "null\n"
    assert settled("settings", "set", *pair).code == 0
    assert settled("settings", "get", "web.certificate_key").out == "/etc/b.pem\n"
    assert settled("settings", "reset", pair[0], pair[2]).code == 0
    assert settled("settings", "get", "web.certificate").out == "null\n"
    told = settled("settings", "set", *pair[:3])
    assert (told.code, "web.certificate_key" in told.err) == (2, True)


def test_a_dry_run_changes_nothing(settled: CommandLine) -> None:
    told = settled("settings", "set", "cache.size", "64MiB", "--dry-run")
    assert told.out == "  cache.size: 32MiB -> 64MiB\n"
    assert settled("settings", "get", "cache.size").out == "32MiB\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("set", "upstream.timeout", "3s"), "is held by {config}:1, which wins"),
        (("set", "cache.size", "much"), "cache.size"),
        (("set", "cache.size", "[1"), "cache.size: "),
        (("get", "cache.sise"), "there is no setting 'cache.sise'"),
        (("get", "filtering.lists[Nobody]"), "has no item 'Nobody'"),
    ],
    ids=["held", "value", "yaml", "key", "item"],
)
def test_what_cannot_be_is_told(settled: CommandLine, words: tuple[str, ...], reason: str) -> None:
    told = settled("settings", *words)
    assert (told.code, told.out) == (1, "")
    assert reason.format(config=settled.config) in told.err


def test_an_item_is_set_shown_and_removed(settled: CommandLine) -> None:
    value = '{name: Mine, url: "https://example.org/a.txt"}'
    assert settled("settings", "set", "filtering.lists[Mine]", value).code == 0
    assert (
        'url: "https://example.org/a.txt"'
        in settled("settings", "get", "filtering.lists[mine]").out
    )
    assert settled("settings", "remove", "filtering.lists[Mine]").code == 0
    assert settled("settings", "get", "filtering.lists[Mine]").code == 1
    assert settled("settings", "remove", "filtering.lists").code == 2


def test_every_key_is_explained_and_the_schema_is_printed(settled: CommandLine) -> None:
    told = settled("settings", "reference", "upstream.timeout").out
    assert told.startswith("upstream.timeout: 2s\n")
    assert "How long one server may take" in told
    assert settled("settings", "schema").json()["type"] == "object"
