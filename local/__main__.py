import sys

from colorway import run
from local.cli import main

if __name__ == "__main__":
    sys.exit(run(main))
