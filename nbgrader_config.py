"""The root of this repository is an nbgrader course.

nbgrader runs this file up to three times a command, and formgrader once more before each action. It must be quick, and it
must never fail: nbgrader would go on without any of these settings. So it reports a lesson that cannot be built, and
generate_assignment refuses that lesson (autograder/preprocessors.py).
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # this clone's own autograder, installed or not

# A new gradebook runs the `alembic` command, which lies beside Python; a virtual environment need not be on PATH.
BESIDE_PYTHON = str(Path(sys.executable).parent)
if BESIDE_PYTHON not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = BESIDE_PYTHON + os.pathsep + os.environ.get("PATH", "")

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - nbgrader puts it there

c.CourseDirectory.course_id = "nn-linear-by-hand"
c.CourseDirectory.root = str(ROOT)
# Every other file of a source folder goes to the students, and the Markdown holds the solutions.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.md", ".*"]

# release/ is in git. Without force nbgrader takes it for already generated, and the gradebook stays empty.
c.GenerateAssignment.force = True
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}  # wordless: the words stand in three languages
c.ClearSolutions.text_stub = ""

# A check stops by itself after 10 s; this is for a learner's own endless loop elsewhere in the notebook.
c.Execute.timeout = 30
# Asked politely, a kernel takes 0.7 s of a notebook's 3 to end; it has nothing left to save.
c.Execute.shutdown_kernel = "immediate"

from autograder.config import add_our_steps, build_notebooks  # noqa: E402 - needs the path above

add_our_steps(c)
build_notebooks(ROOT)
