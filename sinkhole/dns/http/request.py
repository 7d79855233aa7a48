"""What an HTTP request asks of a DNS server, over any version of HTTP (RFC 8484 §4.1).

`/dns-query` is where DNS is; a client that has a name for itself asks at `/dns-query/{id}`.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from typing import Final, NamedTuple

from sinkhole.dns.http.media import is_dns_message

PATH: Final = b"/dns-query"
QUERY_SIZE: Final = 1024
"""Bytes of a query, as over all transports: the longest name with every option that clients send
comes to some 400, and with padding to 512."""

_LONGEST_BASE64: Final = (QUERY_SIZE * 4 + 2) // 3 + 2
_BASE64_LETTERS: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)


class Refusal(NamedTuple):
    """A request that is answered by HTTP alone: its status, and why in words."""

    status: int
    why: str


class Asked(NamedTuple):
    """A request for DNS: the query, None where it is the body; `client_id` as it was written."""

    query: bytes | None
    client_id: str = ""


NO_SUCH_PATH: Final = Refusal(404, "There is nothing here; DNS is at /dns-query.")
TOO_LARGE: Final = Refusal(413, f"A DNS query has at most {QUERY_SIZE} bytes.")


def read_request(method: bytes, target: bytes, content_type: bytes) -> Asked | Refusal:
    """What the head of a request asks; NO_SUCH_PATH for every path but that of DNS."""
    path, _, parameters = _local(target).partition(b"?")
    if path != PATH and not path.startswith(PATH + b"/"):
        return NO_SUCH_PATH
    client_id = path[len(PATH) + 1 :].removesuffix(b"/").decode("latin-1")
    if "/" in client_id:
        return NO_SUCH_PATH
    if method == b"POST":
        if not is_dns_message(content_type):
            return Refusal(415, "The body must be of the type application/dns-message.")
        return Asked(None, client_id)
    if method != b"GET":
        return Refusal(405, "DNS is asked by GET or POST.")
    query = _dns_parameter(parameters)
    return query if isinstance(query, Refusal) else Asked(query, client_id)


def _local(target: bytes) -> bytes:
    """A target without scheme and host, which some write in front (RFC 9112 §3.2.2)."""
    if target.startswith((b"https://", b"http://")):
        return b"/" + target.split(b"/", 3)[3] if target.count(b"/") > 2 else b"/"
    return target


def _dns_parameter(parameters: bytes) -> bytes | Refusal:
    """The query in `dns=`, in base64url; padding may be there, though it should not (§6)."""
    for parameter in parameters.split(b"&"):
        name, _, value = parameter.partition(b"=")
        if name == b"dns" and value:
            return _decoded(value.rstrip(b"="))
    return Refusal(400, "The query is missing: it goes into ?dns=, in base64url.")


def _decoded(value: bytes) -> bytes | Refusal:
    if len(value) > _LONGEST_BASE64:
        return TOO_LARGE
    malformed = Refusal(400, "What stands in ?dns= is not base64url.")
    if not _BASE64_LETTERS.issuperset(value):
        return malformed
    try:
        return urlsafe_b64decode(value + b"=" * (-len(value) % 4))
    except Base64Error:  # no number of bytes has so many letters
        return malformed
