"""
How much is tried, and with what.

A lesson goes the whole way (generated, handed in, graded, run in a browser) in a minute, so with every new lesson all of them
take a minute more. `pytest` takes the first two and the newest; `pytest --thorough`, which CI runs, takes every lesson and
what else is tried once more in another way.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="every lesson the whole way, every draw, every way to draw cells")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("thorough"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("thorough")])
        items[:] = [item for item in items if not item.get_closest_marker("thorough")]


@pytest.fixture(scope="session")
def thorough(request: pytest.FixtureRequest) -> bool:
    return request.config.getoption("thorough")


CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # there is no other host
]


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Playwright's Browser. Without Chromium its tests are left out, or fail where REQUIRE_BROWSER=1."""
    if not CHROMIUM.exists():
        reason = f"there is no Chromium at {CHROMIUM}; install it, or set CHROMIUM to its path"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()
