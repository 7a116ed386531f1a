"""Certificates for https: given ones, or those of a certificate authority made on this machine.

The authority is made once, in the data folder or else the user's cache folder, and is what clients
are told to trust (`AWS_CA_BUNDLE=.../ca.pem`). The server's own certificate lives in memory only,
and is new at each start. A name that it lacks gets one when a client first asks for it, if the name
is ours: a certificate's `*` is one label, so that none could hold all of `B.s3.REGION.localhost`.
"""

import contextlib
import fcntl
import ipaddress
import logging
import os
import ssl
import tempfile
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from runtime.clock import Clock
from runtime.settings import Settings
from server.listening import ListenError

log = logging.getLogger("fogbank.server")

AUTHORITY_DAYS = 3650
SERVER_DAYS = 730
"""Apple's clients take no certificate that is valid for more than 825 days."""
_RENEW_DAYS = 30
_EARLIER = timedelta(hours=1)  # a client's clock may be behind ours
_MOST_NAMES = 200
_LONGEST_NAME = 253
_ADDRESSES = ("127.0.0.1", "::1")

Key = ec.EllipticCurvePrivateKey


class CertificateError(ListenError):
    """The certificate that was given, or the authority's folder, can't be used."""


def context(settings: Settings) -> ssl.SSLContext:
    """What https connections are answered with. Raises CertificateError."""
    if settings.tls_certificate is not None:
        made = _context()
        try:
            made.load_cert_chain(settings.tls_certificate, settings.tls_key)
        except (OSError, ssl.SSLError) as failure:
            raise CertificateError(
                f"the certificate {settings.tls_certificate} with the key {settings.tls_key}"
                f" cannot be used: {failure}"
            ) from None
        return made
    authority = Authority.of(folder(settings))
    log.info("https: clients trust us with AWS_CA_BUNDLE=%s", authority.path)
    return Names(settings, authority).context


def folder(settings: Settings) -> Path:
    """Where the authority is kept, made if need be, for this user's eyes only."""
    if settings.data is not None:
        places = [settings.data / "certificates"]
    else:
        chosen = os.environ.get("FOGBANK_CACHE")
        base = os.environ.get("XDG_CACHE_HOME")
        places = [Path(chosen) / "certificates"] if chosen else []
        with contextlib.suppress(RuntimeError):  # a user without a home
            cache = Path(base) if base else Path.home() / ".cache"
            places.append(cache / "fogbank" / "certificates")
        places.append(Path(tempfile.gettempdir()) / f"fogbank-{os.getuid()}" / "certificates")
    for place in places:
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Whoever can write there can make us serve what they know the key of.
            if place.stat().st_uid == os.getuid() and os.access(place, os.W_OK):
                place.chmod(0o700)
                return place
        except OSError:
            continue
    raise CertificateError(f"no certificates can be kept in {places[0]}")


