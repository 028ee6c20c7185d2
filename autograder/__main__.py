"""`python -m autograder`: the command, also where its script is not on PATH."""

import sys

from autograder.cli import main

sys.exit(main())
