"""Requests to the other sinkhole of a pair: by its API, with the token that both have."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from yarl import URL

from sinkhole import __version__
from sinkhole.control.lists.authorities import client_context
from sinkhole.control.replication.entries import ahead_s
from sinkhole.control.replication.hub import HubAwayError
from sinkhole.control.state.file import BehindError
from sinkhole.model.errors import RequestError, StorageError

PATIENCE_S: Final = 5.0
"""How long one question may take: somebody waits for it, and the file of the state."""

MOST_ANSWER: Final = 64 << 20
"""Bytes of an answer: a whole state has some hundred kilobytes."""

MOST_REFUSAL: Final = 1 << 16
LONGEST_LINE: Final = 500
"""Of what it says when it refuses, in bytes that are read, and characters that are shown."""

PIECE: Final = 1 << 16
_NO_PIN: Final = bytes(32)
_API: Final = "/api/v1"
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)


def page_url(text: str, pin: str = "") -> str:
    """The address of a page as people write it, without what stands behind it; RequestError, also
    where a certificate is to be seen that http does not show."""
    try:
        url = URL(text if "://" in text else f"http://{text}")
        bare = url.scheme in ("http", "https") and url.host and not url.user and not url.query
        if bare and not url.fragment:
            if pin and url.scheme != "https":
                text = f"{text[:100]!r} shows no certificate: write https:// before it"
                raise RequestError("invalid", "no_certificate", text)
            return str(url.origin().with_path(url.path.rstrip("/") or "/")).rstrip("/")
    except ValueError:
        pass
    text = f"{text[:100]!r} is not the address of a page, such as nas.home:8080"
    raise RequestError("invalid", "bad_url", text)


class UnknownCertificateError(StorageError):
    """Nobody vouches for the certificate of the other one."""


async def fingerprint_of(url: str) -> str:
    """The SHA-256 of the certificate that is shown there, in hex; "" where none is."""
    peer = Peer(url, pin=_NO_PIN.hex())
    try:
        await peer.ask("GET", "/me")
    except StorageError as error:
        if isinstance(error.__cause__, aiohttp.ServerFingerprintMismatch):
            return error.__cause__.got.hex()
    except RequestError:
        pass
    finally:
        await peer.close()
    return ""


class Peer:
    """The other one, at `url`; `secret` is the token, `pin` the SHA-256 of its certificate in hex,
    "" where authorities vouch for it. `close` it."""

    def __init__(
        self, url: str, secret: str = "", pin: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self.ahead_s = 0
        """By how much its clock is ahead of the one here, as it answered last."""
        self._clock = clock
        self._url = url
        self._pin = pin
        self._headers = {"User-Agent": f"sinkhole/{__version__}"}
        if secret:
            self._headers["Authorization"] = " ".join(("Bearer", secret))
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def close(self) -> None:
        """End its connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        data: bytes | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Any:
        """The JSON of an answer. HubAwayError where there is none in time, BehindError where it
        knows of something newer, StorageError or RequestError where it refuses."""
        if body is not None:
            data = json.dumps(body).encode()
        try:
            async with (
                asyncio.timeout(patience_s),
                self._asked(method, path, query, data, is_json=body is not None) as response,
            ):
                return json.loads(await _whole(response))
        except TimeoutError:
            raise HubAwayError(f"{self._url} does not answer") from None
        except (ValueError, RecursionError):
            raise StorageError(f"what answers at {self._url} is not sinkhole") from None

    async def pieces(self, path: str) -> AsyncGenerator[bytes, None]:
        """The file of an answer; errors as from `ask`."""
        async with self._asked("GET", path, None, None, is_json=False) as response:
            async for piece in response.content.iter_chunked(PIECE):
                yield piece

    @asynccontextmanager
    async def _asked(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        data: bytes | None,
        *,
        is_json: bool,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        session = await self._opened()
        kind = "application/json" if is_json else "application/octet-stream"
        try:
            async with session.request(
                *(method, f"{self._url}{_API}{path}"),
                params=query,
                data=data,
                headers={"Content-Type": kind} if data is not None else None,
                allow_redirects=False,
            ) as response:
                self.ahead_s = _ahead_s(response.headers.get("Date", ""), self._clock())
                if response.status != HTTPStatus.OK:
                    raise await self._refusal(response)
                yield response
        except aiohttp.ClientError as error:
            raise self._away(error) from error

    async def _opened(self) -> aiohttp.ClientSession:
        async with self._opening:
            if self._session is None:
                ssl = (
                    aiohttp.Fingerprint(bytes.fromhex(self._pin))
                    if self._pin
                    else await asyncio.to_thread(client_context)
                )
                self._session = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(ssl=ssl),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE_S),
                    headers=self._headers,
                )
            return self._session

    async def _refusal(self, response: aiohttp.ClientResponse) -> Exception:
        try:
            told = json.loads(await _whole(response, MOST_REFUSAL))
            text, code = _line(str(told["detail"])), _line(str(told["code"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            return StorageError(f"what answers at {self._url} is not sinkhole")
        if code == "behind":
            return BehindError(text)
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status in _BUSY:
            return HubAwayError(f"{self._url} can't answer: {text}")
        if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) and code not in (
            "wrong_code",
        ):
            return StorageError(f"{self._url} does not let this sinkhole in any more: {text}")
        return RequestError("conflict", code, f"{self._url}: {text}")

    def _away(self, error: aiohttp.ClientError) -> StorageError:
        """What went wrong, for people."""
        match error:
            case aiohttp.ServerFingerprintMismatch():
                told = "shows another certificate than when it was paired"
                return StorageError(f"{self._url} {told}: its SHA-256 is {error.got.hex()}")
            case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
                told = "shows a certificate that nobody known vouches for"
                return UnknownCertificateError(f"{self._url} {told}")
            case aiohttp.ClientConnectorError():
                why = error.os_error.strerror or error.os_error
                return HubAwayError(f"{self._url} can't be reached: {why}")
            case _:
                return HubAwayError(f"{self._url} can't be reached: {error}")


async def let_in(url: str, pin: str, given: dict[str, Any]) -> Any:
    """Ask to be let in; RequestError, StorageError."""
    peer = Peer(url, pin=pin)
    try:
        return await peer.ask("POST", "/pairing/accept", body=given)
    except UnknownCertificateError as error:
        text = (
            f"{error}: if its SHA-256 is {await fingerprint_of(url)}, as the machine itself says, "
            "give that with --fingerprint"
        )
        raise RequestError("conflict", "unknown_certificate", text) from None
    finally:
        await peer.close()


async def _whole(response: aiohttp.ClientResponse, most: int = MOST_ANSWER) -> bytes:
    found = bytearray()
    async for piece in response.content.iter_chunked(PIECE):
        found += piece
        if len(found) > most:
            raise ValueError(len(found))
    return bytes(found)


def _line(text: str) -> str:
    """What the other one says, as it may stand in a problem and in the log."""
    line = "".join(each if each.isprintable() else " " for each in text[: LONGEST_LINE + 1])
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"


def _ahead_s(date: str, now_s: float) -> int:
    """By how much the clock of a `Date` (RFC 9110 §6.6.1) is ahead of one; 0 for no date."""
    try:
        return ahead_s(parsedate_to_datetime(date).timestamp(), now_s)
    except ValueError:
        return 0
