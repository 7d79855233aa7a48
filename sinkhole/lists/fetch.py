"""Lists over HTTP: asked for only if changed, within limits, from addresses that are allowed.

Redirects are followed by hand, because each hop is checked like the first. A name is resolved
once and the connection goes to exactly the addresses that were checked: a second look-up could
give another answer. Unpacking is not left to the HTTP library either, since it neither notices
gzip data that ends too early nor bounds what a small file may unpack to in every version.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from sinkhole import __version__
from sinkhole.errors import ListError, SinkholeError
from sinkhole.lists.address import is_numeric
from sinkhole.lists.intake import Intake, Received
from sinkhole.lists.steps import Phase, Step, Watch

Resolve = Callable[[str], Awaitable[list[str]]]
Refuse = Callable[[str], str]

_CHUNK_SIZE: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_LONGEST_VALIDATOR: Final = 512
_HEADERS: Final = {
    "User-Agent": f"sinkhole/{__version__}",
    "Accept": "text/plain, */*;q=0.5",
    "Accept-Encoding": "gzip",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of everything one fetch may take."""

    size_bytes: int
    """Of the unpacked list."""
    total_s: float = 300.0
    connect_s: float = 10.0
    idle_s: float = 30.0
    redirects: int = 3


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said about a copy, to ask "only if changed" (RFC 9110 §8.8, §13.1).

    They mean nothing to another address, so they are sent only to the one that gave them:
    `answered_by`, where the redirects led.
    """

    etag: str = ""
    last_modified: str = ""
    answered_by: str = ""

    def headers_for(self, url: URL) -> dict[str, str]:
        """The request headers to send to `url`; none for another address."""
        headers = {}
        if self.answered_by == str(url):
            if self.etag:
                headers["If-None-Match"] = self.etag
            if self.last_modified:
                headers["If-Modified-Since"] = self.last_modified
        return headers


@dataclass(frozen=True, slots=True)
class Fetched:
    """A list that has arrived whole, and what to ask with the next time."""

    received: Received
    validators: Validators


async def resolve_by_system(host: str) -> list[str]:
    """The addresses of a host name as the operating system sees them; OSError for none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Fetcher:
    """Fetches lists over HTTP.

    `resolve` finds the addresses of a host name; OSError or a SinkholeError when it can't.
    `refuse` says why an address in text may not be connected to, "" when it may.
    """

    def __init__(self, limits: Limits, resolve: Resolve, refuse: Refuse) -> None:
        self.limits = limits
        self._resolve = resolve
        self._refuse = refuse

    async def fetch(
        self, list_name: str, url: str, target: Path, known: Validators, watch: Watch
    ) -> Fetched | None:
        """Write the list at `url` to the new file `target`; None when it has not changed.

        Raises ListError for whatever goes wrong on the way, OSError from the disk of `target`.
        """
        doorkeeper = _Doorkeeper(list_name, self._resolve, self._refuse)
        limits = self.limits
        try:
            async with asyncio.timeout(limits.total_s), _session(doorkeeper, limits) as session:
                journey = _Journey(list_name, session, doorkeeper, limits, watch)
                return await journey.run(url, target, known)
        except aiohttp.ServerTimeoutError as error:
            raise ListError(list_name, f"the server is too slow: {error}") from error
        except TimeoutError as error:
            raise ListError(list_name, f"not complete within {limits.total_s:g} s") from error
        except aiohttp.ClientPayloadError as error:
            raise ListError(list_name, "cut off: the connection ended too early") from error
        except aiohttp.ClientError as error:
            raise ListError(list_name, f"can't be fetched: {error}") from error


