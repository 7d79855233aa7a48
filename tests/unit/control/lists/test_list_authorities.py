from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from sinkhole.control.lists.authorities import client_context

ONE = """\
-----BEGIN CERTIFICATE-----
MIIBijCCATGgAwIBAgIUX6q802BHRxDrQEcGOxDmI5bWbiAwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPb25lLmV4YW1wbGUub3JnMCAXDTI2MTEyOTAxMjgzMloYDzIx
MjYxMTA1MDEyODMyWjAaMRgwFgYDVQQDDA9vbmUuZXhhbXBsZS5vcmcwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQBLOrOrJ9eK8yiaDvJdGc1TevG6BPFqaSVPiD3
tUJe5OPOFCLxgeQz6H3Cgo9h4/LXSNjkAiHWLoDZWkojQhmSo1MwUTAdBgNVHQ4E
FgQUs684ShEF74VQ5Yu6RiSdjKQzopswHwYDVR0jBBgwFoAUs684ShEF74VQ5Yu6
RiSdjKQzopswDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBarA1z
6SAZeYZloJvyGvm9BJTHhvi1/UmcrAmr7YKX/gIgQe5oLqcdrgQJ1DcTjPC7whYh
2+261UdCrWXi4+a3IL0=
-----END CERTIFICATE-----
"""

TWO = """\
-----BEGIN CERTIFICATE-----
MIIBjDCCATGgAwIBAgIUahPaCBj0uT3GffVdUSLMWFS6YZAwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPdHdvLmV4YW1wbGUub3JnMCAXDTI2MTEyOTAxMjgzMloYDzIx
MjYxMTA1MDEyODMyWjAaMRgwFgYDVQQDDA90d28uZXhhbXBsZS5vcmcwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAATqrl8Lg94Jcf66p5xW15xbBbE29IOpag0zixE0
HWrLRwAkYVGPURV+GRlqjXL+zdCRiIOcG9RxhRpuG/AROEZXo1MwUTAdBgNVHQ4E
FgQUv+nMp50BMqYe3AbbEduNFXURVCkwHwYDVR0jBBgwFoAUv+nMp50BMqYe3Abb
EduNFXURVCkwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAlTAQ
+bdoi+MdwnKBu+7nxqb9RH7cM7o3SYPdl53StGwCIQCmD3ehBl99HYmXQoImRetb
UKETt6jA60NZ2K9r4VSAMQ==
-----END CERTIFICATE-----
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder of authorities, empty, and no file of them."""
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "all.pem"))
    return tmp_path


def names(context: ssl.SSLContext) -> list[str]:
    """The names of the authorities that are in memory."""
    subjects = [dict(part[0] for part in each["subject"]) for each in context.get_ca_certs()]
    return sorted(each["commonName"] for each in subjects)


def test_all_authorities_are_in_memory_before_any_handshake(folder: Path) -> None:
    (folder / "cc913b1a.0").write_text(f"One, as its maker writes it: \u00e9\n{ONE}")
    (folder / "all.pem").write_text(TWO + ONE)
    assert names(client_context()) == ["one.example.org", "two.example.org"]


def test_of_the_folder_those_count_that_openssl_would_look_for(folder: Path) -> None:
    (folder / "0a1b2c3d.1").write_text(TWO)
    (folder / "0a1b2c3d.2").write_text(TWO.replace("MIIB", "MIIC"))
    (folder / "cc913b1a.0").symlink_to(folder / "gone")
    (folder / "one.pem").write_text(ONE)
    assert names(client_context()) == ["two.example.org"]


def test_servers_are_checked(folder: Path) -> None:
    context = client_context()
    assert context.check_hostname and context.verify_mode == ssl.CERT_REQUIRED
    assert names(context) == []
