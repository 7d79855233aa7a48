"""How responses of the API look: JSON, errors as `{"error": "..."}`, and safe headers on all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web

from sinkhole.model.masking import masked

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

SAFE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        # Set here, or the library would write its own name and version.
        "Server": "sinkhole",
    }
)
"""On every response, whatever it is."""

FRAMED_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY.replace(
            "frame-ancestors 'none'", "frame-ancestors 'self'"
        ),
        "X-Frame-Options": "SAMEORIGIN",
    }
)
"""In place of the same ones, where a page of the same site may show ours in a frame."""


def json_response(data: object, status: int = 200) -> web.Response:
    """`data` as JSON that no cache keeps. Non-ASCII is escaped, so any name is safe inside."""
    return web.Response(
        body=json.dumps(data, separators=(",", ":"), allow_nan=False).encode("ascii"),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def error_response(status: int, text: str) -> web.Response:
    """An error, said to a person: what is wrong and what to do instead."""
    return json_response({"error": masked(text)}, status)
