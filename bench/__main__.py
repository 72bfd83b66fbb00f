import sys

from bench.cli import main
from colorway import run

if __name__ == "__main__":
    sys.exit(run(main))
