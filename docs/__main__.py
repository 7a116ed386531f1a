"""`python -m docs`: write the generated parts of the documentation anew (`make docs`)."""

import sys

from docs.blocks import ROOT, filled, pages
from docs.contents import generators, missing_pages


def main() -> int:
    """Write what has changed, and say what that was; answers the exit status."""
    for name, text in missing_pages().items():
        (ROOT / name).write_text(text)
    found = generators()
    for page in pages():
        before = page.read_text()
        after = filled(before, found)
        if after != before:
            page.write_text(after)
            print(page.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
