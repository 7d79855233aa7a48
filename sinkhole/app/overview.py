"""How a whole server does: status, health, and what a person should know."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from sinkhole import __version__
from sinkhole.app.advice import sentence_of, told
from sinkhole.app.page import is_local
from sinkhole.app.readiness import Readiness
from sinkhole.app.server_health import judge_health
from sinkhole.dns.worker.state import PlaneState
from sinkhole.model.counted import counted
from sinkhole.model.status import EncryptedStatus, FilterStatus, Health, LogStatus, Problem

if TYPE_CHECKING:
    from sinkhole.app.app import App
    from sinkhole.control.web import ServerStatus


class Overview:
    """Of one App, from memory."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.readiness = Readiness(app)
        self._began = time.monotonic()

    @property
    def started_s(self) -> float:
        """When it was started, in seconds since 1970, by the clock of now."""
        return time.time() - (time.monotonic() - self._began)

    # ---- what a person should know ------------------------------------------------------------

    def problems(self) -> list[Problem]:
        """Everything a person should know, with a code, and what to do."""
        app = self._app
        return [
            *told(
                "listening.taken",
                app.listening.blocked,
                "warning" if app.dns.is_of_use else "error",
            ),
            *told("listening.missing", app.listening.problems),
            *told("dns.certificate", app.encrypted.problems),
            *told("web.certificate", app.page.problems),
            *told("commands.unreachable", [app.page.socket_trouble]),
            *(
                problem
                for about, texts in self._app.planes.state()["troubles"].items()
                for problem in told(f"upstreams.{about}", texts)
            ),
            *told("lists", [*app.library.problems, *app.publishing.odd_rules]),
            *told("cache.not_saved", app.answers.file.problems),
            *told("local.hosts_file", app.publishing.problems),
            *told("bugs.met", app.faults.problems(), "error"),
            *told("descriptors.few", [app.planes.quotas.problem]),
            *self._of_page(),
            *self._of_filter(),
            *self._of_state(),
            *self._of_log(),
            *told("storage.away", app.front.sharing.problems),
            *told("state.away", app.front.sharing.problems_of_state),
            *told("nodes.same_name", app.front.nodes.problems),
            *told("pairing.away", app.front.sharing.problems_of_pair),
            *told("shipping.failing", app.shipping.problems),
            *told("shipping.dropped", app.shipping.losses),
            *told("workers.ended", app.workers.problems),
            *self._of_drain(),
            *self._of_queries(),
            *app.devices.devices.problems(),
        ]

    def sentences(self) -> list[str]:
        """The same as /api/status has it."""
        return [sentence_of(each) for each in self.problems()]

    def _of_page(self) -> list[Problem]:
        """That nobody from elsewhere may see the page, which listens there, without an account."""
        listen, front = self._app.settings.web.listen, self._app.front
        if not front.is_built or front.identity.has_accounts or is_local(listen.host):
            return []
        text = f"the page listens on {listen}, but shows nothing there while there is no account"
        advice = "type `sudo sinkhole account add NAME` on the server"
        return [Problem("accounts.missing", "warning", text, advice)]

    def _of_filter(self) -> list[Problem]:
        if not self._app.front.is_built or self._app.front.protection.is_on:
            return []
        text = f"the filter is {self._protection()['text']}: only canaries are refused"
        return [Problem("protection.paused", "notice", text, "resume it when it is to filter")]

    def _of_drain(self) -> list[Problem]:
        drain = self._app.drain
        if not drain.is_on:
            return []
        text = (
            f"drained by {drain.by}: it answers, but whatever is in front of it sends nobody here"
        )
        return told("server.drained", [text], "notice")

    def _drained(self) -> str:
        drain = self._app.drain
        return f"the server is drained, by {drain.by}" if drain.is_on else ""

    def _of_state(self) -> list[Problem]:
        ground, front = self._app.ground, self._app.front
        if ground is None:
            return []
        found = [*ground.state.problems, *ground.settings.problems]
        return [*found, *front.identity.problems] if front.is_built else found

    def _of_log(self) -> list[Problem]:
        query_log = self._app.query_log
        if query_log is None:
            return []
        error = self._log_error()
        return [
            *told("log.set_aside", [query_log.problem or ""]),
            *told("log.little_room", [query_log.shortage or ""]),
            *told("log.not_written", [error or ""], "error"),
        ]

    def _of_queries(self) -> list[Problem]:
        app, texts = self._app, ["", "", ""]
        if app.publishing.matcher.given_up:
            texts[0] = "some names have met too many patterns of the lists for all to be tried"
        state = self._app.planes.state()
        if state["overloaded"]:
            dropped = counted(state["overloaded"], "dropped query", "dropped queries")
            texts[1] = f"too many queries were waiting: {dropped}"
        if state["bugs"]:
            met = counted(state["bugs"], "query", "queries")
            texts[2] = f"{met} met a bug in sinkhole, and got SERVFAIL where there was no reply yet"
        return [
            *told("filter.patterns_given_up", texts[:1]),
            *told("queries.dropped", texts[1:2]),
            *told("queries.bugs", texts[2:], "error"),
        ]

    def _log_error(self) -> str | None:
        query_log = self._app.query_log
        return query_log.status()["error"] if query_log is not None else None

    # ---- how it does -------------------------------------------------------------------------

    def health(self) -> Health:
        """What /healthz says."""
        app = self._app
        return judge_health(
            missing=(*app.dns.problems, *app.workers.quiet),
            is_listening=app.dns.is_serving and not app.workers.is_mute,
            is_of_use=app.dns.is_of_use and not app.workers.is_mute,
            is_cut_off=self._app.planes.state()["is_cut_off"],
            log_error=self._log_error(),
            state_error=app.ground.state.read_only if app.ground is not None else "",
            drained=self._drained(),
            lists=app.library.status(),
        )

    def status(self) -> ServerStatus:
        """What /api/status answers."""
        app, planes = self._app, self._app.planes.state()
        started_s = self.started_s
        return {
            "version": __version__,
            "started": started_s,
            "uptime_s": round(time.time() - started_s, 1),
            "listen": app.addresses,
            "encrypted": [f"{where} ({over})" for over, where in app.dns.added],
            "web": app.listening.url,
            "lists": app.library.status(),
            "names": app.publishing.matcher.names,
            "upstreams": planes["upstreams"],
            "cache": {
                "entries": planes["entries"],
                "size_bytes": planes["size_bytes"],
                "limit_bytes": app.table.limit_bytes,
            },
            "prefetch": planes["prefetch"],
            "certificate": app.encrypted.status(),
            "log": self._log_status(planes),
            "shipping": app.shipping.status(),
            "protection": self._protection(),
            "tasks": [
                {"name": name, "restarts": kept.restarts, "last_error": kept.last_error}
                for name, kept in app.faults.kept.items()
            ],
            "losses": self._losses(planes),
            "problems": self.sentences(),
        }

    def _log_status(self, planes: PlaneState) -> LogStatus | None:
        """How the log does, with what workers could not hand over."""
        if self._app.query_log is None:
            return None
        status = self._app.query_log.status()
        return {**status, "dropped": status["dropped"] + planes["records_dropped"]}

    def encrypted(self) -> EncryptedStatus:
        """How devices reach it by encrypted DNS."""
        return self._app.encrypted.facts()._replace(listening=tuple(self._app.dns.added))

    def _protection(self) -> FilterStatus:
        protection, pauses = self._app.front.protection, self._app.publishing.pauses
        pause, left_s = protection.pause, protection.left_s()
        if pause is None:
            return {
                "enabled": True,
                "paused_by": "",
                "paused_at": None,
                "left_s": None,
                "pauses": pauses,
                "text": "on",
            }
        left = "until somebody resumes it" if left_s is None else f"{_minutes(left_s)} left"
        return {
            "enabled": False,
            "paused_by": pause.by,
            "paused_at": pause.began.wall_s,
            "left_s": None if left_s is None else round(left_s, 1),
            "pauses": pauses,
            "text": f"paused, {left}, by {pause.by}",
        }

    def line(self) -> str:
        """How it does in one line, for the service manager."""
        app = self._app
        where = ", ".join(app.addresses) or "no address yet"
        if app.dns.obstacle is not None:
            page = app.listening.url or "no address yet"
            where = f"{where}, the page on {page}; {app.dns.problems[0]}"
        paused = "" if app.front.protection.is_on else f"; {self._protection()['text']}"
        names = counted(app.publishing.matcher.names, "name")
        return f"{self.health().state}: {names}, DNS on {where}{paused}"

    def _losses(self, planes: PlaneState) -> dict[str, int]:
        """Everything that was given up because of a bound or a bug, or was nobody's, counted."""
        return {
            "queries_dropped": planes["dropped"],
            "queries_failed_by_bugs": planes["bugs"],
            "queries_overloaded": planes["overloaded"],
            "replies_unsent": planes["unsent"],
            "upstream_refused": planes["upstream_refused"],
            "upstream_strays": planes["upstream_strays"],
            "upstream_unsent": planes["upstream_unsent"],
            "connections_shed": self._app.listening.shed,
            "handshakes_failed": planes["handshakes_failed"],
            "answers_evicted": planes["evicted"],
            "internal_errors": self._app.faults.count + planes["faults"],
        }


def _minutes(left_s: float) -> str:
    """About how long, for people: "9 min"."""
    if left_s < 60:
        return f"{math.ceil(left_s)} s"
    minutes = math.ceil(left_s / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