class Authority:
    """A certificate authority that signs for names of this machine."""

    def __init__(self, path: Path, certificate: x509.Certificate, key: Key) -> None:
        self.path = path
        """The certificate's file, which clients are to trust."""
        self._certificate = certificate
        self._key = key

    @classmethod
    def of(cls, place: Path) -> "Authority":
        """The folder's authority; a new one when there is none, or none that will last a month.

        Raises CertificateError.
        """
        path, secret = place / "ca.pem", place / "ca-key.pem"
        try:
            with (place / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # another server may be about to make one
                found = _read(path, secret)
                if found is None:
                    found = _new_authority()
                    _write(secret, _key_text(found[1]), 0o600)
                    _write(path, _text(found[0]), 0o644)
        except OSError as failure:
            raise CertificateError(f"no certificates can be kept in {place}: {failure}") from None
        return cls(path, *found)

    def sign(self, names: list[str]) -> tuple[x509.Certificate, Key]:
        """A server's certificate for host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self._certificate
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _builder(names[0][:64], key, SERVER_DAYS)
            .issuer_name(issuer.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(authority, critical=False)
            .add_extension(x509.SubjectAlternativeName(map(_general_name, names)), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256()), key

    def context(self, names: list[str]) -> ssl.SSLContext:
        """What answers for these names."""
        certificate, key = self.sign(names)
        made = _context()
        with tempfile.NamedTemporaryFile(prefix="fogbank-") as file:  # ssl reads only files
            file.write(_key_text(key) + _text(certificate))
            file.flush()
            made.load_cert_chain(file.name)
        return made


class Names:
    """The names that a server answers to, each with a certificate that holds it."""

    def __init__(self, settings: Settings, authority: Authority) -> None:
        self._authority = authority
        own = [settings.hostname, *settings.served_hostnames, *settings.allowed_hosts]
        hosts = [host for host in settings.hosts if host not in ("0.0.0.0", "::")]
        bases = dict.fromkeys(
            _ascii(name.lower().strip(".")) for name in ("localhost", *own) if name not in ("*", "")
        )
        self._bases = (*bases, "amazonaws.com", "amazonaws.com.cn")
        names = [
            name
            for base in bases
            for name in ((base,) if _is_address(base) else (base, f"*.{base}", f"*.s3.{base}"))
            if name.count(".") != 1 or "*" not in name  # clients take no `*` before one label
        ]
        self._first = frozenset(names)
        self._made: OrderedDict[str, ssl.SSLContext] = OrderedDict()
        self.context = authority.context(list(dict.fromkeys([*names, *_ADDRESSES, *hosts])))
        """Answers for the names that most clients use, and knows how to answer for the others."""
        self.context.sni_callback = self._named

    def _named(self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        """A client has said which name it wants: ssl calls this within the handshake."""
        if name is None or len(name) > _LONGEST_NAME:
            return
        name = name.lower()
        parent = name.partition(".")[2]
        if name in self._first or f"*.{parent}" in self._first:
            return
        if not any(name == base or name.endswith(f".{base}") for base in self._bases):
            return
        # One certificate serves the name's neighbours: s3.eu-west-1..., sqs.eu-west-1...
        wanted = [name] if parent in self._bases or "." not in parent else [f"*.{parent}", parent]
        key = wanted[0]
        made = self._made.pop(key, None) or self._authority.context(wanted)
        self._made[key] = made
        if len(self._made) > _MOST_NAMES:
            self._made.popitem(last=False)
        connection.context = made


# making ----------------------------------------------------------------------------------------


def _context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.set_alpn_protocols(["http/1.1"])
    return made


def _now() -> datetime:
    """Real time: clients know no other."""
    return datetime.fromtimestamp(Clock.real(), UTC)


def _new_authority() -> tuple[x509.Certificate, Key]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = f"fogbank on {os.uname().nodename}"[:64]
    builder = (
        _builder(name, key, AUTHORITY_DAYS)
        .issuer_name(_subject(name))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return builder.sign(key, hashes.SHA256()), key


def _builder(name: str, key: Key, days: int) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - _EARLIER)
        .not_valid_after(_now() + timedelta(days=days))
        .add_extension(identifier, critical=False)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "fogbank"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _ascii(name: str) -> str:
    """A name as clients write it on the wire. Raises CertificateError."""
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        raise CertificateError(f"{name} is not a host's name") from None


def _general_name(name: str) -> x509.GeneralName:
    if _is_address(name):
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)


# files -----------------------------------------------------------------------------------------


def _read(path: Path, secret: Path) -> tuple[x509.Certificate, Key] | None:
    """An authority's files; None when they are missing, damaged, or near their end."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        key = serialization.load_pem_private_key(secret.read_bytes(), None)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    if not isinstance(key, Key) or certificate.public_key() != key.public_key():
        return None
    if certificate.not_valid_after_utc - _now() < timedelta(days=_RENEW_DAYS):
        return None
    return certificate, key


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file as a whole; nobody else can read a private one for even a moment."""
    half = path.with_name(f"{path.name}.new")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    half.replace(path)


def _text(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_text(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
