"""Accounts and tokens by command, on a data folder without a server."""

from __future__ import annotations

from command_line import CommandLine

PASSWORD = "a long password\n"


def test_an_account_is_made_shown_changed_and_removed(command: CommandLine) -> None:
    command.settle()
    assert "no accounts" in command("account", "list").out
    made = command("account", "add", "anna", "--role", "admin", stdin=PASSWORD)
    assert made == (0, "anna: added, admin\n", "")
    assert command("account", "add", "ben", stdin=PASSWORD).code == 0
    assert command("account", "role", "ben", "operator").out == "ben: operator\n"
    assert command("account", "password", "ben", stdin="another password\n").code == 0
    assert command("account", "sign-out", "ben").out == "ben: 0 sessions ended\n"
    accounts = command("account", "list", "--json").json()
    assert [(each["name"], each["role"]) for each in accounts] == [
        ("anna", "admin"), ("ben", "operator"),
    ]  # fmt: skip
    assert command("account", "remove", "ben").code == 1, "nobody could be asked"
    assert command("account", "remove", "ben", "--yes").out == "ben: removed\n"
    told = command("account", "remove", "anna", "--yes")
    assert told.code == 1 and "admin" in told.err


def test_no_password_is_told_and_makes_no_account(command: CommandLine) -> None:
    command.settle()
    told = command("account", "add", "anna", stdin="")
    assert (told.code, told.out) == (1, "")
    assert "no password was given" in told.err
    assert command("account", "list", "--json").json() == []


def test_a_password_may_come_from_a_file(command: CommandLine) -> None:
    command.settle()
    file = command.folder / "secret"
    file.write_text(PASSWORD)
    assert command("account", "add", "anna", "--password-file", str(file)).code == 0


def test_a_token_is_shown_once(command: CommandLine) -> None:
    command.settle()
    made = command("token", "add", "panel", "--may", "stats:read", "--for", "90d")
    assert made.code == 0
    assert "this once only" in made.err
    (token,) = command("token", "list", "--json").json()
    assert (token["name"], token["may"]) == ("panel", ["stats:read"])
    assert 89 * 86_400 < token["left_s"] <= 90 * 86_400
    assert made.out.strip() not in command("token", "list").out
    assert command("token", "remove", "panel").out == "panel: removed\n"
    assert "no tokens" in command("token", "list").out
