"""What Home Assistant is told to ask is there: by the add-on's ingress, and by REST."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml
from aiohttp import ClientSession
from house import answers, house, running, until

from sinkhole.model.actor import SERVER, Permission

ROOT: Final = Path(__file__).parents[2]
TEXT: Final = (ROOT / "docs/install.md").read_text()
EXAMPLE: Final = re.search(r"```\n(rest:\n.*?)```", TEXT, re.DOTALL)
MAY: Final = re.search(r"token add home-assistant (.*)", TEXT)
PERMISSIONS: Final = re.findall(r"--may (\S+)", MAY[1] if MAY else "")


class Loader(yaml.SafeLoader):
    """Knows `!secret`."""


Loader.add_constructor("!secret", lambda loader, node: f"secret {node.value}")


def at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value[key]
    return value


async def test_the_example_for_sensors_and_commands_works(tmp_path: Path) -> None:
    assert EXAMPLE is not None and len(PERMISSIONS) == 3
    example = yaml.load(EXAMPLE[1], Loader)
    rules = ["||ads.example^"]
    async with running(house(tmp_path, filtering__rules=rules)) as app:
        await answers(app.addresses[0], "ads.example")
        await until(lambda: app.query_log and app.query_log.status()["rows"] == 1)
        identity = app.front.house.identity
        await identity.accounts.add("anna", "a long password", "admin")
        may = [Permission(each) for each in PERMISSIONS]
        token = (await identity.tokens.add("home-assistant", may, None, SERVER)).secret
        async with ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:

            def here(url: str) -> str:
                return re.sub(r"http://[^/]+", app.listening.url, url)

            found = {}
            for each in example["rest"]:
                assert each["headers"] == {"Authorization": "secret sinkhole_token"}
                async with session.get(here(each["resource"])) as answer:
                    assert answer.status == 200
                    told = await answer.json()
                for sensor in (*each.get("sensor", ()), *each.get("binary_sensor", ())):
                    path = re.fullmatch(r"{{ value_json\.([\w.]+) }}", sensor["value_template"])
                    assert path is not None
                    found[sensor["name"]] = at(told, path[1])
            assert found == {"DNS queries": 1, "DNS blocked": 100.0, "DNS filter": True}
            for name, is_on in (("dns_filter_pause", False), ("dns_filter_resume", True)):
                command = example["rest_command"][name]
                async with session.request(
                    command["method"], here(command["url"]), json=json.loads(command["payload"])
                ) as answer:
                    assert answer.status == 200, await answer.text()
                assert app.front.protection.is_on == is_on


async def test_the_page_opens_in_the_frame_of_the_ingress(tmp_path: Path) -> None:
    settings = house(tmp_path, web={"listen": "127.0.0.1:0", "trusted_proxies": ["127.0.0.1"]})
    ingress = {
        "X-Ingress-Path": "/api/hassio_ingress/a1B2_c3-d4",
        "X-Forwarded-For": "192.0.2.20",
        "X-Forwarded-Host": "192.0.2.10:8123",
        "X-Forwarded-Proto": "http",
    }
    async with running(settings) as app, ClientSession(headers=ingress) as session:
        async with session.get(f"{app.listening.url}/") as answer:
            assert answer.status == 200
            assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        async with session.get(f"{app.listening.url}/healthz") as answer:
            assert answer.status == 200
