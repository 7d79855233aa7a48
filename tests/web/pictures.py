"""Pictures of the page, of a household that is generated and always the same.

    python tests/web/pictures.py [--serve PORT | FOLDER]

makes docs/page-light.png, docs/page-dark.png, and one picture of each page into docs/pages/, or all
of them into a folder of your choice. `--serve` keeps the household open instead, for working on the
page, and an empty one at the next port.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, chdir
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

ROOT: Final = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from days import Days  # noqa: E402  # the folders of tests are no package
from house_network import connect  # noqa: E402  # the same
from household import Household, Past, a_household  # noqa: E402  # the same
from playwright.async_api import Browser, async_playwright  # noqa: E402  # the same

from sinkhole.control.devices.house_addresses import Gateway  # noqa: E402  # the same
from sinkhole.control.machine.own_addresses import OwnAddress  # noqa: E402  # the same
from sinkhole.control.machine.port_holders import Holder  # noqa: E402  # the same
from sinkhole.control.operations import backups, rules, setup  # noqa: E402  # the same
from sinkhole.control.operations.perform import perform  # noqa: E402  # the same
from sinkhole.control.web import WebServer, create_app  # noqa: E402  # the same
from sinkhole.model.actor import PERMISSIONS, Actor  # noqa: E402  # the same

CHROMIUM: Final = "/usr/bin/chromium"
QUERIES_A_DAY: Final = 26_000
DAYS: Final = 7
DAY_S: Final = 86_400
LIST_LENGTH: Final = 80
"""Times what tests have."""
NAMES: Final = ("house", "new", "past")
STILL: Final = "document.querySelector('#reach')?.dataset.state === 'fine'"
MACHINE: Final[dict[str, Any]] = {
    "own_addresses": lambda: [
        OwnAddress("192.0.2.2", 4, "home", "eth0", leased=False),
        OwnAddress("2001:db8::2", 6, "home", "eth0", leased=False),
    ],
    "gateways": lambda: [Gateway(0, bytes((192, 0, 2, 1)), 1)],
    "interface_name": lambda number: "eth0",
    "holders": lambda ports: [Holder("0.0.0.0", 53, "UDP", "sinkhole", "sinkhole", is_us=True)],
    "is_contained": lambda: False,
}
"""What the page is told of the machine, so that pictures are the same wherever they are made."""
RULES: Final = [
    "||beacon.example.org^",
    "@@||maps.example.com^",
    "||play.example.net^$client='Kids tablet'",
    "||nas.example.org^$dnsrewrite=192.0.2.10",
    "/^ads[0-9]+\\./",
]
DESK, PHONE = (1200, 1500), (390, 1200)


class Disk(NamedTuple):
    """What the page is told of the machine's disk."""

    total: int = 64 << 30
    used: int = 9 << 30
    free: int = 55 << 30


class Picture(NamedTuple):
    """A picture: where of the page, what is waited for, how it is seen, what is clicked, and what
    that brings."""

    name: str
    at: str
    ready: str
    size: tuple[int, int] = DESK
    scheme: str = "light"
    click: str = ""
    then: str = ""


PICTURES: Final = (
    Picture("page-light", "#/", "#queries tbody tr"),
    Picture("page-dark", "#/", "#queries tbody tr", scheme="dark"),
    Picture("pages/overview-phone", "#/", "#queries tbody tr", PHONE),
    Picture("pages/queries", "#/queries", "#queries tbody tr"),
    Picture("pages/queries-phone", "#/queries", "#queries tbody tr", PHONE, "dark"),
    Picture("pages/query", "#/queries?verdict=blocked", "#queries tbody tr",
            click="td.asked button", then=".choice [role=status]"),
    Picture("pages/devices", "#/devices", "main .card"),
    Picture("pages/device", "#/device/Kids%20tablet", ".device .uplot"),
    Picture("pages/device-phone", "#/device/Kids%20tablet", ".device .uplot", PHONE, "dark"),
    Picture("pages/groups", "#/groups", ".matrix td"),
    Picture("pages/group", "#/group/kids", "main .setting"),
    Picture("pages/schedules", "#/schedules", ".week .bar"),
    Picture("pages/pauses", "#/pauses", "main .chooser"),
    Picture("pages/lists", "#/lists", "#overlap li"),
    Picture("pages/lists-phone", "#/lists", "#overlap li", PHONE, "dark"),
    Picture("pages/list", "#/list/AdGuard%20DNS%20filter", "#versions"),
    Picture("pages/catalogue", "#/catalogue", "#catalogue li"),
    Picture("pages/services", "#/services", ".service"),
    Picture("pages/services-phone", "#/services", ".service-group", PHONE, "dark"),
    Picture("pages/rules", "#/rules?name=beacon.example.org", "#why"),
    Picture("pages/rules-phone", "#/rules?name=beacon.example.org", "#why", PHONE, "dark"),
    Picture("pages/upstreams", "#/upstreams", "#servers li"),
    Picture("pages/routes", "#/routes", "#routes li"),
    Picture("pages/names", "#/names", "#names li"),
    Picture("pages/listeners", "#/listeners", "#listeners li"),
    Picture("pages/connect", "#/connect", ".guides .qr"),
    Picture("pages/connect-phone", "#/connect", ".guides .qr", PHONE, "dark"),
    Picture("pages/settings", "#/settings?search=query_log", "main .setting"),
    Picture("pages/system", "#/system", "#health"),
    Picture("pages/system-phone", "#/system", "#health", PHONE, "dark"),
    Picture("pages/accounts", "#/accounts", "main .card"),
    Picture("pages/audit", "#/audit", "main .card"),
    Picture("pages/start", "#/start?step=devices", "#port-state"),
    Picture("pages/start-blocking", "#/start?step=blocking", "#sets li"),
    Picture("pages/start-phone", "#/start?step=resolver", "#resolvers li", PHONE, "dark"),
)  # fmt: skip


