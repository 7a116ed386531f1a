"""The authority, the certificates that it signs, and whom clients believe."""

import contextlib
import os
import ssl
import stat
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from runtime.settings import Settings
from server import certificates
from server.certificates import Authority, CertificateError


def shake(server: ssl.SSLContext, client: ssl.SSLContext, name: str | None) -> ssl.SSLObject:
    """A handshake without a network; answers the client's side. Raises ssl.SSLError."""
    ways = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = (
        client.wrap_bio(ways[0], ways[1], server_hostname=name),
        server.wrap_bio(ways[1], ways[0], server_side=True),
    )
    for _ in range(4):
        for side in sides:
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return sides[0]


def trusting(settings: Settings) -> ssl.SSLContext:
    """A client that trusts the settings' authority and takes every rule seriously."""
    client = ssl.create_default_context(cafile=certificates.folder(settings) / "ca.pem")
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    return client


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder, and names of their own."""
    return Settings(
        tls=True,
        data=tmp_path,
        hosts=["127.0.0.1", "::1", "10.1.2.3"],
        served_hostnames=["AWS.example.org.", "stack"],
        allowed_hosts=["*"],
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The authority's folder."""
    return certificates.folder(Settings(data=tmp_path))


# names ------------------------------------------------------------------------------------------


def test_clients_believe_our_names(settings: Settings) -> None:
    server = certificates.context(settings)
    client = trusting(settings)
    for name in (
        "localhost",
        "bucket.localhost",
        "bucket.s3.localhost",
        "bucket.s3.eu-west-1.localhost",
        "LOCALHOST.localstack.cloud",
        "sqs.eu-west-1.localhost.localstack.cloud",
        "127.0.0.1",
        "::1",
        "10.1.2.3",
        "stack",
        "bucket.stack",
        "bucket.s3.stack",
        "bucket.s3.aws.example.org",
        "s3.amazonaws.com",
        "bucket.s3.amazonaws.com",
        "bucket.s3.eu-central-1.amazonaws.com",
        "111122223333.s3-control.eu-central-1.amazonaws.com",
        "sts.cn-north-1.amazonaws.com.cn",
    ):
        assert shake(server, client, name).version() == "TLSv1.3", name


@pytest.mark.parametrize(
    "name", ["example.com", "amazonaws.com.example", "evilamazonaws.com", "10.9.9.9"]
)
def test_they_do_not_believe_others(name: str, settings: Settings) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(certificates.context(settings), trusting(settings), name)


def test_a_client_may_ask_for_no_name(settings: Settings) -> None:
    server = certificates.context(settings)
    client = trusting(settings)
    client.check_hostname = False
    assert shake(server, client, None).version()


def test_names_are_not_kept_without_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "_MOST_NAMES", 3)
    signed: list[str] = []
    sign = Authority.sign

    def counted(self: Authority, names: list[str]) -> tuple[x509.Certificate, certificates.Key]:
        signed.append(names[0])
        return sign(self, names)

    monkeypatch.setattr(Authority, "sign", counted)
    server, client = certificates.context(settings), trusting(settings)
    del signed[:]
    for label in ("a", "b", "c", "d", "d", "c", "b", "e", "c", "a"):
        shake(server, client, f"x.{label}.amazonaws.com")
    assert signed == [f"*.{label}.amazonaws.com" for label in "abcdea"]


def test_names_that_hold_other_letters_serve_too(tmp_path: Path) -> None:
    settings = Settings(tls=True, data=tmp_path, served_hostnames=["bücher.example"])
    server = certificates.context(settings)
    assert shake(server, trusting(settings), "s3.bücher.example").version()
    with pytest.raises(CertificateError, match=r"a\.\.b is not a host's name"):
        certificates.context(Settings(tls=True, data=tmp_path, served_hostnames=["a..b"]))


# the authority ------------------------------------------------------------------------------------


