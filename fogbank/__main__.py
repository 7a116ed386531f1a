"""The `fogbank` command: client words run here, `serve` hands over to the application in this very
process.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_INSTALLED = os.path.join(_HERE, "app")
APPLICATION = _INSTALLED if os.path.isdir(_INSTALLED) else os.path.dirname(_HERE)
"""Where server/, services/ and the rest lie: inside this package when installed, beside it in a
checkout.
"""


def main() -> None:
    """Run `fogbank [word] ...` and exit with its status."""
    arguments = sys.argv[1:]
    word = arguments[0] if arguments else "serve"
    if word == "serve" or (word.startswith("-") and word not in ("-h", "--help")):
        sys.path.insert(0, APPLICATION)  # ours before the user's, who may have `services` too
        from server.cli import run as serve

        sys.exit(serve(arguments[1:] if word == "serve" else arguments))
    if not __package__:  # run by its file's name: the package may not be installed
        sys.path.append(os.path.dirname(_HERE))
    from fogbank.commands import run

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
