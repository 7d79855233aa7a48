"""A pair is read and judged: what cannot be used, and what only some devices take."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from certificates import (
    DAY,
    NOW,
    PEM,
    Certificate,
    authority,
    behind_intermediate,
    client_context,
    expired,
    intermediate,
    leaf,
    not_yet_valid,
    self_signed,
    without_intermediate,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

from sinkhole.app.server_certificate import ServerCertificate, pair_of, read_pair
from sinkhole.model import server_context
from sinkhole.model.errors import CertificateError

NAME = "dns.example.org"
AT = NOW.timestamp()


def read(certificate: Certificate, folder: Path) -> ServerCertificate:
    return read_pair(*certificate.write(folder))


def refusal(chain: bytes, key: bytes, folder: Path) -> str:
    certificate_file, key_file = folder / "c.pem", folder / "k.pem"
    certificate_file.write_bytes(chain)
    key_file.write_bytes(key)
    with pytest.raises(CertificateError) as caught:
        read_pair(certificate_file, key_file)
    return str(caught.value).replace(f"{folder}/", "")


def of_public_authority(*names: str) -> Certificate:
    """Says where its issuer's certificate can be fetched, as those of public authorities do."""
    key = ec.generate_private_key(ec.SECP256R1())
    where = x509.UniformResourceIdentifier("http://ca.example.org/r3.der")
    access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)
    issuer = intermediate()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.x509.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + 90 * DAY)
        .add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    )
    return Certificate(builder.sign(issuer.key, hashes.SHA256()), key)


def shake_hands(context: ssl.SSLContext) -> dict[str, object]:
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context().wrap_bio(ours, theirs, server_hostname=NAME)
    server = context.wrap_bio(theirs, ours, server_side=True)
    waiting = [client, server]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
    return dict(client.getpeercert() or {})


