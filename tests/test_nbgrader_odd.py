"""Stock nbgrader on the other half of the lessons: the tests of test_nbgrader.py, so that two workers share the grading."""

from __future__ import annotations

import pytest

from tests.test_nbgrader import (  # noqa: F401 - fixtures and tests, which pytest finds by their names here
    course,
    environment,
    graded,
    nbgrader,
    scores,
    test_an_untouched_notebook_earns_nothing,
    test_generate_assignment_on_a_fresh_clone_fills_the_gradebook_and_leaves_git_clean,
    test_grading_leaves_git_clean,
    test_one_known_mistake_costs_its_own_points_only,
    test_the_reference_solutions_earn_all_points,
    test_validate_fails_exactly_the_cells_below_full_points_and_prints_their_mistakes,
    test_validate_passes_a_solved_notebook_wherever_it_lies,
    validated,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def half(thorough: bool) -> tuple[str, ...]:
    return graded(thorough)[1::2]
