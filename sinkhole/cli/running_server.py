"""Questions to the running server: statistics, explanations, and its health.

By the socket in its data folder, which needs no account; else over HTTP at web.listen, as for a
server in a container whose folder is not seen from here.
"""

from __future__ import annotations

import json
import secrets
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPException
from typing import Final, cast

import click
from rich.table import Table

from sinkhole.cli.console import cell, tables_console
from sinkhole.cli.control_socket import NoSocket, SocketClient, SocketForbidden
from sinkhole.cli.routes import API
from sinkhole.control.settings import Endpoint, Settings
from sinkhole.dns.pipeline.decide_question import HEALTH_NAME
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.query import render_query
from sinkhole.dns.wire.question import Question
from sinkhole.dns.wire.reply import answers_question
from sinkhole.model.errors import SinkholeError
from sinkhole.model.explanation import Explanation
from sinkhole.model.socket_address import family_of, socket_address
from sinkhole.model.statistics import Summary

TIMEOUT_S: Final = 5.0
UPSTREAM_TIMEOUT_S: Final = 25.0
"""How long an answer may take for which the server asks an upstream."""


def summary(settings: Settings, period: str) -> Summary:
    """/api/stats of the running server; SinkholeError when it cannot be had."""
    try:
        answer = json.loads(_get(settings, f"/api/stats?period={period}"))
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or "totals" not in answer:  # another program has that port
        raise SinkholeError(f"what answers at {settings.web.listen} is not sinkhole")
    return cast(Summary, answer)


class _Busy(SinkholeError):
    """The page runs, but all its connections are taken."""


class NoServer(SinkholeError):
    """No sinkhole answers at web.listen, or none that uses these settings."""


def explanation(settings: Settings, asked: Mapping[str, str], *, ask: bool) -> Explanation:
    """/api/explain of the running server.

    Raises NoServer when there is none that knows, or its data is not that of these settings;
    SinkholeError when it can't answer.
    """
    asked = {key: value for key, value in asked.items() if value}
    try:
        told = json.loads(_ask_upstream(settings, asked) if ask else _explain(settings, asked))
    except ValueError:
        told = None
    if not isinstance(told, dict) or "stages" not in told:
        raise NoServer(f"what answers at {settings.web.listen} is not sinkhole")
    if told.get("data_dir") != str(settings.data_dir.resolve()):
        raise NoServer(f"the sinkhole at {settings.web.listen} has another data_dir")
    return cast(Explanation, told)


def _explain(settings: Settings, asked: dict[str, str]) -> bytes:
    query = urllib.parse.urlencode(asked, errors="replace")
    return _get(settings, f"/api/explain?{query}")


def _ask_upstream(settings: Settings, asked: dict[str, str]) -> bytes:
    options = json.dumps({**asked, "ask": True}).encode("ascii")
    return _get(settings, "/api/explain", UPSTREAM_TIMEOUT_S, options)


def _get(
    settings: Settings, path: str, timeout_s: float = TIMEOUT_S, options: bytes | None = None
) -> bytes:
    """What the server answers; with `options`, which are JSON, to a POST."""
    try:
        return _by_socket(settings, path, timeout_s, options)
    except (NoSocket, SocketForbidden):
        return _by_http(settings, path, timeout_s, options)


def _by_socket(settings: Settings, path: str, timeout_s: float, options: bytes | None) -> bytes:
    method = "GET" if options is None else "POST"
    kind = {"Content-Type": "application/json"}
    client = SocketClient(settings.data_dir)
    with client.stream(method, path, None, options, kind, timeout_s) as response:
        return response.read()


def _by_http(settings: Settings, path: str, timeout_s: float, options: bytes | None) -> bytes:
    if not settings.web.listen.port:
        raise NoServer("web.listen has no fixed port, so a running server can't be found")
    scheme = "https" if settings.web.certificate else "http"
    page = f"{scheme}://{settings.web.listen.reachable.in_url}"
    headers = {"Content-Type": "application/json"} if options is not None else {}
    request = urllib.request.Request(page + path, options, headers)
    try:
        # A proxy of the environment must not come between us and this machine, and the certificate
        # is for the names by which others ask.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            *([_https_to_here()] if settings.web.certificate else []),
        )
        with opener.open(request, timeout=timeout_s) as response:
            body: bytes = response.read()
            return body
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in error.headers:
            raise _Busy(f"{page} is busy: too many connections are open") from None
        if error.code == HTTPStatus.NOT_FOUND:  # another program, or an older sinkhole
            raise NoServer(f"on {page} {_reason(error)}") from None
        raise SinkholeError(_reason(error)) from None
    except OSError as error:
        raise NoServer(
            f"no answer from {page} ({_words(getattr(error, 'reason', error))}); "
            "is sinkhole running, with these settings?"
        ) from None
    except HTTPException:
        raise NoServer(f"what answers on {page} is not sinkhole") from None


