"""Fixtures of the browser tests: one server and one Chromium for all, a fresh page for each test.

Where Chromium or Playwright is missing the tests are skipped with the reason; with
DQNLIB_REQUIRE_BROWSER set in the environment they fail instead.
"""

import os

import harness
import pytest


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    """The running `harness.Server`; its folder ``root`` holds copies of the notebooks."""
    reason = harness.missing()
    if reason and os.environ.get("DQNLIB_REQUIRE_BROWSER"):
        pytest.fail(f"DQNLIB_REQUIRE_BROWSER is set, but {reason}")
    elif reason:
        pytest.skip(reason)
    server = harness.Server(tmp_path_factory.mktemp("jupyterlab"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium(jupyterlab):
    """A headless Chromium, as Playwright's Browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=harness.chromium_path(), args=harness.CHROMIUM_FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture
def open_notebook(jupyterlab, chromium):
    """Opens notebooks: ``open_notebook(path)``, or ``open_notebook([code, code])`` for a new one.

    path: as seen from the folder notebooks/. Further arguments: see `harness.NotebookPage`.
    """
    pages = []

    def open_it(what, **options) -> harness.NotebookPage:
        if isinstance(what, str):
            path = f"notebooks/{what}"
        else:
            path = jupyterlab.write_notebook(f"scratch/test_{len(pages)}.ipynb", what)
        pages.append(harness.NotebookPage(chromium, jupyterlab, path, **options))
        return pages[-1]

    yield open_it
    for page in pages:
        page.close()
