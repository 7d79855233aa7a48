"""The network of a household, as somebody has set it up here: upstreams, routes, names, ways in."""

from __future__ import annotations

import time
from typing import Any, Final

from days import UPSTREAMS
from household import Household
from houses import ADMIN

from sinkhole.control.settings.in_force import Change
from sinkhole.model.status import CertificateDetails, EncryptedStatus

NAME: Final = "dns.example.org"
FAMILY: Final = ["tls://family.example.net"]
SECRET: Final = "https://dns.example.com/dns-query/a8f3c09b2d7e4416"

_ITEMS: Final[dict[str, dict[str, Any]]] = {
    "upstream.sets": {"family": {"servers": FAMILY, "strategy": "strict"}},
    "upstream.routes": {
        "fritz.box": ["192.0.2.1"],
        "2.0.192.in-addr.arpa": ["192.0.2.1"],
        "unqualified": ["192.0.2.1"],
        "corp.example": "family",
        "*.lab.example": "default",
    },
    "local.records": {
        "nas.home": ["192.0.2.10", "2001:db8::10"],
        "*.nas.home": ["CNAME nas.home"],
        "mail.home": ["192.0.2.11", "MX 10 mail.home", 'TXT "v=spf1 -all"'],
        "_sip._udp.home": ["SRV 0 5 5060 phone.home"],
    },
}


async def connect(home: Household) -> None:
    """Have all of this set by somebody, and a certificate shown where encrypted DNS is answered."""
    pair = {
        "certificate": "/etc/sinkhole/fullchain.pem",
        "certificate_key": "/etc/sinkhole/key.pem",
    }
    ways = {"tls": ["0.0.0.0:853"], "https": ["0.0.0.0:443"]}
    changes = [
        Change("upstream.servers", value=[*UPSTREAMS]),
        Change("upstream.fallback", value=["192.0.2.9"]),
        *(Change(f"dns.{key}", value=value) for key, value in (ways | pair).items()),
        *(
            Change(key, name, "set", value)
            for key, items in _ITEMS.items()
            for name, value in items.items()
        ),
    ]
    await home.house.settings.change(changes, ADMIN, note="the network of the house")
    home.built.encrypted = shown()
    await home.built.publish()


def shown(**other: Any) -> EncryptedStatus:
    """A certificate that is right, for the server and for ids in front of its name."""
    now = time.time()
    certificate: CertificateDetails = {
        "names": [NAME, f"*.{NAME}"], "issuer": "An authority", "subject": NAME,
        "begins": now - 30 * 86_400, "expires": now + 60 * 86_400, "days_left": 60,
        "pin": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    }  # fmt: skip
    on = (("TLS", "0.0.0.0:853"), ("HTTPS", "0.0.0.0:443"), ("HTTP/3", "0.0.0.0:443"))
    return EncryptedStatus((NAME,), certificate, b"", on)._replace(**other)
