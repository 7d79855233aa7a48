"""Two who change the same setting at once: the second is told, and nothing of his is kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from program import Program

KEY = "dns.rate_limit"


def change(value: int, revision: str) -> dict[str, Any]:
    return {"changes": [{"key": KEY, "value": value}], "revision": revision}


async def test_the_slower_one_has_to_look_again(tmp_path: Path) -> None:
    async with Program(tmp_path).running() as program, ClientSession() as client:
        found = re.search(r"http://\S+?(?=[\s/]|$)", program.out)
        assert found is not None, program.out
        url = f"{found[0]}/api/v1/settings"
        async with client.get(url) as answer:
            seen, tag = (await answer.json())["revision"], answer.headers["ETag"]
        async with client.get(url, headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
        async with client.patch(url, json=change(300, seen)) as answer:
            assert answer.status == 200, await answer.text()
        async with client.patch(url, json=change(400, seen)) as answer:
            assert answer.status == 409
            assert (await answer.json())["code"] == "revision_is_old"
        async with client.get(url, headers={"If-None-Match": tag}) as answer:
            assert answer.status == 200
            text = await answer.text()
            seen = (await answer.json())["revision"]
        assert "300" in text
        async with client.patch(url, json=change(400, seen)) as answer:
            assert answer.status == 200
