"""Set the registry of this project's images in deploy/*.yaml, and print the files that changed.

make registry REGISTRY=registry.example.org/team
python deploy/set_registry.py registry.example.org/team
"""

import argparse
import re
import sys
from pathlib import Path

# The images of this project are those with such a tag. Their names and tags stay as they are.
IMAGE = re.compile(r"^(\s*image: )(?:\S+/)?([^/\s]+:v1[^/\s]*)$", re.MULTILINE)


def registry(text: str) -> str:
    """`text`, if it can come before an image's name."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._:/-]*[a-z0-9]", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no registry such as registry.example.org/team"
        )
    return text


def main(arguments: list[str]) -> int:
    """Rewrite the files beside this one."""
    parser = argparse.ArgumentParser(
        usage=argparse.SUPPRESS,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "registry", type=registry, metavar="REGISTRY", help="what comes before an image's name"
    )
    chosen = parser.parse_args(arguments).registry
    for path in sorted(Path(__file__).parent.glob("*.yaml")):
        text = path.read_text()
        changed = IMAGE.sub(rf"\g<1>{chosen}/\2", text)
        if changed != text:
            path.write_text(changed)
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
