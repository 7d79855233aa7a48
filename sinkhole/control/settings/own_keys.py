"""Which settings are those of one machine, also where several sinkholes share all others."""

from __future__ import annotations

from typing import Final

OWN_KEYS: Final = (
    *("data_dir", "storage.", "log."),
    # Where it listens, as whom, and with how many processes.
    *("dns.listen", "dns.tls", "dns.https", "dns.quic", "dns.http3", "dns.https_page"),
    *("dns.certificate", "dns.certificate_key", "dns.names", "dns.proxies", "dns.workers"),
    "web.",
    # Files and networks that it has, or does not have.
    *("devices.", "local.hosts_file", "shipping.file"),
)
"""Keys, and beginnings of keys that end in a dot."""

_BEGINNINGS: Final = tuple(each for each in OWN_KEYS if each.endswith("."))


def is_own(key: str) -> bool:
    """Whether a key such as "dns.listen" is of the machine."""
    return key in OWN_KEYS or key.startswith(_BEGINNINGS)
