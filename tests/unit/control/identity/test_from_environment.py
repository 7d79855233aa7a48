from __future__ import annotations

from pathlib import Path

import pytest
from door_kit import PASSWORD, a_door, refused

from sinkhole.control.identity.from_environment import NAME, PASSWORD_FILE


async def test_the_first_account_is_made_of_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{PASSWORD}\n")
    async with a_door(tmp_path / "data") as door:
        await door.identity.start({PASSWORD_FILE: str(secret)})
        assert door.identity.problems == [] and door.identity.first_code == ""
        assert (await door.enter("admin")).actor.name == "admin"
        secret.write_text("another password")
        await door.identity.start({PASSWORD_FILE: str(secret), NAME: "Ben"})
        assert [each.name for each in door.identity.accounts.all()] == ["admin"]
        with refused("wrong_credentials"):
            await door.enter("admin", "another password")


async def test_its_name_may_be_another(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(PASSWORD)
    environ = {PASSWORD_FILE: str(tmp_path / "secret"), NAME: "Zoë"}
    async with a_door(tmp_path / "data") as door:
        await door.identity.start(environ)
        assert (await door.enter("ZOË")).actor.name == "Zoë"


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        (None, "", "can't be read: No such file"),
        (b"\xff\xfe", "", "is no text"),
        (b"short", "", "8 to 1024 characters, this one has 5"),
        (b"x" * 9000, "", "8 to 1024"),
        (b"correct horse", "a\nb", "characters that can be seen"),
    ],
)
async def test_what_is_wrong_with_it_is_said_and_the_code_goes_on_to_count(
    tmp_path: Path, data: bytes | None, name: str, text: str
) -> None:
    secret = tmp_path / "secret"
    if data is not None:
        secret.write_bytes(data)
    async with a_door(tmp_path / "data") as door:
        await door.identity.start({PASSWORD_FILE: str(secret), NAME: name})
        (problem,) = door.identity.problems
        assert problem.code == "identity.no_first_account" and text in problem.text
        assert PASSWORD_FILE in problem.text and "start sinkhole again" in problem.advice
        assert not door.identity.has_accounts
        await door.first()


async def test_without_it_nothing_happens(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await door.identity.start({NAME: "anna"})
        assert not door.identity.has_accounts and door.identity.problems == []
