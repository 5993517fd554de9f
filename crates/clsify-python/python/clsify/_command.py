"""The program `clsify`."""

import sys

from clsify._core import run_command


def main():
    """Run the program with the arguments of this process."""
    sys.exit(run_command(["clsify", *sys.argv[1:]]))