async def live_in(home: Household) -> None:
    """Have somebody write rules, and one for a time, and make a backup."""
    actor = Actor("session", "anna", PERMISSIONS["admin"])
    await perform(rules.add, home.house, actor, rules.NewRules(rules=RULES))
    given = rules.NewRules(rules=["@@||shop.example.com^"], seconds=3600, note="a present")
    await perform(rules.add, home.house, actor, given)
    await perform(backups.make, home.house, actor, backups.BackupRequest())


async def run_since(home: Household) -> None:
    """Have the server run for as long as its log goes back, so that its counts fit together."""
    told, counters, past = home.built.told, home.house.counters, await home.summary("30d")
    told["started"], told["uptime_s"] = time.time() - DAYS * DAY_S, float(DAYS * DAY_S)
    told["encrypted"] = [f"{address} ({over})" for over, address in home.built.encrypted.listening]
    for outcome in ("blocked", "cached", "forwarded", "local", "failed"):
        counters.outcomes[outcome] += past["totals"][outcome]
    for each in past["transports"]:
        counters.transports[each["name"]] += each["count"]
    kept = home.built.data_dir / "cache.bin"
    await asyncio.to_thread(kept.write_bytes, bytes(told["cache"]["size_bytes"]))


@asynccontextmanager
async def served(*ports: int) -> AsyncIterator[list[str]]:
    """The addresses of a household that has lived a week, and with two ports of one that is new."""
    async with AsyncExitStack() as stack:
        # The page shows where settings stand: "house/sinkhole.yaml", wherever this runs.
        stack.enter_context(chdir(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.enter_context(patch.multiple(setup, **MACHINE))
        for name in NAMES:
            os.mkdir(name)
        stack.enter_context(patch("shutil.disk_usage", lambda folder: Disk()))
        now = time.localtime()  # as the charts tell the time
        hour = now.tm_hour + now.tm_min / 60
        days = Days(until=time.mktime(now), queries=QUERIES_A_DAY, count=DAYS, hour=hour)
        past = await Past.made(Path("past"), days, many=LIST_LENGTH)
        addresses = []
        for port, name in zip(ports, NAMES, strict=False):
            ours = {"time_zone": ""}  # that of the charts
            home = a_household(Path(name), past, is_new=name == "new", tree=ours)
            furnished = await stack.enter_async_context(home)
            furnished.built.told["listen"] = ["0.0.0.0:53", "[::]:53"]  # as it comes
            if name == "house":
                await connect(furnished)
                await live_in(furnished)
                await run_since(furnished)
            server = WebServer(create_app(furnished.house), "127.0.0.1", port)
            await server.start()
            stack.push_async_callback(server.stop)
            addresses.append(f"{server.url}/")
        yield addresses


async def take_all(folder: Path) -> None:
    """Take every picture into a folder."""
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    async with served(0) as (address,), async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--hide-scrollbars"]
        )
        for picture in PICTURES:
            await take(browser, address, picture, folder)
            print(picture.name, flush=True)
        await browser.close()


async def take(browser: Browser, address: str, picture: Picture, folder: Path) -> None:
    """Take one picture, when there is nothing more to come."""
    width, height = picture.size
    page = await browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=picture.scheme,  # type: ignore[arg-type]  # light or dark
        reduced_motion="reduce",
        locale="en-GB",
    )
    await page.goto(f"{address}{picture.at}")
    await page.wait_for_selector(picture.ready)
    await page.wait_for_function(STILL)
    if picture.click:
        await page.locator(picture.click).first.click()
        await page.wait_for_selector(picture.then)
    if picture.at == "#/":  # whose parts come one by one
        await page.wait_for_selector("#facts dt")
        await page.wait_for_selector(".tops li")
    await page.screenshot(path=folder / f"{picture.name}.png")
    await page.close()


async def serve(port: int) -> None:
    """Keep both houses open until somebody ends it."""
    async with served(port, port + 1) as addresses:
        print(*addresses, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of the page.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs")
    parser.add_argument("--serve", type=int, metavar="PORT", help="keep the household open instead")
    given = parser.parse_args()
    asyncio.run(serve(given.serve) if given.serve else take_all(given.folder.resolve()))


if __name__ == "__main__":
    main()
