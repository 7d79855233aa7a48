"""check-config: the settings in force, or every mistake with its line."""

from __future__ import annotations

from command_line import CommandLine

from sinkhole.control.settings import load


def test_good_settings_are_printed_as_a_settings_file_with_who_set_what(
    command: CommandLine,
) -> None:
    command.settle(
        'upstream:\n  servers: ["192.0.2.53"]\nfiltering:\n  rules: ["||ads.example^"]\n'
    )
    command.environ = {"SINKHOLE__UPSTREAM__TIMEOUT": "3s"}
    told = command("check-config", str(command.config))
    assert (told.code, told.err) == (0, "")
    assert f'servers: ["192.0.2.53"]  # file {command.config}:2' in told.out
    assert "timeout: 3s  # environment SINKHOLE__UPSTREAM__TIMEOUT" in told.out
    again = command.folder / "again.yaml"
    again.write_text(told.out)
    assert load(again, {}) == load(command.config, command.environ)


def test_every_mistake_is_told_at_once(command: CommandLine) -> None:
    command.settle("dns:\n  rate_limit: lots\ncache:\n  size: 3 apples\nquery_logs: {}\n")
    told = command("check-config", str(command.config))
    assert (told.code, told.out) == (1, "")
    assert [line.split(": ")[0] for line in told.err.splitlines()] == [
        f"{command.config}:{line}" for line in (2, 4, 5)
    ]


def test_what_is_stored_may_be_named(command: CommandLine) -> None:
    folder = f'data_dir: "{command.folder / "data"}"\n'
    command.settle(folder)
    (command.folder / "data").mkdir()
    assert command("schedules", "set", "bedtime", "daily 21:00-07:00").code == 0
    group = "groups: [{name: kids, schedules: [{when: bedtime, allow_only: true}]}]\n"
    command.settle(folder + group)
    told = command("check-config", str(command.config))
    assert (told.code, told.err) == (0, "")
    assert "daily 21:00-07:00" in told.out
    command.settle(folder + group.replace("bedtime", "badtime"))
    assert "no schedule" in command("check-config", str(command.config)).err


def test_own_rules_that_are_none_are_mistakes_too(command: CommandLine) -> None:
    command.settle(
        'filtering:\n  rules:\n    - "||ads.example^"\n    - "two words"\n    - "/re[/"\n'
    )
    told = command("check-config", str(command.config))
    assert (told.code, told.out) == (1, "")
    first, second = told.err.splitlines()
    assert first.startswith(f"{command.config}:2: filtering.rules[1]: 'two words' is not in use: ")
    assert second.startswith(f"{command.config}:2: filtering.rules[2]: '/re[/' is not in use: ")


def test_rules_of_groups_and_clients_that_are_none_are_mistakes_too(command: CommandLine) -> None:
    command.settle(
        "schedules: [{name: bedtime, windows: [daily 21:00-07:00]}]\n"
        "groups:\n"
        "  - name: kids\n"
        '    rules: ["||ads.example^", "||"]\n'
        '    schedules: [{when: bedtime, rules: ["/re[/"]}]\n'
        "clients:\n"
        "  - name: TV\n"
        '    ids: [tv]\n    rules: ["two words"]\n'
    )
    told = command("check-config", str(command.config))
    assert (told.code, told.out) == (1, "")
    places = ['3: groups "kids" rules[1]', '3: groups "kids" schedules "bedtime" rules[0]']
    for line, place in zip(
        told.err.splitlines(), [*places, '7: clients "TV" rules[0]'], strict=True
    ):
        assert line.startswith(f"{command.config}:{place}: ")
        assert "is not in use: " in line


def test_without_a_file_it_prints_the_defaults(command: CommandLine) -> None:
    told = command("check-config")
    assert told.code == 0
    assert 'listen: ["0.0.0.0:53", "[::]:53"]\n' in told.out
