"""Status and protection; and in form what that server has and this one has not: updates of itself,
a language of its own, DHCP, the wizard."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from sinkhole.control.operations.protection import (
    LONGEST_PAUSE_S,
    PauseInput,
    ScopeInput,
    status_of,
)
from sinkhole.control.operations.protection import pause as pause_operation
from sinkhole.control.operations.protection import resume as resume_operation
from sinkhole.control.web.adguard.answers import NOTHING, OK, Nothing, Text
from sinkhole.control.web.adguard.asked import Asked, Body, bad_request
from sinkhole.control.web.refusals import Refused

VERSION: Final = "v0.107.79"
"""The version of that server whose API this is: programs ask for one that they know."""

LANGUAGE: Final = "en"
THEME: Final = "auto"

_MS: Final = 1000
_DAY_S: Final = 86_400
_NO_PROFILE: Final = (
    "sinkhole's page keeps language and colours in each browser: there is nothing to set here"
)
_NO_DHCP: Final = "sinkhole has no DHCP server: the router, or dnsmasq beside it, gives addresses"


async def status(asked: Asked) -> dict[str, Any]:
    """GET status."""
    told, protection = asked.house.status(), status_of(asked.house)
    addresses = [str(each) for each in told["listen"]]
    return {
        "version": VERSION,
        "language": LANGUAGE,
        "dns_addresses": [_without_port_53(each) for each in addresses],
        "dns_port": next((_port(each) for each in addresses), 53),
        "http_port": _port(asked.request.host) or asked.settings.web.listen.port,
        "protection_enabled": protection.enabled,
        "protection_disabled_duration": int((protection.left_s or 0) * _MS),
        "start_time": told["started"] * _MS,
        "dhcp_available": False,
        "running": bool(addresses),
    }


class _Protection(Body):
    enabled: bool = False
    duration: int = Field(default=0, ge=0)


async def protection(asked: Asked) -> Text:
    """POST protection: the pause for everybody; a duration of 0 is for good."""
    given = await asked.body(_Protection)
    if given.enabled and given.duration:
        raise bad_request("Setting a duration is only allowed with protection disabling")
    await protect(asked, given.enabled, given.duration / _MS)
    return OK


async def protect(asked: Asked, enabled: bool, seconds: float = 0) -> None:
    """Switch the filter on, or off for so many seconds, 0 for good."""
    if enabled:
        await asked.do(resume_operation, ScopeInput())
        return
    if seconds > LONGEST_PAUSE_S:
        raise bad_request(f"a pause lasts {LONGEST_PAUSE_S // 86_400} days at most")
    await asked.do(pause_operation, PauseInput(seconds=seconds or None))


def _port(address: str) -> int:
    digits = address.rpartition(":")[2]
    return int(digits) if ":" in address and digits.isdigit() else 0


def _without_port_53(address: str) -> str:
    host, _, port = address.rpartition(":")
    return host.strip("[]") if port == "53" else address


# ---- updates -----------------------------------------------------------------------------------


async def version(asked: Asked) -> dict[str, bool]:
    """GET or POST version.json: nothing looks for newer versions."""
    return {"disabled": True}


async def update(asked: Asked) -> Nothing:
    """POST update: refused."""
    raise bad_request("sinkhole does not replace itself: update it as it was installed")


# ---- the profile -------------------------------------------------------------------------------


async def profile(asked: Asked) -> dict[str, str]:
    """GET profile: who asks."""
    return {"name": asked.actor.name, "language": LANGUAGE, "theme": THEME}


class _Profile(Body):
    name: str = ""
    language: str = LANGUAGE
    theme: str = THEME


async def change_profile(asked: Asked) -> Text:
    """PUT profile/update: refused where something would be another."""
    given = await asked.body(_Profile)
    if (given.language or LANGUAGE, given.theme or THEME) != (LANGUAGE, THEME):
        raise bad_request(_NO_PROFILE)
    return OK


async def language(asked: Asked) -> dict[str, str]:
    """GET i18n/current_language."""
    return {"language": LANGUAGE}


class _Language(Body):
    language: str


async def change_language(asked: Asked) -> Text:
    """POST i18n/change_language: refused where it would be another."""
    if (await asked.body(_Language)).language not in ("", LANGUAGE):
        raise bad_request(_NO_PROFILE)
    return OK


# ---- the wizard --------------------------------------------------------------------------------


async def install(asked: Asked) -> Nothing:
    """Everything below install: there is no wizard any more, as there after the first start."""
    text = "there is no wizard here: make an account by `sinkhole account add`, or on the page"
    raise Refused(403, "forbidden", text)


# ---- DHCP --------------------------------------------------------------------------------------


async def dhcp_status(asked: Asked) -> dict[str, Any]:
    """GET dhcp/status: off, and empty."""
    nothing = dict.fromkeys(("gateway_ip", "subnet_mask", "range_start", "range_end"), "")
    return {
        "enabled": False,
        "interface_name": "",
        "v4": {**nothing, "lease_duration": 0},
        "v6": {"range_start": "", "lease_duration": _DAY_S},
        "leases": [],
        "static_leases": [],
    }


async def dhcp_interfaces(asked: Asked) -> dict[str, Any]:
    """GET dhcp/interfaces: none that could serve it."""
    return {}


class _Dhcp(Body):
    enabled: bool = False


async def change_dhcp(asked: Asked) -> Nothing:
    """POST dhcp/set_config: that it is off is so already."""
    if (await asked.body(_Dhcp)).enabled:
        raise bad_request(_NO_DHCP)
    return NOTHING


async def find_dhcp(asked: Asked) -> dict[str, Any]:
    """POST dhcp/find_active_dhcp: not looked for, which is an error in form."""
    unknown = {"found": "error", "error": _NO_DHCP}
    static = {"static": "error", "error": _NO_DHCP}
    return {
        "v4": {"other_server": unknown, "static_ip": static},
        "v6": {"other_server": unknown},
    }


async def no_lease(asked: Asked) -> Nothing:
    """POST for a lease: refused."""
    raise bad_request(_NO_DHCP)


async def nothing_to_reset(asked: Asked) -> Nothing:
    """POST dhcp/reset and reset_leases: there is nothing, before as after."""
    return NOTHING
