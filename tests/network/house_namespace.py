"""Run as a program in a network of its own, by test_devices_in_a_network: a whole server there, a
device that asks it by each of its addresses, and what the server knows of it then."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile

from device_namespace import FIRST, TEMPORARY, ULA, V4, V6, Device, arrive, plugged_in

from sinkhole.app.app import App
from sinkhole.control.settings import Settings

ASK = (
    "import socket, sys; s = socket.socket(int(sys.argv[1]), 2); s.bind((sys.argv[2], 0));"
    "q = b'\\0\\1\\1\\0\\0\\1' + bytes(6) + b'\\3' + sys.argv[4].encode()"
    " + b'\\7example\\0\\0\\1\\0\\1';"
    "s.sendto(q, (sys.argv[3], 53)); print(s.recv(512)[len(q):].endswith(bytes(4)))"
)
"""Asks for NAME.example, and tells whether 0.0.0.0 is the answer, as for what is refused."""
ANOTHER = "2001:db8::fade:d"


async def ask(device: Device, address: str, server: str, name: str = "ads") -> bool:
    family = "10" if ":" in address else "2"
    asking = await asyncio.create_subprocess_exec(
        *device.inside,
        sys.executable,
        "-c",
        ASK,
        family,
        address,
        server,
        name,
        stdout=subprocess.PIPE,
    )
    return (await asking.communicate())[0].strip() == b"True"


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder, plugged_in() as device:
        settings = Settings.model_validate(
            {
                "dns": {
                    "listen": ["192.0.2.1:53", "[2001:db8::1]:53", "[fd00::1]:53"],
                    "allow": ["any"],
                },
                "web": {"listen": "127.0.0.1:0"},
                "data_dir": folder,
                "filtering": {"rules": ["||ads.example^"], "lists": []},
                "upstream": {"servers": ["127.0.0.1:9"]},
                "clients": [{"name": "Kid", "macs": [FIRST], "rules": ["||kid.example^"]}],
                "devices": {"hosts_file": False, "leases": False, "reverse": False, "mdns": False},
            }
        )
        app = App(settings)
        await app.start()
        arrive(device)
        device.ip(f"addr add {TEMPORARY}/64 dev wire nodad")
        servers = {V4: "192.0.2.1", V6: "2001:db8::1", TEMPORARY: "2001:db8::1", ULA: "fd00::1"}
        for address, server in servers.items():
            assert await ask(device, address, server)
        device.ip(f"addr add {ANOTHER}/64 dev wire nodad")
        print(json.dumps(await ask(device, ANOTHER, "2001:db8::1", "kid")), flush=True)
        servers[ANOTHER] = ""
        found = app.devices.devices
        while sum(each.queries for each in found.book) < len(servers):
            await asyncio.sleep(0.05)
        for each in await found.all():
            addresses = sorted(text for text, _ in each.addresses)
            print(json.dumps([each.key, each.queries, each.is_random, addresses]), flush=True)
        await app.stop()


if __name__ == "__main__":
    asyncio.run(main())
