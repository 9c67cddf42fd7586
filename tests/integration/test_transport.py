"""What the environment of a process says of networks changes nothing of how the credentials travel."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import Credentials
from backorder.provider.port import ProviderError, TemporaryFailure
from local.emulator import Emulator, EmulatorServer, Options
from tests.factories import NOW

LOGIN, PASSWORD = "test.user", "test.passw0rd"


class Listener:
    """A port that takes connections, keeps the first bytes of each, and answers each alike."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.heard: list[bytes] = []
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with suppress(OSError):
                    self._answer(connection)
                connection.close()

    def _answer(self, connection: socket.socket) -> None:
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        self.heard.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def proxy() -> Iterator[Listener]:
    with closing(Listener()) as listener:
        yield listener


@contextmanager
def a_provider(endpoint: str) -> Iterator[HexonetClient]:
    provider = HexonetClient(
        endpoint=endpoint,
        stage="test",
        credentials=lambda: Credentials(LOGIN, PASSWORD),
        pool_size=1,
        connect_timeout=1.0,
        read_timeout=20.0,
        retries=0,
        sleep=lambda _seconds: None,
    )
    with closing(provider):
        yield provider


@pytest.fixture(autouse=True)
def _an_environment_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    proxies = [f"{scheme}_proxy" for scheme in ("http", "https", "all", "no")]
    for variable in (*proxies, *map(str.upper, proxies), "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"])
def test_over_http_no_proxy_of_the_environment_sees_the_form_with_the_credentials(
    variable: str, proxy: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"http://{proxy.address}")
    with EmulatorServer(Emulator(Options(start=NOW))) as server, a_provider(server.url) as provider:
        assert provider.account().currency == "USD"
    assert proxy.heard == []


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_over_https_a_proxy_learns_the_name_of_the_host_and_nothing_else(
    variable: str, proxy: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"http://{proxy.address}")
    with a_provider("https://provider.example/api/call.cgi") as provider, pytest.raises(ProviderError):
        provider.account()
    [heard] = proxy.heard
    assert heard.startswith(b"CONNECT provider.example:443 ")
    assert not any(word in heard for word in (LOGIN.encode(), PASSWORD.encode(), b"s_login", b"api/call.cgi"))


def test_a_login_in_netrc_is_not_sent_beside_ours(
    proxy: Listener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A gateway would take it for the login that counts."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password other.passw0rd\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with a_provider(f"http://{proxy.address}/api/call.cgi") as provider, pytest.raises(ProviderError):
        provider.account()
    [heard] = proxy.heard
    assert heard.startswith(b"POST /api/call.cgi ")
    assert b"authorization" not in heard.lower()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_certificate_that_only_the_environment_trusts_gets_no_form(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = a_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    monkeypatch.setenv(variable, str(certificate))
    with closing(Listener(tls)) as impostor, a_provider(f"https://{impostor.address}/api/call.cgi") as provider:
        with pytest.raises(TemporaryFailure, match="no connection was made"):
            provider.account()
        assert impostor.heard == []


def a_certificate(folder: Path) -> Path:
    """Signed by itself, for this machine, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "impostor")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "impostor.pem"
    path.write_bytes(key.private_bytes(*plain) + certificate.public_bytes(serialization.Encoding.PEM))
    return path
