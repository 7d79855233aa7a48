"""The add-on for Home Assistant: its parts agree with each other, and its start works.

What only a Supervisor can tell is not tried here; the add-on's own documents say so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from sinkhole import __version__
from sinkhole.control.settings import load

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "packaging/home-assistant/sinkhole"
CONFIG: Final[dict[str, Any]] = yaml.safe_load((FOLDER / "config.yaml").read_text())
DOCKERFILE: Final = (FOLDER / "Dockerfile").read_text().replace("\\\n", " ")
SET: Final = dict(
    re.findall(
        r"(SINKHOLE__\w+)=('[^']*'|\S+)", DOCKERFILE.partition("ENV ")[2].partition("CMD")[0]
    )
)
ENVIRONMENT: Final = {name: value.strip("'") for name, value in SET.items()}


def test_the_image_and_the_ingress_agree() -> None:
    settings = load(None, ENVIRONMENT)
    assert settings.web.listen.port == CONFIG["ingress_port"]
    assert settings.web.listen.host == "172.30.32.1", "the Supervisor's network alone"
    assert [str(each) for each in settings.web.trusted_proxies] == ["172.30.32.2/32"]
    assert CONFIG["watchdog"].endswith(f"[PORT:{CONFIG['ingress_port']}]/"), "whether it lives"
    assert settings.dns.listen[0].port == 53 and CONFIG["host_network"]


KINDS: Final[dict[str, type]] = {
    **dict.fromkeys(("name", "version", "slug", "description", "startup", "boot", "watchdog"), str),
    **dict.fromkeys(("panel_icon", "panel_title", "backup"), str),
    **dict.fromkeys(("init", "host_network", "ingress", "ingress_stream", "panel_admin"), bool),
    **dict.fromkeys(("arch", "map"), list),
    **dict.fromkeys(("options", "schema"), dict),
    "ingress_port": int,
}
"""What the Supervisor (of August 2026) takes, of what is used here. It drops what it does not
know, so a mistyped key is told by nobody."""


def test_the_supervisor_would_take_it() -> None:
    assert [key for key, value in CONFIG.items() if type(value) is not KINDS.get(key)] == []
    assert CONFIG["startup"] in ("initialize", "system", "services", "application", "once")
    assert (CONFIG["boot"], CONFIG["backup"]) == ("auto", "cold")
    assert set(CONFIG["arch"]) == {"amd64", "aarch64"}, "which it has not given up"
    assert re.fullmatch(r"https?://\[HOST\]:(\[PORT:\d+\]|\d+).*", CONFIG["watchdog"])
    assert [set(each) for each in CONFIG["map"]] == [{"type", "read_only"}]


def test_the_version_is_that_of_sinkhole() -> None:
    assert CONFIG["version"] == __version__
    assert re.fullmatch(r"[a-z0-9_]+", CONFIG["slug"])


def test_it_can_be_put_together(tmp_path: Path) -> None:
    wheel = tmp_path / "sinkhole-7.8.9-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    made = tmp_path / "addon"
    command = [sys.executable, str(ROOT / "packaging/build_addon.py"), str(wheel), str(made)]
    for _ in range(2):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    copied = re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.MULTILINE)
    for pattern in " ".join(copied).split():
        assert list(made.glob(pattern)), pattern
    assert yaml.safe_load((made / "config.yaml").read_text()) == CONFIG | {"version": "7.8.9"}
    locked = (ROOT / "requirements/run.txt").read_text()
    assert (made / "requirements.txt").read_text() == locked


STUB: Final = """#!/bin/sh
exec {python} -c '
import json, os, socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 53))
open(os.environ["SINKHOLE__DATA_DIR"] + "/written", "w").close()
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps([os.getuid(), os.getgid(), os.getgroups(), status["CapEff"].strip(),
                  os.environ.get("SINKHOLE_CONFIG")]))
' "$@"
"""


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0 or not (shutil.which("setpriv")),
    reason="needs root and setpriv",
)
@pytest.mark.parametrize("has_file", [False, True])
def test_it_starts_as_an_ordinary_user_with_port_53(has_file: bool) -> None:
    with tempfile.TemporaryDirectory() as name:  # not pytest's, which no other user may enter
        folder = Path(name)
        folder.chmod(0o755)
        start_in(folder, has_file=has_file)


def start_in(folder: Path, *, has_file: bool) -> None:
    program, data, file = folder / "sinkhole", folder / "data", folder / "sinkhole.yaml"
    program.write_text(STUB.format(python="/usr/bin/python3"))
    program.chmod(0o755)
    if has_file:
        file.touch()
    command = ["unshare", "--net", "sh", "-c", f"ip link set lo up; sh {FOLDER}/run.sh"]
    if subprocess.run(["unshare", "--net", "true"], check=False).returncode:
        pytest.skip("there are no network namespaces here")
    if not Path("/usr/bin/python3").exists():
        pytest.skip("there is no Python that another user may run")
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "SINKHOLE__DATA_DIR": str(data),
        "SINKHOLE_CONFIG": str(file),
    }
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    bind = f"{1 << 10:016x}"
    assert json.loads(told.stdout) == [5353, 5353, [], bind, str(file) if has_file else None]
    assert (data / "written").stat().st_uid == 5353
