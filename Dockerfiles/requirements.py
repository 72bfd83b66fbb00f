"""The requirements of one extra of pyproject.toml, one a line: `python requirements.py EXTRA`.

An image installs these in a layer of its own, which stays when other lines of pyproject.toml
change. A second argument takes the place of the requirement `tensorflow`'s name:
`tensorflow[and-cuda]`.
"""

import re
import sys
import tomllib
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Print them; 2 for a wrong command line."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    if len(arguments) not in (1, 2) or arguments[0] not in extras:
        print(f"usage: python requirements.py {{{','.join(extras)}}} [TENSORFLOW]", file=sys.stderr)
        return 2
    tensorflow = arguments[1] if len(arguments) == 2 else "tensorflow"
    for requirement in extras[arguments[0]]:
        print(re.sub(r"^tensorflow(?=[>=<~! ;]|$)", tensorflow, requirement))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
