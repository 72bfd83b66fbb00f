import sys

from colorway import run
from soak.cli import main

if __name__ == "__main__":
    sys.exit(run(main))
