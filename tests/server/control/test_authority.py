"""The certificate authority's certificate: what makes https to this server trusted."""

import ssl
from pathlib import Path
from urllib.request import urlopen

from fogbank import Server
from tests.server.control.calling import call, refusal


def test_whoever_trusts_it_trusts_the_server(tmp_path: Path) -> None:
    with Server(tls=True, data=tmp_path) as server:
        content = server.control.call("GET", "ca.pem", raw=True)
        context = ssl.create_default_context(cadata=content.decode())
        url = f"{server.endpoint_url}/_fogbank/health"
        with urlopen(url, context=context) as response:
            assert response.status == 200
        plain = call(server, "GET", "/_fogbank/ca.pem")  # the port speaks http, too
        assert plain.content == content
        assert b"PRIVATE" not in content


def test_without_one_it_is_404(server: Server) -> None:
    assert "--tls" in refusal(server, "GET", "/_fogbank/ca.pem", status=404)[0]
