"""Where AdGuard Home listens, and its certificate: taken only when asked for, as both can't listen
in one place."""

from __future__ import annotations

from typing import Final

from sinkhole.control.imports.branch import Branch
from sinkhole.control.imports.plan import Plan
from sinkhole.control.settings.addresses import Endpoint, parse_host_name
from sinkhole.control.settings.quoting import shown
from sinkhole.model.socket_address import address_text

DNS_PORT: Final = 53
PORTS: Final = {
    "tls": ("port_dns_over_tls", 853),
    "https": ("port_https", 443),
    "quic": ("port_dns_over_quic", 853),
}
WILDCARD: Final = "0.0.0.0"

HOW: Final = "ask for listeners too when AdGuard Home is stopped"


def take_listening(root: Branch, plan: Plan, *, wanted: bool) -> None:
    """Addresses and the certificate; else only a word about what there would be."""
    dns, tls, http = root.below("dns"), root.below("tls"), root.below("http")
    hosts = dns.texts("bind_hosts") or [WILDCARD]
    port = dns.number("port", DNS_PORT)
    page = http.text("address")
    _take_names(tls, plan)
    if not wanted:
        tls.ignore(*(key for key, _ in PORTS.values()), *_CERTIFICATE, "enabled")
        if port != DNS_PORT or hosts != [WILDCARD]:
            text = f"it listens on port {port} of {', '.join(hosts)}: {HOW}"
            plan.left(dns.at("bind_hosts"), text)
        if tls.flag("enabled"):
            plan.left(tls.path, f"encrypted DNS and its certificate are not taken: {HOW}")
    else:
        if dns.flag("serve_plain_dns", True):
            plan.set("dns.listen", _endpoints(hosts, port))
        _take_page(http, page, plan)
        _take_tls(tls, hosts, plan)
    dns.ignore("serve_plain_dns")
    tls.ignore(
        *("force_https", "strict_sni_check", "override_tls_ciphers", "serve_plain_dns"),
    )
    http.ignore("pprof", "session_ttl")
    if http.below("doh").flag("insecure_enabled"):
        text = "DNS over HTTP without encryption is taken from trusted proxies only (dns.proxies)"
        plan.left("http.doh.insecure_enabled", text)
    http.below("doh").ignore("routes")
    if tls.number("port_dnscrypt", 0):
        plan.left(tls.at("port_dnscrypt"), "DNSCrypt is not spoken here")
    tls.ignore("dnscrypt_config_file")


_CERTIFICATE: Final = ("certificate_path", "private_key_path", "certificate_chain", "private_key")


def _take_names(tls: Branch, plan: Plan) -> None:
    if name := tls.text("server_name"):
        try:
            plan.set("dns.names", [parse_host_name(name)])
        except ValueError as error:
            plan.left(tls.at("server_name"), str(error))


def _endpoints(hosts: list[str], port: int) -> list[str]:
    """The addresses with a port; those of every address in both families, as it is there."""
    found = [address_text(host, port) for host in hosts]
    return [f"{WILDCARD}:{port}", f"[::]:{port}"] if hosts == [WILDCARD] else found


def _take_page(http: Branch, address: str, plan: Plan) -> None:
    if not address:
        return
    try:
        plan.set("web.listen", str(Endpoint.parse(address, 80)))
    except ValueError as error:
        plan.left(http.at("address"), str(error))


def _take_tls(tls: Branch, hosts: list[str], plan: Plan) -> None:
    certificate, key = tls.text("certificate_path"), tls.text("private_key_path")
    is_inside = tls.has("certificate_chain") or tls.has("private_key")
    ports = {ours: tls.number(theirs, usual) for ours, (theirs, usual) in PORTS.items()}
    if not tls.flag("enabled"):
        return
    if not certificate or not key:
        text = "no file of the certificate or of its key is named"
        if is_inside:
            text = "certificate and key stand in the settings there: save each in a file, and set"
            text += " dns.certificate and dns.certificate_key to them"
        plan.left(tls.path, text)
        return
    plan.set("dns.certificate", certificate)
    plan.set("dns.certificate_key", key)
    for ours, port in ports.items():
        if port:
            plan.set(f"dns.{ours}", _endpoints(hosts, port))
    text = f"{shown(certificate)} and {shown(key)} must be readable for sinkhole's user"
    plan.differs(tls.path, text)
