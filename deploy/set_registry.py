"""Name the registry of this project's images in deploy/: `python deploy/set_registry.py REGISTRY`.

REGISTRY is what stands before the image's name, as in `registry.example.org/team`.
"""

import re
import sys
from pathlib import Path

# The last name and the tag stay, by which this project's images are told from others.
IMAGE = re.compile(r"^(\s*image: )(?:\S+/)?([^/\s]+:v1[^/\s]*)$", re.MULTILINE)


def main(arguments: list[str]) -> int:
    """Rewrite the files beside this one; 2 for a wrong command line."""
    if len(arguments) != 1 or not re.fullmatch(r"[a-z0-9][a-z0-9._:/-]*[a-z0-9]", arguments[0]):
        print("usage: python deploy/set_registry.py registry.example.org/team", file=sys.stderr)
        return 2
    for path in sorted(Path(__file__).parent.glob("*.yaml")):
        text = path.read_text()
        changed = IMAGE.sub(rf"\g<1>{arguments[0]}/\2", text)
        if changed != text:
            path.write_text(changed)
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
