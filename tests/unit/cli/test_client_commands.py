"""What applies to groups and clients, written on the command line."""

from __future__ import annotations

import click
import pytest
from command_line import CommandLine

from sinkhole.cli.client_commands import policy_values
from sinkhole.model.errors import SettingsError


def test_values_are_written_as_in_the_settings_and_keys_inside_others_with_dots() -> None:
    values = ["services=[tiktok, netflix]", "safe_search.google=true", "safe_search.youtube=strict"]
    assert policy_values(values, []) == {
        "services": ["tiktok", "netflix"],
        "safe_search": {"google": True, "youtube": "strict"},
    }


def test_what_counts_during_schedules_is_gathered_for_each() -> None:
    during = [("bedtime", "allow_only=true"), ("weekend", "services=[]"), ("bedtime", "log=false")]
    assert policy_values(["rate_limit=5"], during) == {
        "rate_limit": 5,
        "schedules": [
            {"when": "bedtime", "allow_only": True, "log": False},
            {"when": "weekend", "services": []},
        ],
    }


@pytest.mark.parametrize(
    "values",
    [
        *(["allow_only"], ["=true"], ["log=true", "log.all=true"]),
        *(["log=true", "log=false"], ["name=kids"], ["schedules=[]"]),
    ],
)
def test_what_is_no_value_is_a_misuse(values: list[str]) -> None:
    with pytest.raises(click.UsageError):
        policy_values(values, [])


def test_what_is_no_yaml_is_told() -> None:
    with pytest.raises(SettingsError, match="services"):
        policy_values(["services=[tiktok"], [])


def test_a_group_is_renamed_and_that_taken_back_without_a_server(command: CommandLine) -> None:
    command.settle()
    assert command("groups", "set", "kids", "log=false").code == 0
    assert command("clients", "set", "TV", "--address", "192.0.2.9", "--group", "kids").code == 0
    assert command("pause", "1h", "--group", "kids").code == 0
    told = command("groups", "rename", "kids", "children")
    assert (told.code, told.err) == (0, "")
    (client,) = command("clients", "list", "--json").json()
    assert client["value"]["group"] == "children"
    (pause,) = command("pause", "1h", "--group", "children", "--json").json()["pauses"]
    assert pause["name"] == "children"
    assert command("settings", "undo").code == 0
    (group,) = command("groups", "list", "--json").json()
    assert group["name"] == "kids"
    told = command("groups", "rename", "nobody", "children")
    assert (told.code, "there is no group 'nobody'" in told.err) == (1, True)
