"""`sinkhole upstream test`, with upstreams that are there and not there."""

from __future__ import annotations

from command_line import CommandLine

NOBODY = "127.0.0.1:9"


def test_what_failed_is_told_and_is_exit_code_1(command: CommandLine) -> None:
    done = command("upstream", "test", f"tls://{NOBODY}", NOBODY)
    assert done.code == 1
    assert f"tls://{NOBODY}\n" in done.out
    assert "failed       it refused the connection (127.0.0.1 port 9)" in done.out
    assert "failed       it has no DNS server listening there" in done.out


def test_without_a_url_those_of_the_settings_are_tried_once_each(command: CommandLine) -> None:
    routes = {"lan": [f"tcp://{NOBODY}"], "corp.example": [NOBODY]}
    command.settle(upstream={"servers": [NOBODY], "routes": routes})
    done = command("upstream", "test", "--json")
    assert [each["url"] for each in done.json()] == [NOBODY, f"tcp://{NOBODY}"]
    assert all(each["error"] for each in done.json())


def test_one_that_is_none_hides_nothing_of_the_others(command: CommandLine) -> None:
    done = command("upstream", "test", NOBODY, "http://dns.example.org")
    assert (done.code, done.err) == (1, "")
    assert "failed       it has no DNS server listening there" in done.out
    assert "http://dns.example.org\n  failed       it is no upstream:" in done.out
    told = command("upstream", "test", "--json", NOBODY, "nonsense://x").json()
    assert [bool(each["error"]) for each in told] == [True, True]


def test_what_is_no_upstream_is_told_with_what_to_write(command: CommandLine) -> None:
    done = command("upstream", "test", "http://dns.example.org")
    assert (done.code, done.out) == (1, "")
    assert "write https" in done.err
