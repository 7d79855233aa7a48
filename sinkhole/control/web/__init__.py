"""The page, the API and the metrics: everything a browser or a scraper sees.

`create_app` builds the application over a `House`; `WebServer` serves it on a host and port,
`ControlSocket` on a socket in the data folder. Nothing here decides anything about DNS, and what
can be done stands in `control/operations`.

    app             all addresses, and what every request has in common
    locations       what an address is: nothing is served that does not say who may ask
    gate            the one way in: is it for us, who asks, may he, does he mean it. By `approach`
                    (through which proxies), `request_checks` (whose page), `callers` (who),
                    `cookies`
    v1/             the API: a table of routes, one for each operation
    adguard/        /control, the API of AdGuard Home, for what is made for that
    api             the addresses of before /api/v1, which stay as they are
    refusals        why a request is turned away, and how that is said
    bodies          what a request brings, in time and in bounds
    streams         responses that come bit by bit
    server_status   how the whole server does, as /api/status says it
    health          /healthz and /readyz
    metrics         /metrics: counters in the Prometheus text format, read when scraped
    assets          the page's files, held in memory under an address that names their content
    responses       JSON, and the headers every response carries
    connections     how many connections at once, and how long each may take
    serving         an application on a socket that listens
    server          at a host and port, also by HTTPS
    control_socket  at a socket in the data folder
    page/           the page itself: plain HTML, CSS and ES modules. It needs no third-party code
                    and no build step, so it has neither
"""

from sinkhole.control.web.app import create_app
from sinkhole.control.web.control_socket import ControlSocket
from sinkhole.control.web.metrics import count_once_more
from sinkhole.control.web.request_checks import machine_names
from sinkhole.control.web.server import MOST_CONNECTIONS, WebServer
from sinkhole.control.web.server_status import ServerStatus

__all__ = [
    "MOST_CONNECTIONS",
    "ControlSocket",
    "ServerStatus",
    "WebServer",
    "count_once_more",
    "create_app",
    "machine_names",
]
