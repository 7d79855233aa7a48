"""Why a request is turned away, whatever raised it, and in which form that is answered.

Below /api/v1 it is a problem (RFC 9457); the older addresses keep their `{"error": "..."}`. Below
/control it is plain text, as those know it who ask there.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web

from sinkhole.control.web.responses import json_response
from sinkhole.model.errors import Misfit, RequestError, RequestKind, SettingsError, SinkholeError
from sinkhole.model.masking import masked

log = logging.getLogger(__name__)

V1: Final = "/api/v1"
CONTROL: Final = "/control/"
"""How addresses begin that are those of AdGuard Home."""
READ_S: Final = 20.0
"""How long a GET may wait for a source. A stalled disk then shows as an error and not as a page
that never ends; only what downloads or streams may take longer."""
MOST_BODY_BYTES: Final = 64 * 1024
PROBLEM: Final = "application/problem+json"

STATUS: Final[Mapping[RequestKind, int]] = MappingProxyType(
    {
        "invalid": 400,
        "unauthenticated": 401,
        "forbidden": 403,
        "not_found": 404,
        "conflict": 409,
        "gone": 410,
        "too_many": 429,
        "unavailable": 503,
    }
)
"""The status that each kind of RequestError has."""

RETRY_S: Final = 5
"""When to ask again where nobody knows better."""

_NO_STORE: Final = {"Cache-Control": "no-store"}
_TEXTS: Final = {
    404: ("unknown_address", "there is nothing at this address"),
    405: ("method_not_allowed", "this address does not take that method"),
    408: ("too_slow", "the request's body did not arrive in time"),
    413: ("too_large", f"the body is larger than {MOST_BODY_BYTES // 1024} KiB"),
}
_PROBLEM_LINE: Final = re.compile(
    r"(?:(?P<where>(?:[^\s:][^:\n]*:\d+|file [^:\n]+|environment \S+|stored)): )?"
    r"(?:(?P<key>[a-z_][^\s:]*): )?(?P<text>.+)",
    re.DOTALL,
)


class Refused(Exception):
    """A request is not done: status, one word for programs, a sentence for people.

    `errors` are what is wrong with single values, each with `key`, `where` and `text`, those of
    settings with the `item` of the key as well, "" for the whole; `more` is
    what else a program may want to know; `headers` go with the response.
    """

    def __init__(
        self,
        status: int,
        code: str,
        text: str,
        *,
        errors: list[dict[str, str]] | None = None,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = masked(text)
        self.errors = errors
        self.more = dict(more or {})
        self.headers = dict(headers or {})

    def response(self, path: str) -> web.Response:
        """The answer, in the form that this path has."""
        if path == V1 or path.startswith(f"{V1}/"):
            response = web.Response(
                body=json.dumps(self._problem(), separators=(",", ":")).encode("ascii"),
                status=self.status,
                content_type=PROBLEM,
                headers=_NO_STORE,
            )
        elif path.startswith(CONTROL):
            response = web.Response(
                text=self._told_to_programs(), status=self.status, headers=_NO_STORE
            )
        else:
            response = json_response({"error": self.text}, self.status)
        response.headers.update(self.headers)
        if self.status == 401 and path.startswith(CONTROL):
            # Browsers would ask for a password, and programs there know what it means.
            response.headers.pop("WWW-Authenticate", None)
        if self.status in (408, 413):  # what is left of the body is not worth reading
            response.force_close()
        return response

    def _told_to_programs(self) -> str:
        """The text below CONTROL: there, who has to say who he is gets nothing to read."""
        if self.status == 401:
            return ""
        if self.status == 405 and "Allow" in self.headers:
            methods = (each for each in self.headers["Allow"].split(",") if each != "HEAD")
            return f"only method {' or '.join(methods)} is allowed\n"
        return f"{self.text}\n"

    def _problem(self) -> dict[str, Any]:
        problem: dict[str, Any] = {
            **self.more,
            "type": f"urn:sinkhole:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.text,
            "code": self.code,
        }
        return problem if self.errors is None else {**problem, "errors": self.errors}


def refusal_of(error: Exception) -> Refused:
    """What an exception is to who asked; one that nobody foresaw is a bug, and logged by the
    caller."""
    match error:
        case Refused():
            return error
        case RequestError():
            return _of_request_error(error)
        case SettingsError():
            errors = [_settings_problem(each) for each in error.told]
            return Refused(422, "invalid_settings", str(error), errors=errors)
        case SinkholeError():
            return _unavailable("unavailable", str(error))
        case web.HTTPException():
            return _of_http(error)
        case TimeoutError() | asyncio.TimeoutError():
            return _unavailable("slow", f"no answer within {READ_S:.0f} s; is the disk stalled?")
        case ConnectionError():  # who asked is gone: nobody's bug, and nobody reads this
            return Refused(400, "gone", "the connection has ended")
        case _:
            return Refused(500, "bug", "something went wrong; the server's log says what")


def _of_request_error(error: RequestError) -> Refused:
    headers = {}
    if error.kind == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    if error.kind in ("too_many", "unavailable"):
        after_s = error.more.get("retry_after_s", RETRY_S)
        headers["Retry-After"] = str(max(1, round(float(after_s))))
    status = STATUS[error.kind]
    return Refused(status, error.code, str(error), more=error.more, headers=headers)


def _unavailable(code: str, text: str) -> Refused:
    return Refused(503, code, text, headers={"Retry-After": str(RETRY_S)})


def _of_http(error: web.HTTPException) -> Refused:
    code, text = _TEXTS.get(error.status, ("refused", error.text or error.reason))
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Refused(error.status, code, text, headers=headers)


def _settings_problem(told: str | Misfit) -> dict[str, str]:
    """What a SettingsError tells in its parts; of a line, what can't be told apart is all text."""
    if isinstance(told, Misfit):
        return {"key": told.key, "item": told.item, "where": told.where, "text": masked(told.text)}
    found = _PROBLEM_LINE.fullmatch(told)
    key, where, text = found.group("key", "where", "text") if found else ("", "", told)
    return {"key": key or "", "item": "", "where": where or "", "text": masked(text)}