def _https_to_here() -> urllib.request.HTTPSHandler:
    import ssl

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return urllib.request.HTTPSHandler(context=context)


def _words(error: object) -> str:
    return getattr(error, "strerror", None) or str(error)


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        text = error.read().decode("utf-8", "replace")
        state, *reasons = text.splitlines() or [""]
        return "; ".join(reasons) if state == "failing" else str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"the server answers {error.code}"


def print_summary(told: Summary) -> None:
    """The statistics for people."""
    totals, latency = told["totals"], told["latency_ms"]
    click.echo(
        f"{told['blocked_percent'] or 0:g} % of {totals['queries']:,} queries blocked"
        f" in the last {told['period']}, {told['cached_percent'] or 0:g} % answered from the cache"
    )
    if latency["p50"] is not None:
        click.echo(f"Median answer {latency['p50']:g} ms, 99 % within {latency['p99']:g} ms")
    if told["records_dropped"]:
        click.echo(f"{told['records_dropped']:,} queries are missing from the log: it was too slow")
    console = tables_console()
    for title, rows in (("Top names", told["top_names"]), ("Top blocked", told["top_blocked"])):
        if rows:
            table = Table(title=title, box=None, show_header=False, title_justify="left")
            table.add_column(justify="right")
            table.add_column(overflow="fold")
            for row in rows:
                read = f" ({row['name_unicode']})" if row.get("name_unicode") else ""
                table.add_row(f"{row['count']:,}", cell(row["name"] + read))
            console.print()
            console.print(table)


def check_health(settings: Settings) -> list[str]:
    """Ask over DNS, then over HTTP: why the server is degraded, nothing where all is well.

    SinkholeError tells which does not answer. A page that has no place left for the question is
    no fault: what counts is DNS. Nor is an address that is missing, as long as the server does not
    call itself failing for it.
    """
    asked = [each for each in _listened(settings) if each.host != "::" or _has_ipv6()]
    silent: list[SinkholeError] = []
    for listen in asked:
        try:
            _ask_dns(listen.reachable)
        except SinkholeError as error:
            silent.append(error)
    if silent and len(silent) == len(asked):
        raise silent[0]
    told = [str(error) for error in silent]
    try:
        state, *reasons = _get(settings, "/healthz").decode("utf-8", "replace").splitlines() or [""]
    except _Busy:
        return told
    return told + reasons if state == "degraded" else told


def _listened(settings: Settings) -> Sequence[Endpoint]:
    """Where DNS is answered: as the server says, else as the settings do. What it lacks it tells by
    its health; another program may answer there."""
    try:
        status = json.loads(_by_socket(settings, f"{API}/status", TIMEOUT_S, None))
    except (NoSocket, SocketForbidden):
        return settings.dns.listen
    return [Endpoint.parse(each, 53) for each in status["listen"]]


def _has_ipv6() -> bool:
    """Whether ::1 is an address of this machine; containers often have none, but a [::]."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def _ask_dns(server: Endpoint) -> None:
    host, port = server.host, server.port
    query = render_query(Question(HEALTH_NAME, Type.A), secrets.randbits(16))
    with socket.socket(family_of(host), socket.SOCK_DGRAM) as sock:
        sock.settimeout(TIMEOUT_S)
        try:
            sock.connect(socket_address(host, port))
            sock.send(query)
            reply = sock.recv(4096)
        except OSError as error:
            raise SinkholeError(
                f"DNS does not answer on {host} port {port}: {_words(error)}"
            ) from None
    if not answers_question(reply, query):
        raise SinkholeError(f"DNS answers something else on {host} port {port}")
