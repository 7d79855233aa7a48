"""Lease files as the four servers write them."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from sinkhole.control.devices.leases import MOST_LEASES, Lease, read_leases

TABLET, PHONE = bytes.fromhex("020000000007"), bytes.fromhex("020000000008")

DNSMASQ = """\
1764460800 02:00:00:00:00:07 192.0.2.7 Tablet 01:02:00:00:00:00:07
0 02:00:00:00:00:08 192.0.2.8 * *
1764460800 06-02:00:00:00:00:09 192.0.2.9 printer *
duid 00:01:00:01:2a:aa:bb:cc:02:00:00:00:00:01
1764460800 16777223 2001:db8::7 tablet 00:01:00:01:2a:aa:bb:cc:02:00:00:00:00:07
this is no lease
"""

ISC = """\
# The format of this file is documented in the dhcpd.leases(5) manual page.
# This lease file was written by isc-dhcp-4.4.3-P1

# authoring-byte-order entry is generated, DO NOT DELETE
authoring-byte-order little-endian;

lease 192.0.2.7 {
  starts 6 2026/11/28 10:00:00;
  ends 6 2026/11/28 22:00:00;
  tstp 6 2026/11/28 22:00:00;
  cltt 6 2026/11/28 10:00:00;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 02:00:00:00:00:08;
  uid "\\001\\002\\000\\000\\000\\000\\010";
  client-hostname "old-phone";
}
lease 192.0.2.8 {
  starts 6 2026/11/28 10:00:00;
  ends never;
  binding state active;
  hardware ethernet 02:00:00:00:00:08;
  client-hostname "Phone";
}
lease 192.0.2.7 {
  starts 0 2026/11/29 10:00:00;
  ends 0 2026/11/29 22:00:00;
  binding state active;
  hardware ethernet 02:00:00:00:00:07;
  client-hostname "tablet";
}
lease 192.0.2.9 {
  binding state active;
  hardware ethernet 02:00:00:00:00:09;
}
lease 192.0.2.9 {
  binding state free;
  hardware ethernet 02:00:00:00:00:09;
}
server-duid "\\000\\001\\000\\001";
lease 192.0.2.10 {
  binding state active;
"""

KEA4 = """\
address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id
192.0.2.7,02:00:00:00:00:08,01:02:00:00:00:00:08,3600,1764460800,1,0,0,old,0,,0
192.0.2.7,02:00:00:00:00:07,01:02:00:00:00:00:07,3600,1764464400,1,0,0,tablet.example.org.,0,,0
192.0.2.8,02:00:00:00:00:08,,3600,1764464400,1,0,0,phone,0,{ "a": 1&#x2c "b": 2 },0
192.0.2.9,02:00:00:00:00:09,,3600,1764464400,1,0,0,gone,0,,0
192.0.2.9,02:00:00:00:00:09,,0,1764464400,1,0,0,gone,0,,0
192.0.2.10,,,3600,1764464400,1,0,0,,1,,0
"""

KEA6 = """\
address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id
2001:db8::7,00:03:00:01:02:00:00:00:00:07,4000,1764460800,1,3000,0,1,128,0,0,tablet,02:00:00:00:00:07,0,,1,2,0
2001:db8:1::,00:03:00:01:02:00:00:00:00:07,4000,1764460800,1,3000,2,1,56,0,0,,02:00:00:00:00:07,0,,1,2,0
"""

ODHCPD = """\
2001:db8::7\ttablet.example\ttablet
# br-lan 000100012aaabbcc020000000007 7 tablet 1764460800 7 128 2001:db8::7/128 fd00::7/128
# br-lan 0004deadbeef 8 - -1 8 128 2001:db8::8/128
# br-lan 000300010200000000ff 9 router 1764460800 9 56 2001:db8:100::/56
192.0.2.7\ttablet.example\ttablet
# br-lan 020000000007 ipv4 tablet 1764460800 c0000207 32 192.0.2.7/32
# br-lan 020000000009 ipv4 broken\\x20name 1764460800 c0000209 32 192.0.2.9/32
"""


def told(text: str) -> dict[str, tuple[str, str]]:
    leases = read_leases(text)
    return {
        str(ip_address(packed)): (lease.mac.hex(":"), lease.name)
        for packed, lease in leases.items()
        if lease.address == packed
    }


def test_dnsmasq() -> None:
    assert told(DNSMASQ) == {
        "192.0.2.7": ("02:00:00:00:00:07", "tablet"),
        "192.0.2.8": ("02:00:00:00:00:08", ""),
        "192.0.2.9": ("", "printer"),  # of another kind of network
        "2001:db8::7": ("", "tablet"),
    }


def test_isc_where_the_last_word_counts_and_what_is_free_is_nobodys() -> None:
    assert told(ISC) == {
        "192.0.2.8": ("02:00:00:00:00:08", "phone"),
        "192.0.2.7": ("02:00:00:00:00:07", "tablet"),
    }


def test_kea() -> None:
    assert told(KEA4) == {
        "192.0.2.7": ("02:00:00:00:00:07", "tablet.example.org"),
        "192.0.2.8": ("02:00:00:00:00:08", "phone"),
    }
    assert told(KEA6) == {"2001:db8::7": ("02:00:00:00:00:07", "tablet")}


def test_kea_goes_on_from_what_it_cleaned_up() -> None:
    head = KEA4.splitlines()[0]
    line = "192.0.2.8,02:00:00:00:00:08,,0,1764464400,1,0,0,phone,0,,0"
    leases = read_leases(f"{head}\n{line}\n", read_leases(KEA4))
    assert [each.name for each in leases.values()] == ["tablet.example.org"]


def test_odhcpd() -> None:
    assert told(ODHCPD) == {
        "2001:db8::7": ("02:00:00:00:00:07", "tablet"),
        "fd00::7": ("02:00:00:00:00:07", "tablet"),
        "2001:db8::8": ("", ""),
        "192.0.2.7": ("02:00:00:00:00:07", "tablet"),
        "192.0.2.9": ("02:00:00:00:00:09", ""),
    }


def test_odhcpd_where_it_only_names() -> None:
    assert told("2001:db8::7\ttablet.example\n") == {"2001:db8::7": ("", "tablet.example")}


@pytest.mark.parametrize("text", [DNSMASQ, ISC, KEA4, KEA6, ODHCPD, "", "\0\n\ufffd"])
def test_a_file_that_is_cut_anywhere_is_read_as_far_as_it_goes(text: str) -> None:
    for end in range(0, len(text), 7):
        for lease in read_leases(text[:end]).values():
            assert isinstance(lease, Lease)


def test_a_file_without_end() -> None:
    lines = (
        f"0 02:00:00:00:00:07 10.{n >> 16}.{n >> 8 & 255}.{n & 255} t *" for n in range(10_100)
    )
    assert len(read_leases("\n".join(lines))) == MOST_LEASES
