"""Where the data folder is, found quickly; and how little is imported by who only asks a server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sinkhole.cli.calling import DEFAULT_DATA_DIR, calling, data_folder
from sinkhole.cli.control_socket import SocketForbidden
from sinkhole.control.settings import Settings, load
from sinkhole.model.errors import SettingsError

HEAVY = ("pydantic", "yaml", "aiohttp", "rich", "asyncio", "sqlite3", "dnslib")
HEAVY += ("sinkhole.control", "sinkhole.dns", "sinkhole.app")
"""What commands do without that have the running server do something."""

ASK = """
import sys
from sinkhole.cli import main
try:
    main(["status"])
finally:
    print(*sys.modules)
"""


@pytest.mark.parametrize(
    "text",
    [
        "", "dns:\n  listen: ['127.0.0.1:0']\n", "data_dir: /srv/sinkhole\n",
        "# data_dir: /no\n", "data_dir: '/srv/a b'\n", "data_dir: \"/srv/sinkhole\"\r\nweb: {}\n",
        "data_dir: relative\n", '{"data_dir": "/srv/json"}', "data_dir: /srv # comment\n",
        "data_dir: /srv\n  folded\n", "data_dir: /srv\n\nweb: {}\n",
        "web: {}\ndata_dir: /srv", "data_dir:\n  /srv/below\n",
        "data_dir: /srv\nlocal:\n  records: {data_dir: [192.0.2.1]}\n", "data_dir_file: secret\n",
    ],
)  # fmt: skip
def test_the_data_folder_is_the_one_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    for name in [name for name in os.environ if name.startswith("SINKHOLE")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("/srv/secret")
    config = tmp_path / "sinkhole.yaml"
    config.write_text(text)
    assert data_folder(config) == load(config, os.environ).data_dir
    assert data_folder(None) == Path(DEFAULT_DATA_DIR) == Settings().data_dir
    monkeypatch.setenv("SINKHOLE__DATA_DIR", "elsewhere")
    assert data_folder(config) == Path("elsewhere")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        data_folder(tmp_path / "no.yaml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_who_may_not_read_is_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "state.db").touch()
    (tmp_path / "data").chmod(0)
    config = tmp_path / "sinkhole.yaml"
    config.write_text(f"data_dir: {tmp_path}/data\n")
    with calling(config) as caller, pytest.raises(SocketForbidden, match="use sudo"):
        caller.call("rules.list")
    (tmp_path / "data").chmod(0o700)


def test_who_asks_the_server_imports_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "sinkhole.yaml").write_text(f"data_dir: {tmp_path}\n")
    environ = {
        **{name: value for name, value in os.environ.items() if "SINKHOLE" not in name},
        "SINKHOLE_CONFIG": str(tmp_path / "sinkhole.yaml"),
    }
    done = subprocess.run([sys.executable, "-c", ASK], env=environ, capture_output=True, text=True)
    assert "no sinkhole answers" in done.stderr
    loaded = {name for name in done.stdout.split() if name.startswith(HEAVY)}
    assert not loaded, sorted(loaded)
