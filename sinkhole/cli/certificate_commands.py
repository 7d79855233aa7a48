"""The commands about the certificate of encrypted DNS, and what devices have to be told."""

from __future__ import annotations

import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from sinkhole.cli.calling import settings_in_force
from sinkhole.cli.options import config_option, honest
from sinkhole.model.errors import SettingsError, SinkholeError, StorageError
from sinkhole.model.files import PRIVATE, write_atomically

if TYPE_CHECKING:
    from sinkhole.app.server_certificate import ServerCertificate
    from sinkhole.control.settings import Settings

CERTIFICATE, KEY, AUTHORITY = "certificate.pem", "key.pem", "authority.pem"
"""The files that `self-signed` makes."""

_MOST_DAYS = 824
"""Apple's devices take no certificate for more than 825 days, one of which lies before now."""


@click.group("certificate")
def certificate_group() -> None:
    """Make and look at certificates for encrypted DNS."""


@certificate_group.command("self-signed")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder for the files; it must be there. The current one without it.",
)
@click.option(
    "--days",
    type=click.IntRange(1, _MOST_DAYS),
    default=365,
    show_default=True,
    help="For how long it is valid.",
)
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@honest
def self_signed(names: tuple[str, ...], out: Path, days: int, force: bool) -> None:
    """Make a certificate for these names and addresses, to try encrypted DNS out.

    Writes certificate.pem, key.pem (for its owner only) and authority.pem, and says how to use
    them. Devices accept it once authority.pem is installed on them as an authority; the key of
    that was thrown away, so nothing else is trusted by it. Clients with an id, such as
    tablet.dns.example.org, are covered. For a house with a name of its own on the internet, a
    certificate of a public authority needs nothing installed anywhere.

    Exit code 1 when a name is none, a file is there already or cannot be written.
    """
    try:
        from sinkhole.app.self_signed import self_signed as make
    except ImportError:
        missing = 'this needs a library that is missing here: pip install "sinkhole[encrypted]"'
        raise SinkholeError(missing) from None
    hosts = list(dict.fromkeys(_host(name) for name in names))
    files = {name: out / name for name in (CERTIFICATE, KEY, AUTHORITY)}
    if not force and (there := [str(path) for path in files.values() if path.exists()]):
        told = " and ".join(there)
        raise StorageError(f"{told} would be overwritten: give another --out, or --force")
    made = make(hosts, days)
    _write(files[KEY], made.key_pem, PRIVATE)
    _write(files[CERTIFICATE], made.chain_pem, None)
    _write(files[AUTHORITY], made.authority_pem, None)
    click.echo(_how_to_use(hosts, files))


@certificate_group.command("show")
@click.argument("files", nargs=-1, metavar="[CERTIFICATE KEY]")
@config_option
@honest
def show(files: tuple[str, ...], config: Path | None) -> None:
    """Tell whom the certificate is for, how long it is valid, and what is wrong with it.

    Looks at dns.certificate and dns.certificate_key of the settings, or at the two files given.
    Then it says what devices have to be told. Exit code 1 when it cannot be used, or when devices
    would refuse it.
    """
    from sinkhole.app.server_certificate import read_pair
    from sinkhole.control.operations.device_setup import device_setup

    settings = settings_in_force(config)
    if len(files) not in (0, 2):
        raise click.UsageError("give both files, the certificate and its key, or none")
    paths = (Path(files[0]), Path(files[1])) if files else _paths(settings)
    pair = read_pair(*paths)
    click.echo(_in_words(pair))
    name = next(iter((*settings.dns.names, *pair.host_names)), "")
    if name and not files:
        click.echo("\n".join(device_setup(settings, name).lines()))
    if complaints := pair.complaints(time.time()):
        click.echo("\n".join(f"sinkhole: it {each}" for each in complaints), err=True)
    if pair.flaws(time.time()):
        sys.exit(1)