@pytest.mark.parametrize("in_memory", [True, False])
def test_what_is_read_serves_with_all_of_its_chain(
    tmp_path: Path, in_memory: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not in_memory:
        monkeypatch.setattr(server_context, "_HAS_MEMORY_FILES", False)
    pair = read(behind_intermediate(NAME, "127.1.2.3", "*.dns.example.org"), tmp_path)
    assert pair.leaf.names == (NAME, "127.1.2.3", "*.dns.example.org")
    assert pair.host_names == (NAME,)
    assert len(pair.chain) == 2 and pair.complaints(AT) == []
    for file in tmp_path.iterdir():
        file.unlink()
    context = pair.context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert pair.context() is not context
    assert shake_hands(context)["subjectAltName"]


def test_both_may_be_in_one_file_with_words_around_them(tmp_path: Path) -> None:
    good = leaf(NAME)
    file = tmp_path / "both.pem"
    file.write_bytes(b"words\r\n" + good.key_pem + b"subject=x\n" + good.chain_pem)
    pair = read_pair(file, file)
    assert pair.leaf.names == (NAME,)
    assert pair.key_pem == good.key_pem + b"\n" or pair.key_pem == good.key_pem


def test_what_cannot_be_used_is_told_in_words(tmp_path: Path) -> None:
    good, other = leaf(NAME), leaf("other.example.org")
    assert refusal(good.chain_pem, other.key_pem, tmp_path) == (
        "k.pem is not the key of the first certificate in c.pem: that must be the server's own, "
        "with those of its issuers behind it"
    )
    assert refusal(b"", good.key_pem, tmp_path).startswith("c.pem has no certificate in it")
    assert refusal(good.key_pem, good.key_pem, tmp_path).startswith("c.pem has no certificate")
    assert refusal(good.chain_pem, good.chain_pem, tmp_path).startswith("k.pem has no private key")
    assert refusal(good.chain_pem * 11, good.key_pem, tmp_path) == (
        "c.pem has 11 certificates, at most 10 fit"
    )
    damaged = good.chain_pem.replace(b"\n", b"\nA", 2)
    assert refusal(damaged, good.key_pem, tmp_path).startswith("certificate 1 in c.pem is damaged")
    assert refusal(good.chain_pem + bytes(2 << 20), b"", tmp_path) == "c.pem has more than 1 MiB"
    mixed = good.chain_pem + intermediate().chain_pem
    assert "are no chain: that of dns.example.org was issued by Authority" in refusal(
        mixed, good.key_pem, tmp_path
    )
    half = good.key_pem.replace(
        b"-----BEGIN PRIVATE KEY-----\nM", b"-----BEGIN PRIVATE KEY-----\nZ"
    )
    assert "cannot be used" in refusal(good.chain_pem, half, tmp_path)


def test_files_that_are_not_there_or_not_ours_to_read_are_told(tmp_path: Path) -> None:
    good = leaf(NAME)
    chain, key = good.write(tmp_path)
    for pair in ((tmp_path / "none", key), (chain, tmp_path / "none"), (tmp_path, key)):
        with pytest.raises(CertificateError, match=r"cannot be read: (No such|Is a dir)"):
            read_pair(*pair)


def test_a_locked_key_says_how_to_unlock_it(tmp_path: Path) -> None:
    good = leaf(NAME)
    for form in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
        locked = good.key.private_bytes(PEM, form, serialization.BestAvailableEncryption(b"secret"))
        told = refusal(good.chain_pem, locked, tmp_path)
        assert told.startswith("the key in k.pem is locked by a passphrase")
        assert "openssl pkey -in k.pem" in told


def test_a_key_that_was_given_locked_is_called_by_no_path() -> None:
    good = leaf(NAME)
    form = serialization.PrivateFormat.PKCS8
    locked = good.key.private_bytes(PEM, form, serialization.BestAvailableEncryption(b"secret"))
    with pytest.raises(CertificateError) as caught:
        pair_of(good.chain_pem, locked)
    assert str(caught.value) == (
        "the key that was given is locked by a passphrase, which nobody could type at each start: "
        'unlock it with "openssl pkey -in key.pem -out unlocked.pem"'
    )


def test_a_key_of_another_kind_is_another_key(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = refusal(leaf(NAME).chain_pem, key, tmp_path)
    assert told.startswith("k.pem is not the key of the first certificate in c.pem")


def test_flaws_are_told_but_can_be_served(tmp_path: Path) -> None:
    (old,) = read(expired(NAME), tmp_path).flaws(AT)
    assert old == f"has expired on {NOW - DAY:%Y-%m-%d}"
    (young,) = read(not_yet_valid(NAME), tmp_path).flaws(AT)
    assert young == f"is not valid before {NOW + DAY:%Y-%m-%d}: look at the clock"
    (nameless,) = read(authority(), tmp_path).flaws(AT)
    assert nameless == "is for no name (no subjectAltName)"
    (cut,) = read(of_public_authority(NAME), tmp_path).flaws(AT)
    assert cut.startswith("comes without the certificate of its issuer, Intermediate of the tests")


def test_the_houses_own_authority_and_itself_need_no_chain(tmp_path: Path) -> None:
    for good in (leaf(NAME), self_signed(NAME), without_intermediate(NAME)):
        assert read(good, tmp_path).flaws(AT) == []


def test_the_chain_ends_with_whoever_expires_first(tmp_path: Path) -> None:
    pair = read(behind_intermediate(NAME), tmp_path)
    assert pair.left_s(AT) == pytest.approx(30 * 86_400)


def test_an_end_that_comes_near_is_told_when_a_renewal_is_late(tmp_path: Path) -> None:
    pair = read(leaf(NAME), tmp_path)
    end = pair.leaf.not_after.timestamp()
    assert pair.complaints(end - 8 * 86_400) == []
    assert pair.complaints(end - 6.5 * 86_400) == [
        "expires in 6 days, and nothing has renewed it yet"
    ]
    assert pair.flaws(end - 1) == [] and pair.flaws(end) != []
    short = read(leaf(NAME, begins=-timedelta(hours=1), ends=timedelta(days=6)), tmp_path)
    assert short.complaints(AT) == []
    assert short.complaints(short.leaf.not_after.timestamp() - 1.5 * 86_400) != []


def test_an_authority_that_nobody_knows_is_told_where_it_comes_along(tmp_path: Path) -> None:
    alone = self_signed(NAME)
    assert read(alone, tmp_path).authority == alone.x509.public_bytes(serialization.Encoding.DER)
    signed = leaf(NAME)
    whole = Certificate(signed.x509, signed.key, [authority().x509])
    root = authority().x509.public_bytes(serialization.Encoding.DER)
    assert read(whole, tmp_path).authority == root
    assert read(signed, tmp_path).authority == b""
    assert read(behind_intermediate(NAME), tmp_path).authority == b""
