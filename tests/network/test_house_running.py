"""The House of a running server: what operations do there is felt by DNS, and told."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from house import answers, get, get_text, house, post, rcode_of, running, until, wanted
from house import ask as ask_dns
from places import nobodys_port
from settings_file import write_settings

from sinkhole.app.app import App
from sinkhole.control.querylog.schema import MIGRATIONS, open_database
from sinkhole.control.settings.in_force import Change
from sinkhole.model.actor import SERVER
from sinkhole.model.errors import SettingsError

RULES = {"filtering__rules": ["||ads.example^"]}


async def test_a_pause_lets_all_but_the_canaries_pass_and_is_told(tmp_path: Path) -> None:
    settings = house(tmp_path, **RULES, local__records={"nas.home": ["192.0.2.10"]})
    async with running(settings) as app:
        (where,), matcher = app.addresses, app.publishing.matcher
        protection = app.front.protection
        assert await answers(where, "ads.example") == ["0.0.0.0"]
        await protection.begin(540, SERVER)
        assert rcode_of(await ask_dns(where, "ads.example")) == "SERVFAIL"  # asked, by nobody
        assert rcode_of(await ask_dns(where, "use-application-dns.net")) == "NXDOMAIN"
        assert await answers(where, "nas.home") == ["192.0.2.10"]
        status = app.status()["protection"]
        assert (status["enabled"], status["pauses"]) == (False, 1)
        assert status["text"] == "paused, 9 min left, by sinkhole (server)"
        assert "protection.paused" in [each.code for each in app.overview.problems()]
        told: dict[str, Any] = await get(app.listening.url, "/api/explain?name=ads.example")
        assert (told["outcome"], told["detail"][:20]) == ("forwarded", "the filter is paused")
        assert [each["says"][:20] for each in told["stages"] if each["stage"] == "lists"] == [
            "the filter is paused"
        ]
        # Lists and settings that change meanwhile do not end it.
        await app.apply(house(tmp_path, filtering__rules=["||ads.example^", "||more.example^"]))
        assert rcode_of(await ask_dns(where, "more.example")) == "SERVFAIL"
        await protection.end(SERVER)
        assert await answers(where, "more.example") == ["0.0.0.0"]
        assert app.status()["protection"]["text"] == "on"
        assert matcher is not app.publishing.matcher


async def test_a_pause_makes_no_matcher_and_goes_on_over_a_restart(tmp_path: Path) -> None:
    async with running(house(tmp_path, **RULES)) as app:
        matcher = app.publishing.matcher
        await app.front.protection.begin(None, SERVER)
        assert app.publishing.matcher is matcher
    async with running(house(tmp_path, **RULES)) as app:
        assert rcode_of(await ask_dns(app.addresses[0], "ads.example")) == "SERVFAIL"
        assert app.status()["protection"]["left_s"] is None


async def test_there_is_a_backup_before_a_log_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(house(tmp_path)):
        pass
    log, backups = tmp_path / "data/querylog.db", tmp_path / "data/backups"
    log.unlink()
    with monkeypatch.context() as earlier:
        earlier.setattr("sinkhole.control.querylog.schema.MIGRATIONS", MIGRATIONS[:4])
        database, _ = await open_database(log)
        await database.close()
    for _ in range(2):  # and none where nothing is left to do
        async with running(house(tmp_path)) as app:
            await until(lambda: app.query_log and not app.query_log.status()["error"], "the log")
            assert [each.name[-12:] for each in backups.iterdir()] == ["-upgrade.zip"]


async def test_stored_settings_are_in_force_from_the_first_query_on(tmp_path: Path) -> None:
    config = write_settings(tmp_path / "sinkhole.yaml", wanted(tmp_path))
    rule = "||stored.example^"
    async with running(app=await App.of(config, {})) as app:
        change = Change("filtering.rules", rule, value=rule)
        done = await app.front.house.settings.change([change], SERVER)
        assert done.waits == ()
        assert await answers(app.addresses[0], "stored.example") == ["0.0.0.0"]
    async with running(app=await App.of(config, {})) as app:
        assert await answers(app.addresses[0], "stored.example") == ["0.0.0.0"]
        await app.front.house.settings.undo(2, SERVER)
        assert rcode_of(await ask_dns(app.addresses[0], "stored.example")) == "SERVFAIL"


async def test_other_machines_are_not_let_in_before_there_is_an_account(tmp_path: Path) -> None:
    elsewhere = house(tmp_path, web={"listen": f"0.0.0.0:{nobodys_port()}"})
    async with running(house(tmp_path)) as app:
        with pytest.raises(SettingsError, match="sinkhole account add NAME"):
            await app.apply(elsewhere)
        assert app.settings.web.listen.host == "127.0.0.1"
        await app.front.identity.accounts.add("anna", "correct horse battery", "admin")
        await app.apply(elsewhere)
        assert app.listening.url.endswith(f":{elsewhere.web.listen.port}")


def newer(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99999")


def damaged(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1000)


@pytest.mark.parametrize("spoil", [newer, damaged])
async def test_dns_starts_whatever_became_of_the_state(spoil: Any, tmp_path: Path) -> None:
    async with running(house(tmp_path, **RULES)) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
    spoil(tmp_path / "data/state.db")
    async with running(house(tmp_path, **RULES)) as app:
        assert await answers(app.addresses[0], "ads.example") == ["0.0.0.0"]
        assert any("state.db" in problem for problem in app.problems())
        assert app.ground is not None and app.ground.state.read_only
        assert "nothing can be changed" in (await get_text(app.listening.url, "/healthz"))[1]
        await app.front.protection.begin(60, SERVER)  # what cannot be stored is done all the same
        assert not app.status()["protection"]["enabled"]


async def test_it_is_ready_when_lists_have_come_or_failed(tmp_path: Path) -> None:
    lists = [{"name": "Gone", "url": f"file:{tmp_path}/gone.txt"}]
    async with running(house(tmp_path, filtering__lists=lists), lists=False) as app:
        await until(lambda: not app.overview.readiness.waits(), "that it is ready")
        assert await get_text(app.listening.url, "/readyz") == (200, "ready\n")


async def test_a_task_that_was_begun_anew_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sinkhole.model.tasks.FIRST_PAUSE_S", 0.01)
    async with running(house(tmp_path, **RULES)) as app:
        fails = [True]

        async def odd() -> None:
            if fails:
                fails.pop()
                raise LookupError("as arranged")

        app._tasks.keep("odd", odd)
        await until(lambda: not fails, "the error")
        (shown,) = [each for each in app.status()["tasks"] if each["name"] == "app: odd"]
        assert (shown["restarts"], shown["last_error"]) == (1, "LookupError: as arranged")
        assert any("app: odd met" in problem for problem in app.problems())
        assert (await post(app.listening.url, "/api/lists/update"))[0] == 200
