import sys

import colorway
from bench.cli import main

if __name__ == "__main__":
    sys.exit(colorway.run(main))
