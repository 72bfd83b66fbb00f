import sys

from colorway import run
from training.cli import main

if __name__ == "__main__":
    sys.exit(run(main))