def test_it_is_made_once_and_its_key_is_private(place: Path) -> None:
    first = Authority.of(place)
    before = first.path.read_bytes()
    assert Authority.of(place).path.read_bytes() == before
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "ca-key.pem").stat().st_mode) == 0o600
    assert {path.name for path in place.iterdir()} == {"ca.pem", "ca-key.pem", "lock"}


def test_servers_that_start_at_once_agree_on_one(place: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: Authority.of(place).sign(["x"])[0], range(8)))
    authority = x509.load_pem_x509_certificate((place / "ca.pem").read_bytes())
    for certificate in made:
        certificate.verify_directly_issued_by(authority)


def _damage(place: Path) -> None:
    (place / "ca.pem").write_bytes((place / "ca.pem").read_bytes()[:200])


def _take_key(place: Path) -> None:
    (place / "ca-key.pem").unlink()


def _change_key(place: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    (place / "ca-key.pem").write_bytes(certificates._key_text(other))


@pytest.mark.parametrize("harm", [_damage, _take_key, _change_key])
def test_one_that_is_of_no_use_is_made_anew(harm: Callable[[Path], None], place: Path) -> None:
    before = Authority.of(place).path.read_bytes()
    harm(place)
    assert Authority.of(place).path.read_bytes() != before
    assert certificates._read(place / "ca.pem", place / "ca-key.pem") is not None


def test_one_that_ends_soon_is_made_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "AUTHORITY_DAYS", 29)
    before = Authority.of(place).path.read_bytes()
    monkeypatch.undo()
    assert Authority.of(place).path.read_bytes() != before


def test_what_it_signs_is_what_strict_clients_take(place: Path) -> None:
    long = f"{'a' * 60}.{'b' * 60}.example"
    certificate, _ = Authority.of(place).sign([long, "127.0.0.1"])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [long]
    assert [str(name) for name in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days <= 825
    authority = x509.load_pem_x509_certificate((place / "ca.pem").read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert limits.critical
    assert (limits.value.ca, limits.value.path_length) == (True, 0)


# folders ------------------------------------------------------------------------------------------


def test_without_data_it_is_in_the_first_folder_that_can_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, folder in (
        ("FOGBANK_CACHE", "chosen"),
        ("XDG_CACHE_HOME", "cache"),
        ("HOME", "home"),
    ):
        monkeypatch.setenv(name, str(tmp_path / folder))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    assert certificates.folder(Settings()) == tmp_path / "chosen/certificates"
    monkeypatch.delenv("FOGBANK_CACHE")
    assert certificates.folder(Settings()) == tmp_path / "cache/fogbank/certificates"
    monkeypatch.delenv("XDG_CACHE_HOME")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.cache").write_text("a file where a folder should be")
    assert certificates.folder(Settings()).is_relative_to(tmp_path / "tmp")


def test_a_folder_of_somebody_else_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4242)
    with pytest.raises(CertificateError, match="no certificates can be kept in"):
        certificates.folder(Settings(data=tmp_path))


# given certificates ------------------------------------------------------------------------------


def test_a_given_certificate_is_used(tmp_path: Path, place: Path) -> None:
    certificate, key = Authority.of(place).sign(["own.example"])
    path, secret = tmp_path / "own.pem", tmp_path / "own-key.pem"
    path.write_bytes(certificates._text(certificate))
    secret.write_bytes(certificates._key_text(key))
    settings = Settings(tls=True, data=tmp_path, tls_certificate=path, tls_key=secret)
    server = certificates.context(settings)
    assert server.minimum_version == ssl.TLSVersion.TLSv1_2
    assert shake(server, trusting(settings), "own.example").selected_alpn_protocol() is None
    for wrong in (tmp_path / "missing.pem", place / "ca-key.pem", path):
        settings.tls_key = wrong
        with pytest.raises(CertificateError, match=f"own.pem with the key {wrong} cannot be used"):
            certificates.context(settings)


def test_no_key_is_left_in_temporary_files(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    certificates.context(settings)
    assert list((tmp_path / "tmp").iterdir()) == []
