"""A server that is told to begin anew does so without a gap, or says why it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from house import answers, get_text, post, until
from load import load
from places import nobodys_place
from program import Program

ADS: Final[dict[str, Any]] = {"filtering__rules": ["||ads.example^"]}
NAMES: Final = [f"{number}.ads.example" for number in range(20)]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


async def status(program: Program) -> dict[str, Any]:
    done = await program.command("status", "--json")
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads(done.out)
    return told


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_command_begins_it_anew_and_no_query_is_lost(
    program: Program, workers: int
) -> None:
    here = str(nobodys_place())
    async with program.running(dns__listen=[here], dns__workers=workers, **ADS):
        await program.loaded()
        before = await status(program)
        async with load(here, names=NAMES, tcp=False) as clients:
            done = await program.command("restart")
            assert (done.code, done.err) == (0, "")
            assert f"answers, as process {before['pid']}, after " in done.out
            asked = clients.answered
            await until(lambda: clients.answered > asked + 100, "answers")
        after = await status(program)
        assert after["run"] != before["run"] and after["pid"] == before["pid"]
        assert await answers(here, "ads.example") == ["0.0.0.0"]
        assert await program.stop() == 0
        assert "Traceback" not in program.err


async def test_what_would_keep_the_program_from_starting_is_told_and_all_goes_on(
    program: Program,
) -> None:
    program.environ = {"SINKHOLE__DATA_DIR": str(program.folder / "data")}  # known to commands
    here = str(nobodys_place())
    async with program.running(dns__listen=[here], **ADS):
        await program.loaded()
        before = await status(program)
        good = program.config.read_text()
        program.config.write_text(good.replace('"filtering"', '"filtring"'))
        done = await program.command("restart")
        assert (done.code, done.out) == (1, "")
        assert "not restarted, as the program would not start:" in done.err
        assert "filtring" in done.err
        assert await answers(here, "ads.example") == ["0.0.0.0"]
        program.config.write_text(good)
        assert (await status(program))["run"] == before["run"]
        assert (await program.command("restart")).code == 0
        assert await answers(here, "ads.example") == ["0.0.0.0"]
        assert await program.stop() == 0


async def test_whoever_asks_by_the_page_is_answered_before_it_begins(program: Program) -> None:
    here, page = str(nobodys_place()), str(nobodys_place())
    async with program.running(dns__listen=[here], web__listen=page, **ADS):
        await program.loaded()
        code, told = await post(f"http://{page}", "/api/v1/server/restart")
        assert code == 200 and told["pid"]

        async def is_new() -> bool:
            try:
                _, text = await get_text(f"http://{page}", "/api/v1/status")
            except OSError:  # it is away for a moment
                return False
            return bool(json.loads(text)["run"] != told["run"])

        await until(is_new, "the next program")
        assert await answers(here, "ads.example") == ["0.0.0.0"]
        assert await program.stop() == 0
