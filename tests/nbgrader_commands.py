"""Run nbgrader's own commands one after the other in one process: its imports take longer than most of its commands.

python -m tests.nbgrader_commands '[["/folder", "list", "--course", "x"], …]' runs each in its folder, prints what it says below a
line of its own, and stops at the first that fails.
"""

from __future__ import annotations

import json
import os
import sys

from jupyter_core.application import NoStart
from nbgrader.apps.nbgraderapp import NbGraderApp


def run(arguments: list[str]) -> int:
    """One command as the nbgrader executable runs it; its exit code."""
    app = NbGraderApp.instance()
    try:
        app.initialize(arguments)
        app.start()
    except NoStart:  # how a subcommand that is done ends
        return 0
    except SystemExit as stopped:
        return int(stopped.code or 0)
    finally:
        app.reset()
    return 0


if __name__ == "__main__":
    for folder, *command in json.loads(sys.argv[1]):
        os.chdir(folder)
        print("$ nbgrader", *command, flush=True)
        if code := run(command):
            sys.exit(f"nbgrader {' '.join(command)} ended with {code}")
