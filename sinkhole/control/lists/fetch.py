"""Lists over HTTP: asked for only if changed, within limits, from addresses that are allowed.

Redirects are followed by hand, because each hop is checked like the first. A name is resolved
once and the connection goes to exactly the addresses that were checked: a second look-up could
give another answer. Unpacking is not left to the HTTP library either, since it neither notices
data that ends too early nor bounds what a small file may unpack to in every version.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp
from yarl import URL

from sinkhole import __version__
from sinkhole.control.lists.authorities import client_context
from sinkhole.control.lists.copies import CopyWriter, Received
from sinkhole.control.lists.destinations import CheckedResolver, Refuse, Resolve
from sinkhole.control.lists.gunzip import ACCEPTED, gunzip_for
from sinkhole.control.lists.progress import Phase, Step, Watch
from sinkhole.model.errors import ListError
from sinkhole.model.masking import masked_address

_CHUNK_SIZE: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_LONGEST_VALIDATOR: Final = 512
_HEADERS: Final = {
    "User-Agent": f"sinkhole/{__version__}",
    "Accept": "text/plain, */*;q=0.5",
    "Accept-Encoding": ACCEPTED,
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


class Fetcher:
    """Fetches lists over HTTP, one session a list: nothing is kept from one for another."""

    def __init__(self, limits: Limits, resolve: Resolve, refuse: Refuse) -> None:
        self.limits = limits
        self._resolve = resolve
        self._refuse = refuse
        self._tls: ssl.SSLContext | None = None

    async def fetch(
        self, list_name: str, url: str, target: Path, known: Validators, watch: Watch
    ) -> Fetched | None:
        """Write the list at `url` to the new file `target`; None when it has not changed.

        Raises ListError for whatever goes wrong on the way, OSError from the disk of `target`.
        """
        resolver = CheckedResolver(list_name, self._resolve, self._refuse)
        limits = self.limits
        if self._tls is None:
            self._tls = await asyncio.to_thread(client_context)
        try:
            async with (
                asyncio.timeout(limits.total_s),
                _session(resolver, limits, self._tls) as session,
            ):
                download = _Download(list_name, session, resolver, limits, watch)
                return await download.run(url, target, known)
        except aiohttp.ServerTimeoutError as error:
            raise ListError(list_name, f"the server is too slow: {error}") from error
        except TimeoutError as error:
            raise ListError(list_name, f"not complete within {limits.total_s:g} s") from error
        except aiohttp.ClientPayloadError as error:
            raise ListError(list_name, "cut off: the connection ended too early") from error
        except aiohttp.ClientError as error:
            raise ListError(list_name, f"can't be fetched: {_cause(error)}") from error


def _cause(error: aiohttp.ClientError) -> str:
    """What went wrong, for people: the library tells of its own calls as well."""
    match error:
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLError() as why):
            told = getattr(why, "verify_message", "") or why.reason
            return f"the certificate of {error.host} is not to be trusted: {told}"
        case aiohttp.ClientSSLError():
            return f"{error.host} does not speak HTTPS"
        case aiohttp.ClientConnectorError():
            return f"{error.host} can't be reached: {error.os_error.strerror or error.os_error}"
        case aiohttp.ServerDisconnectedError():
            return "the server hung up"
        case _:
            return str(error)


def _session(
    resolver: CheckedResolver, limits: Limits, tls: ssl.SSLContext
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, ssl=tls),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(sock_connect=limits.connect_s, sock_read=limits.idle_s),
        headers=_HEADERS,
        auto_decompress=False,
    )


def http_url(address: str, redirected_by: URL | None = None) -> URL:
    """The URL to ask for a list, or where `redirected_by` says it is (RFC 9110 §15.4).

    Raises ValueError, which says what is wrong, for anything but http and https, and for a way
    from https to http: what comes from there, anyone on the path may have altered.
    """
    if not address:
        raise ValueError("redirected without saying where to")
    try:
        url = URL(address) if redirected_by is None else redirected_by.join(URL(address))
    except ValueError as error:  # whose text repeats parts of the address
        raise ValueError(f"{masked_address(address)!r} is no URL") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"{masked_address(str(url))} is neither http:// nor https://")
    if redirected_by is not None and redirected_by.scheme == "https" and url.scheme == "http":
        told = masked_address(str(url))
        raise ValueError(f"redirected from https to {told}, where anyone on the path may alter it")
    return url


class _Download:
    """One fetch: from hop to hop until somebody answers with the list."""

    def __init__(
        self,
        list_name: str,
        session: aiohttp.ClientSession,
        resolver: CheckedResolver,
        limits: Limits,
        watch: Watch,
    ) -> None:
        self._list_name = list_name
        self._session = session
        self._resolver = resolver
        self._limits = limits
        self._watch = watch

    async def run(self, address: str, target: Path, known: Validators) -> Fetched | None:
        url = self._checked(address)
        for _ in range(self._limits.redirects + 1):
            headers = known.headers_for(url)
            async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                if response.status in _REDIRECTS:
                    self._resolver.redirected()
                    url = self._checked(response.headers.get("Location", ""), url)
                    continue
                if response.status == HTTPStatus.NOT_MODIFIED and headers:
                    return None
                if response.status != HTTPStatus.OK:
                    raise self._error(f"HTTP status {response.status} {response.reason or ''}")
                received = await self._receive(response, target)
                return Fetched(received, _validators(response, url))
        raise self._error(f"more than {self._limits.redirects} redirects")

    def _checked(self, address: str, redirected_by: URL | None = None) -> URL:
        try:
            url = http_url(address, redirected_by)
        except ValueError as error:
            raise self._error(str(error)) from error
        self._resolver.check_literal(url.host or "")
        return url

    async def _receive(self, response: aiohttp.ClientResponse, target: Path) -> Received:
        try:
            gunzip = gunzip_for(response.headers.get("Content-Encoding", ""))
        except ValueError as error:
            raise self._error(str(error)) from error
        announced = response.content_length
        if announced is not None and announced > self._limits.size_bytes:
            raise self._error(
                f"{announced} bytes, more than filtering.max_list_size ({self._limits.size_bytes})"
            )
        writer = await asyncio.to_thread(
            CopyWriter, self._list_name, target, self._limits.size_bytes, gunzip
        )
        try:
            done = 0
            async for chunk in response.content.iter_chunked(_CHUNK_SIZE):
                await asyncio.to_thread(writer.feed, chunk)
                done += len(chunk)
                self._watch(Step(self._list_name, Phase.FETCH, done, announced))
            if announced is not None and done != announced:
                raise self._error(f"cut off: {done} bytes came, {announced} were announced")
            return await asyncio.to_thread(writer.finish)
        finally:
            await asyncio.to_thread(writer.close)

    def _error(self, reason: str) -> ListError:
        return ListError(self._list_name, reason.strip())


def _validators(response: aiohttp.ClientResponse, url: URL) -> Validators:
    etag = response.headers.get("ETag", "")
    modified = response.headers.get("Last-Modified", "")
    short = max(len(etag), len(modified)) <= _LONGEST_VALIDATOR
    return Validators(etag, modified, str(url)) if short else Validators()