def _session(doorkeeper: _Doorkeeper, limits: Limits) -> aiohttp.ClientSession:
    """A session of one fetch: nothing is kept from one list for another."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=doorkeeper, use_dns_cache=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(sock_connect=limits.connect_s, sock_read=limits.idle_s),
        headers=_HEADERS,
        auto_decompress=False,
    )


class _Doorkeeper(AbstractResolver):
    """Lets connections out to allowed addresses only; aiohttp asks it for every host name."""

    def __init__(self, list_name: str, resolve: Resolve, refuse: Refuse) -> None:
        self._list_name = list_name
        self._resolve = resolve
        self._refuse = refuse

    def check_literal(self, host: str) -> None:
        """Refuse a URL's host that is a forbidden address: no resolver is asked for those."""
        if is_numeric(host) and (why := self._refuse(host)):
            raise ListError(self._list_name, why)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await self._resolve(host)
        except (OSError, SinkholeError) as error:
            raise ListError(self._list_name, f"{host} can't be resolved: {error}") from error
        if not found:
            raise ListError(self._list_name, f"{host} has no address")
        reasons = {address: self._refuse(address) for address in found}
        allowed = [address for address, why in reasons.items() if not why]
        if not allowed:
            raise ListError(self._list_name, f"{host}: {reasons[found[0]]}")
        return [_result(host, address, port) for address in allowed]

    async def close(self) -> None:
        """Nothing to close: the injected resolver belongs to somebody else."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=numeric
    )


class _Journey:
    """One fetch: from hop to hop until somebody answers with the list."""

    def __init__(
        self,
        list_name: str,
        session: aiohttp.ClientSession,
        doorkeeper: _Doorkeeper,
        limits: Limits,
        watch: Watch,
    ) -> None:
        self._list_name = list_name
        self._session = session
        self._doorkeeper = doorkeeper
        self._limits = limits
        self._watch = watch

    async def run(self, address: str, target: Path, known: Validators) -> Fetched | None:
        url = URL(address)
        for _ in range(self._limits.redirects + 1):
            self._check(url)
            headers = known.headers_for(url)
            async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                if response.status in _REDIRECTS:
                    url = self._next(url, response)
                    continue
                if response.status == HTTPStatus.NOT_MODIFIED and headers:
                    return None
                if response.status != HTTPStatus.OK:
                    raise self._error(f"HTTP status {response.status} {response.reason or ''}")
                received = await self._receive(response, target)
                return Fetched(received, _validators(response, url))
        raise self._error(f"more than {self._limits.redirects} redirects")

    def _check(self, url: URL) -> None:
        if url.scheme not in ("http", "https") or not url.host:
            raise self._error(f"{url} is neither http:// nor https://")
        self._doorkeeper.check_literal(url.host)

    def _next(self, url: URL, response: aiohttp.ClientResponse) -> URL:
        location = response.headers.get("Location", "")
        if not location:
            raise self._error(f"HTTP status {response.status} without saying where to")
        try:
            target = url.join(URL(location))
        except ValueError as error:
            raise self._error(f"redirected to {location!r}, which is no address") from error
        if url.scheme == "https" and target.scheme == "http":
            raise self._error(f"redirected from https to {target}, which anyone may alter")
        return target

    async def _receive(self, response: aiohttp.ClientResponse, target: Path) -> Received:
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise self._error(f"sent in an encoding that was not asked for: {encoding}")
        gzipped = encoding.endswith("gzip")
        announced = response.content_length
        if announced is not None and announced > self._limits.size_bytes:
            raise self._error(
                f"{announced} bytes, more than filtering.max_list_size "
                f"({self._limits.size_bytes} bytes)"
            )
        intake = await asyncio.to_thread(
            Intake, self._list_name, target, self._limits.size_bytes, gzipped=gzipped
        )
        try:
            done = 0
            async for chunk in response.content.iter_chunked(_CHUNK_SIZE):
                await asyncio.to_thread(intake.feed, chunk)
                done += len(chunk)
                self._watch(Step(self._list_name, Phase.FETCH, done, announced))
            if announced is not None and done != announced:
                raise self._error(f"cut off: {done} bytes came, {announced} were announced")
            return await asyncio.to_thread(intake.finish)
        finally:
            await asyncio.to_thread(intake.close)

    def _error(self, reason: str) -> ListError:
        return ListError(self._list_name, reason.strip())


def _validators(response: aiohttp.ClientResponse, url: URL) -> Validators:
    etag = response.headers.get("ETag", "")
    modified = response.headers.get("Last-Modified", "")
    short = max(len(etag), len(modified)) <= _LONGEST_VALIDATOR
    return Validators(etag, modified, str(url)) if short else Validators()
