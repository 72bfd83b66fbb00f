import sys

from colorway import run
from serving.cli import main

if __name__ == "__main__":
    sys.exit(run(main))