@certificate_group.command("mobileconfig")
@click.argument("name")
@click.option("--id", "client_id", default="", help="The id of the client that the device is.")
@click.option(
    "--protocol",
    type=click.Choice(["https", "tls"]),
    help="DNS over HTTPS or over TLS; what is listened to without it, https first.",
)
@click.option(
    "--authority",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A certificate (PEM) that the device is to trust, such as authority.pem.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; standard output without it.",
)
@config_option
@honest
def mobileconfig(
    name: str,
    client_id: str,
    protocol: Literal["https", "tls"] | None,
    authority: Path | None,
    output: Path | None,
    config: Path | None,
) -> None:
    """Make a profile for iPhone, iPad and Mac, by which they ask this server, encrypted.

    NAME is that of this server, as it stands in its certificate. Send the file to the device, for
    instance by mail or from a web server, and install it in its settings. It is not signed, so the
    device says so. Ports are those of the settings.

    Exit code 1 when nothing listens for that protocol, or a file cannot be read or written.
    """
    from sinkhole.control.operations.device_setup import device_setup

    setup = device_setup(settings_in_force(config), _host(name), _client_id(client_id))
    chosen: Literal["https", "tls"] = protocol or ("https" if setup.https_port else "tls")
    if not (setup.https_port if chosen == "https" else setup.tls_port):
        raise SinkholeError(f"nothing listens for it: dns.{chosen} of the settings is empty")
    profile = setup.mobileconfig(chosen, _der(authority) if authority else b"")
    if output is None:
        click.echo(profile, nl=False)
    else:
        _write(output, profile, None)


def _host(name: str) -> str:
    from sinkhole.control.settings.addresses import parse_host

    try:
        return parse_host(name.partition("%")[0], name)
    except ValueError as error:
        raise SinkholeError(str(error)) from None


def _client_id(text: str) -> str:
    from sinkhole.control.settings.clients_schema import read_client_id

    try:
        return read_client_id(text) if text else ""
    except ValueError as error:
        raise SinkholeError(str(error)) from None


def _paths(settings: Settings) -> tuple[Path, Path]:
    dns = settings.dns
    if dns.certificate is None or dns.certificate_key is None:
        raise SettingsError(
            ["dns.certificate and dns.certificate_key are not set, and no files were given"]
        )
    return dns.certificate, dns.certificate_key


def _der(path: Path) -> bytes:
    import ssl

    try:
        return ssl.PEM_cert_to_DER_cert(path.read_text("ascii"))
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise StorageError(f"{path} is no certificate in PEM, of one certificate only") from None


def _write(path: Path, data: bytes, mode: int | None) -> None:
    try:
        write_atomically(path, [data], mode=mode)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from None


def _how_to_use(hosts: list[str], files: dict[str, Path]) -> str:
    from sinkhole.app.server_certificate import read_pair

    certificate, key = files[CERTIFICATE].absolute(), files[KEY].absolute()
    pair = read_pair(certificate, key)
    upstream = f"tls://{_in_url(hosts[0])}?pin={_pin(pair)}"
    return (
        f"{_in_words(pair)}\n\n"
        "In the settings, with the addresses to listen on:\n\n"
        "dns:\n"
        '  tls: ["0.0.0.0:853"]\n'
        '  https: ["0.0.0.0:443"]\n'
        f'  certificate: "{certificate}"\n'
        f'  certificate_key: "{key}"\n\n'
        f"Devices accept it once {files[AUTHORITY]} is installed on them as an authority.\n"
        f'Another sinkhole does without: upstream.servers: ["{upstream}"]'
    )


def _in_words(pair: ServerCertificate) -> str:
    leaf = pair.leaf
    return "\n".join(
        (
            f"for          {', '.join(leaf.names) or leaf.subject}",
            f"issued by    {leaf.issuer}",
            f"valid        {leaf.not_before:%Y-%m-%d} to {leaf.not_after:%Y-%m-%d}",
            f"key (pin)    {_pin(pair)}",
        )
    )


def _pin(pair: ServerCertificate) -> str:
    return b64encode(pair.leaf.key_sha256).decode()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
