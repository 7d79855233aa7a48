"""TLS handshakes at a steady pace: `python -m bench.handshakes PORT RATE SECONDS`.

Each is whole, from an address of its own out of fifty, and its connection is closed at once. Prints
how many were finished.
"""

from __future__ import annotations

import asyncio
import ssl
import sys

_CLIENTS = 50
_PATIENCE_S = 10


async def _shake_hands(port: int, context: ssl.SSLContext, number: int) -> bool:
    source = (f"127.0.1.{1 + number % _CLIENTS}", 0)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            _, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, local_addr=source
            )
    except (OSError, TimeoutError):
        return False
    writer.transport.abort()
    return True


async def _at_a_pace(port: int, rate: int, seconds: float) -> int:
    """How many were finished; what is late is begun at once, so the pace is kept on average."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    loop = asyncio.get_running_loop()
    began, underway = loop.time(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(began + number / rate - loop.time())
        underway.append(loop.create_task(_shake_hands(port, context, number)))
    return sum(await asyncio.gather(*underway))


if __name__ == "__main__":
    _port, _rate, _seconds = sys.argv[1:]
    print(asyncio.run(_at_a_pace(int(_port), int(_rate), float(_seconds))))
