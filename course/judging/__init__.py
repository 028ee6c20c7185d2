"""Compare, diagnose, score: pure functions on plain arrays. Nothing here runs a learner's code.

from course.judging import judge
verdict = judge(exercise, asked)
"""

from course.judging.judge import judge

__all__ = ["judge"]
