"""
Pages and Jupyter servers for the tests that look at what a learner sees.

They must withstand: a user's own Jupyter settings (none are read), a network (no other host is found, and a request to one
fails the test), and a test that dies (every server and its kernels end with the session).
"""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pages import Server
from playwright.sync_api import Browser, BrowserContext, Page, expect

REPOSITORY = Path(__file__).resolve().parents[2]
EXTENSION = "nn-linear-by-hand"
TOKEN = "of-the-tests"
PATIENCE = 90  # seconds until a server or a page that does not answer is given up; they take about 4

VIEWPORT = {"width": 1280, "height": 900}
OUTSIDE = re.compile(r"(?:https?|wss?)://(?!127\.0\.0\.1[:/]|localhost[:/])")

# As `course lab` presets things: for everybody on this server, yielding to what a user chooses.
PRESETS = {
    f"{EXTENSION}:plugin": {"languages": ["zh"]},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all pages of a session, so that JupyterLab's scripts are read once and then come from the cache."""
    context = browser.new_context(viewport=VIEWPORT, locale="en-US")
    yield context
    context.close()


@contextlib.contextmanager
def new_page(context: BrowserContext) -> Iterator[Page]:
    """An empty page, 1280 × 900. An error at its end if it asked anyone but this machine for anything."""
    asked: list[str] = []
    page = context.new_page()
    # Listened to, not routed: a route would turn the browser's cache off.
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.set_viewport_size(VIEWPORT)
    page.set_default_timeout(PATIENCE * 1000)
    expect.set_options(timeout=PATIENCE * 1000 / 3)
    yield page
    page.close()
    outside = [url for url in asked if OUTSIDE.match(url)]
    assert outside == [], f"the page asked other hosts: {outside}"


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of the test's own; see `new_page`."""
    with new_page(context) as page:
        yield page


@pytest.fixture(scope="session")
def kept_page(context: BrowserContext) -> Iterator[Page]:
    """One page for the tests that open their notebook in a JupyterLab that is there: opening JupyterLab takes seconds."""
    with new_page(context) as page:
        yield page


@contextlib.contextmanager
def jupyter(command: str, folder: Path, *, config: Path | None = None) -> Iterator[Server]:
    """
    A running `jupyter lab` or `jupyter notebook` on a port of its own, with the lab extension as it lies in this tree.

    Args: command: "lab" or "notebook". folder: served; what the server writes goes beside it. config: another server's
    configuration folder, to share its user's settings.
    """
    own = folder.with_name(folder.name + "-jupyter")
    config = config or own / "config"
    for path in (folder, config / "labconfig", own / "share/labextensions"):
        path.mkdir(parents=True, exist_ok=True)
    link = own / "share/labextensions" / EXTENSION
    if not link.exists():
        link.symlink_to(REPOSITORY / "course/labextension", target_is_directory=True)
    (config / "labconfig/default_setting_overrides.json").write_text(json.dumps(PRESETS))
    arguments = [
        "--no-browser",
        f"--ServerApp.token={TOKEN}",
        f"--ServerApp.root_dir={folder}",
        "--expose-app-in-browser",
    ]
    arguments += ["--allow-root"] if os.geteuid() == 0 else []
    module = {"lab": "jupyterlab", "notebook": "notebook"}[command]
    with served([module, *arguments], own, config, JUPYTER_PATH=str(own / "share")) as (url, token):
        yield Server(url, token, folder, config)


@contextlib.contextmanager
def served(module: Sequence[str], own: Path, config: Path, **environment: str) -> Iterator[tuple[str, str]]:
    """
    The address and the token of a Jupyter server that a *module* of Python starts with its arguments. What it writes goes into
    *own*, its user's settings are in *config*; *environment* is added to the environment.
    """
    own.mkdir(parents=True, exist_ok=True)
    places = {
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTERLAB_SETTINGS_DIR": str(config / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "IPYTHONDIR": str(own / "ipython"),
        "XDG_DATA_HOME": str(own / "home/data"),
        "XDG_STATE_HOME": str(own / "home/state"),
        "XDG_CONFIG_HOME": str(own / "home/config"),
    }
    log = own / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module], env=os.environ | places | environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield address(process, own / "runtime", log)
    finally:
        process.terminate()  # a server asked so ends its kernels first
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def address(process: subprocess.Popen, runtime: Path, log: Path) -> tuple[str, str]:
    """Where the server says that it listens, once it answers there, and its token: it takes the next port when one is taken."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(json.JSONDecodeError, OSError, http.client.HTTPException):
                said = json.loads(file.read_text())
                url, token = said["url"], said["token"]
                connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=5)
                connection.request("GET", "/api", headers={"Authorization": f"token {token}"})
                if connection.getresponse().status == 200:
                    return url.replace("localhost", "127.0.0.1").rstrip("/"), token
        time.sleep(0.1)
    pytest.fail(f"the Jupyter server did not start. Its last words:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab, for every test of this session: each brings notebooks of its own."""
    with jupyter("lab", tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def notebook7(tmp_path_factory: pytest.TempPathFactory, lab: Server) -> Iterator[Server]:
    """Notebook 7, on another port, for the same user as *lab*."""
    with jupyter("notebook", tmp_path_factory.mktemp("notebook7"), config=lab.config) as server:
        yield server
