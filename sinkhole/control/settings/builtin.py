"""Settings of what the filter does by itself, without any list."""

from __future__ import annotations

from typing import Annotated

from sinkhole.control.settings.addresses import Network
from sinkhole.control.settings.fields import Section, flag, host_name, network


class BuiltinSettings(Section):
    """Protections that people expect without asking for them; each can be switched off."""

    doh_canary: Annotated[bool, flag()] = True
    """Tell Firefox not to pass by this server: use-application-dns.net does not exist."""
    private_relay: Annotated[bool, flag()] = True
    """Tell Apple's devices the same about iCloud Private Relay."""
    discovery: Annotated[bool, flag()] = True
    """Tell devices that look for an encrypted resolver here that there is none (RFC 9462)."""
    rebinding: Annotated[bool, flag()] = True
    """Refuse answers from the internet that lead into the home network."""
    rebinding_allow: tuple[Annotated[str, host_name()], ...] = ()
    """Names whose answers may lead there, with everything below them."""
    bogus_nxdomain: tuple[Annotated[Network, network()], ...] = ()
    """Addresses that providers give for names that don't exist."""
