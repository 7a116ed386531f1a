"""uvicorn's HTTP/1.1, without uvicorn's command line.

The package imports its command line, and click with it, for anybody who wants a part of it: a tenth
of our time to the first answer. Meanwhile an empty module stands for that one.
"""

import sys
from types import ModuleType

__all__ = ["Config", "HttpToolsProtocol", "ServerState"]

_NAME = "uvicorn.main"
_stand_in = ModuleType(_NAME)
vars(_stand_in)["__getattr__"] = lambda name: None  # for whatever the package takes from it
_needed = sys.modules.setdefault(_NAME, _stand_in) is _stand_in
try:
    from uvicorn.config import Config
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    from uvicorn.server import ServerState
finally:
    if _needed:
        del sys.modules[_NAME]
