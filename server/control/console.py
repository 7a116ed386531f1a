"""The console: one static page that is a client of the control API like any other."""

from pathlib import Path

from starlette.responses import Response

from server.control.calls import Call, Refused

FOLDER = Path(__file__).parent / "console"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HEADERS = {
    # Nothing from elsewhere, nothing inline, in nobody's frame: requests that it shows are hostile.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


async def page(call: Call) -> Response:
    """`GET /_fogbank/ui/` and the files that belong to it."""
    name = call.name if "name" in call.path_params else "index.html"
    path = FOLDER / name
    if path.parent != FOLDER or path.suffix not in TYPES or not path.is_file():
        raise Refused(404, f"the console has no '{name}'")
    return Response(path.read_bytes(), headers={**HEADERS, "content-type": TYPES[path.suffix]})
