"""The certificate authority that `--tls` made: what clients trust this server's https by."""

from pathlib import Path

from starlette.responses import Response

from runtime.settings import Settings
from server.control.calls import Call, Refused


async def show(call: Call) -> Response:
    """`GET /_fogbank/ca.pem`: its certificate, for `AWS_CA_BUNDLE`; over http as well."""
    path = _path(call.runtime.settings)
    if path is None:
        raise Refused(404, "this server made no certificates: see --tls")
    return Response(path.read_bytes(), media_type="application/x-pem-file")


def _path(settings: Settings) -> Path | None:
    if not settings.tls or settings.tls_certificate is not None:
        return None
    from server.certificates import folder  # which without --tls nothing else needs

    return folder(settings) / "ca.pem"
