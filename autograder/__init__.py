"""What an instructor runs: building the lessons, and later grading a class.

    lesson.py        a lesson's Markdown, its cells with their lines, and the notebook it gives
    notebooks.py     writes source/NN_name/NN_name.ipynb where it is missing or older than its Markdown
    gates/           what a lesson has to hold before it is built, one module a kind of defect
    preprocessors.py the two steps of ours in nbgrader's own generate_assignment
    build.py         source → release

The way of imports is autograder → course, never back.
"""
