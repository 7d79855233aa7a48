"""The API keeps its description's word: schemathesis asks the running server what that allows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import HealthCheck, Phase, Verbosity, assume, given, settings
from program import Program

schemathesis = pytest.importorskip("schemathesis")
requests = pytest.importorskip("requests")
promises = pytest.importorskip("schemathesis.specs.openapi.checks")

EXAMPLES = 3
"""Requests of each operation that fit the description, and as many that don't."""
LONGEST = 7000
"""Characters of a request: what has a longer line is no HTTP here, and reaches no address."""
NOT_ASKED = {"/events", "/server/restart"}
"""What is answered for as long as somebody listens (test_events.py does), and what leaves nobody
to ask."""
SIGNING_IN = {"/sign-in", "/first-account"}
"""Where 401 is said of what is in the body."""
ELSEWHERE = {
    "/upstreams/test", "/query", "/explain",
    "/lists/update", "/lists/preview", "/lists", "/pairing/join",
    "/storage/migrate",
}  # fmt: skip
"""What asks others by names or addresses that were drawn: those that fit are not sent."""


async def test_the_running_server_answers_as_described(tmp_path: Path) -> None:
    async with Program(tmp_path).running() as program:
        base = api_of(program)
        async with ClientSession() as client:
            token = await token_for_everything(client, base)
            async with client.get(
                f"{base}/openapi.json", headers={"Authorization": f"Bearer {token}"}
            ) as answer:
                assert answer.status == 200
                described = await answer.json()
        await asyncio.to_thread(ask_everything, described, base, token)
        assert program.is_running
        assert "Traceback" not in program.err


def api_of(program: Program) -> str:
    found = re.search(r"http://\S+?(?=[\s/]|$)", program.out)
    assert found is not None, program.out
    return f"{found[0]}/api/v1"


async def token_for_everything(client: ClientSession, base: str) -> str:
    """The secret of a token that may all that tokens may."""
    async with client.get(f"{base}/me") as answer:
        permissions = set((await answer.json())["permissions"]) - {"own:account"}
    given = {"name": "contract", "permissions": sorted(permissions)}
    async with client.post(f"{base}/tokens", json=given) as answer:
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["secret"])


def ask_everything(described: dict[str, Any], base: str, token: str) -> None:
    schema = schemathesis.openapi.from_dict(described)
    for operation in operations(schema):
        if operation.path in NOT_ASKED:
            continue
        modes = [schemathesis.GenerationMode.NEGATIVE]
        if operation.path not in ELSEWHERE or operation.method.upper() == "GET":
            modes.append(schemathesis.GenerationMode.POSITIVE)
        for mode in modes:
            ask(operation, mode, base, token)


def operations(schema: Any) -> Iterator[Any]:
    for result in schema.get_all_operations():
        yield result.ok()


def ask(operation: Any, mode: Any, base: str, token: str) -> None:
    """Send what fits, or does not, and hold the answer to the description."""
    headers = {"Authorization": f"Bearer {token}"}
    session = requests.Session()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        assume(len(case.as_curl_command()) < LONGEST)
        answer = case.call(base_url=base, headers=headers, session=session)
        text = answer.content[:300]
        assert answer.status_code < 500, f"{operation.label}: {answer.status_code} {text!r}"
        is_known = answer.status_code != 401 or operation.path in SIGNING_IN
        assert is_known, f"{operation.label}: the token was lost"
        case.validate_response(answer, checks=CHECKS)

    try:
        send()
    except Exception as error:
        if "Unsatisfiable" in type(error).__name__:  # nothing can be wrong about it
            return
        raise


CHECKS = [
    promises.status_code_conformance,
    promises.content_type_conformance,
    promises.response_headers_conformance,
    promises.response_schema_conformance,
]
