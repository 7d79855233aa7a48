"""What upstreams are told of where a client is (ECS, RFC 7871): nothing, if the settings don't say.

With it, answers of some names differ by where the client is. So a question carries what is told
(`Question.subnet`), and its answer is for that subnet alone, unless the upstream says that it is
for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.policy.refused_addresses import is_private
from sinkhole.dns.wire.options import NO_SUBNET, subnet_option


class ClientSubnet:
    """One network for all clients (`fixed`), or else the first bits of each client's address."""

    def __init__(
        self, fixed: Network | None = None, *, ipv4_bits: int = 24, ipv6_bits: int = 56
    ) -> None:
        self._bits = {4: ipv4_bits, 16: ipv6_bits}
        self._fixed = b""
        if fixed is not None:
            self._fixed = subnet_option(fixed.network_address.packed, fixed.prefixlen)

    @property
    def differs(self) -> bool:
        """Whether it is not the same for every client."""
        return not self._fixed

    def of(self, packed: bytes) -> bytes:
        """The option's content for a client at an address of 4 or 16 bytes.

        Of addresses that nobody outside knows nothing is told; that they are asked for is, so that
        the upstream does not tell ours instead (§7.1.2, §11.1).
        """
        if self._fixed:
            return self._fixed
        if not packed or is_private(packed):
            return NO_SUBNET
        return subnet_option(packed, self._bits[len(packed)])


class ClientSubnets:
    """What is told by upstream set; sets without an entry are told nothing."""

    def __init__(self, sets: Mapping[str, ClientSubnet] | None = None) -> None:
        self._sets = dict(sets or {})
        self._differing = tuple(each for each in self._sets.values() if each.differs)

    def __len__(self) -> int:
        """The number of sets that are told something."""
        return len(self._sets)

    @property
    def differ(self) -> bool:
        """Whether any set is told of each client where it is."""
        return bool(self._differing)

    def of(self, via: str, packed: bytes) -> bytes:
        """What a set is told of a client, b"" for nothing."""
        subnet = self._sets.get(via)
        return b"" if subnet is None else subnet.of(packed)

    def apart(self, packed: bytes) -> bytes:
        """What tells a client from others: all that any set is told of it, b"" where that is
        nothing of its own."""
        told = [each.of(packed) for each in self._differing]
        return b"".join(each for each in told if each != NO_SUBNET)
