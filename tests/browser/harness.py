"""Drives a real JupyterLab in a real Chromium, as a learner's hands and eyes would.

`Server` is a JupyterLab of its own, `NotebookPage` an open notebook. The fixtures that make
them are in conftest.py. A test reads like this:

    def test_first_lesson(open_notebook):
        nb = open_notebook("01_tabular_q_learning.ipynb")
        nb.run_all()
        assert nb.errors() == []
        nb.click("Play")

Names of JupyterLab's page parts: tried with JupyterLab 4.6 and ipywidgets 8.1.
"""

import ast
import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-extensions",
]
_NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}  # no pop-up over the page


def missing() -> str | None:
    """Return why browser tests cannot run here, or None if they can."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "Playwright is missing: install tests/requirements.txt"
    try:
        import jupyterlab  # noqa: F401
    except ImportError:
        return "JupyterLab is missing: install requirements.txt"
    if not chromium_path():
        return f"no Chromium on PATH (looked for {', '.join(CHROMIUM_NAMES)})"
    return None


def chromium_path() -> str | None:
    """Return the browser to use: $DQNLIB_CHROMIUM, or the first that is found on PATH."""
    names = (os.environ.get("DQNLIB_CHROMIUM", ""), *CHROMIUM_NAMES)
    return next((path for name in names if name and (path := shutil.which(name))), None)


class Server:
    """A JupyterLab on a free loopback port, with a course folder and settings of its own.

    The folder holds copies of the notebooks and the assets, so that a test may change them;
    `dqnlib` itself comes from the checkout. Nothing of the user's own Jupyter is touched.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.root = folder / "course"
        self.home = folder / "progress"  # the learner's progress: DQNLIB_HOME
        for name in ("notebooks", "assets"):
            ignored = shutil.ignore_patterns(".ipynb_checkpoints")
            if (CHECKOUT / name).exists():
                shutil.copytree(CHECKOUT / name, self.root / name, ignore=ignored)
        (self.root / "notebooks").mkdir(parents=True, exist_ok=True)
        settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(_NO_NEWS))
        self.token = secrets.token_hex(16)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = folder / "jupyterlab.log"
        self._start()

    def _start(self) -> None:
        own = {
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTER_DATA_DIR": "data",
            "IPYTHONDIR": "ipython",
            "DQNLIB_HOME": "progress",
        }
        env = os.environ | {k: str(self.folder / v) for k, v in own.items()}
        path = env.get("PYTHONPATH")
        env["PYTHONPATH"] = os.pathsep.join([str(CHECKOUT), path] if path else [str(CHECKOUT)])
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--allow-root",
            f"--port={self.port}", "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
        ]  # fmt: skip
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=env, cwd=self.root)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                self.api("status")
                return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"JupyterLab did not start:\n{self._log.read_text()[-3000:]}")

    def api(self, path: str, method: str = "GET"):
        """Ask the server's REST interface and return what it answers, from JSON."""
        login = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method, headers=login)
        with urllib.request.urlopen(request, timeout=60) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def stop_kernels(self) -> None:
        for session in self.api("sessions"):
            self.api(f"sessions/{session['id']}", "DELETE")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def write_notebook(self, name: str, cells: list[str]) -> str:
        """Write a notebook of code cells into the course folder; return its path there."""
        code = [
            {"cell_type": "code", "id": f"cell-{i}", "metadata": {}, "source": source,
             "execution_count": None, "outputs": []}
            for i, source in enumerate(cells)
        ]  # fmt: skip
        spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        metadata = {"kernelspec": spec}
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": code}
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(json.dumps(book))
        return name


_READY = """() => {
    const session = window.jupyterapp?.shell.currentWidget?.sessionContext;
    return session?.isReady && session.session?.kernel?.connectionStatus === 'connected'
        && session.session.kernel.status === 'idle';
}"""
# Asked of the model: a long notebook has only the cells in view on the page.
_CODE_CELLS = """window.jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code').map(cell => cell.model)"""
_DONE = f"""wanted => {{
    const code = {_CODE_CELLS};
    const cells = wanted === null ? code.filter(m => m.sharedModel.source.trim()) : [code[wanted]];
    const failed = wanted === null
        && cells.some(m => m.outputs.toJSON().some(o => o.output_type === 'error'));
    return cells.every(m => m.executionState !== 'running'
        && (failed || m.executionCount !== null));
}}"""
_WATCH = """() => {
    window.pictureTimes = [];
    document.addEventListener('load', event => {  // it does not bubble: catch it going down
        const box = event.target.closest?.('.widget-image, img.widget-image');
        if (!box) return;
        const all = [...document.querySelectorAll('.widget-image')];
        window.pictureTimes.push([all.indexOf(box), performance.now()]);
    }, true);
}"""


class NotebookPage:
    """A notebook that is open in JupyterLab. Cells are numbered from 0, code cells alone."""

    def __init__(self, browser, server: Server, path: str, *, width=1280, height=1150, scale=1):
        self.server = server
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=scale
        )
        self.page = self.context.new_page()
        self.page_errors: list[str] = []  # errors of the page's own scripts
        self.page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        self.path = path
        self.panel = self.page.locator(".jp-NotebookPanel:visible")
        self.visit()

    def visit(self) -> None:
        """Open the notebook, or open it anew as a learner who reloads the page.

        A kernel that runs already goes on; changes that were not saved are lost.
        """
        self.page.goto("about:blank")
        # "reset" forgets the layout of the last visit; the token logs in
        self.page.goto(
            f"{self.server.url}/lab/tree/{self.path}?token={self.server.token}&reset",
            wait_until="domcontentloaded",
        )
        self.panel.wait_for(timeout=60_000)
        # the toolbar says idle before there is a kernel, and a Run All given then is lost
        self.page.wait_for_function(_READY, timeout=60_000)
        self.page.evaluate(_WATCH)

    def close(self) -> None:
        """Close the page and stop its kernel."""
        self.context.close()
        self.server.stop_kernels()

    # -- JupyterLab ------------------------------------------------------------------------

    def command(self, name: str, args: dict | None = None) -> None:
        """Run one of JupyterLab's commands and wait until it has ended."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)",
            [name, args or {}],
        )

    def theme(self, dark: bool) -> None:
        """Change to JupyterLab's own light or dark theme."""
        name = "JupyterLab Dark" if dark else "JupyterLab Light"
        self.command("apputils:change-theme", {"theme": name})
        self.page.wait_for_function(
            "light => document.body.dataset.jpThemeLight === light", arg=str(not dark).lower()
        )

    def hide_sidebar(self) -> None:
        """Close the file browser, so that the notebook is as wide as can be."""
        self.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")

    def screenshot(self, file: Path | str) -> None:
        """Save what is to be seen now as a PNG."""
        self.page.screenshot(path=str(file))

    def save(self) -> None:
        """Save the notebook and wait until it is on disk."""
        self.command("docmanager:save")
        self.page.wait_for_function(
            "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
        )

    # -- running cells ---------------------------------------------------------------------

    def run_all(self, timeout: float = 120) -> None:
        """Choose Run All Cells in the menu, and wait until all have run or one has failed."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
        self.page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
        self.wait_done(timeout)

    def start_cell(self, i: int) -> None:
        """Begin to run a code cell, without waiting for its end."""
        self.page.evaluate(
            """i => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            const code = notebook.widgets.filter(cell => cell.model.type === 'code')[i];
            notebook.activeCellIndex = notebook.widgets.indexOf(code);
            code.model.executionCount = null;
            window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
            i,
        )

    def run_cell(self, i: int, timeout: float = 120) -> list[dict]:
        """Run a code cell, wait until it has ended and return its outputs."""
        self.start_cell(i)
        self.wait_done(timeout, i)
        return self.outputs()[i]

    def set_cell(self, i: int, source: str) -> None:
        """Write new code into a code cell, as a learner who fills in a blank."""
        self.page.evaluate(
            f"([i, source]) => {{ {_CODE_CELLS}[i].sharedModel.source = source; }}", [i, source]
        )

    def wait_done(self, timeout: float = 120, cell: int | None = None) -> None:
        """Wait until one code cell, or all of them, have run; or until one has failed."""
        self.page.wait_for_function(_DONE, arg=cell, timeout=timeout * 1000)
        if cell is None:
            self.page.wait_for_function(_READY, timeout=timeout * 1000)

    def outputs(self) -> list[list[dict]]:
        """Return the outputs of every code cell, as a notebook file would hold them."""
        return self.page.evaluate(f"() => {_CODE_CELLS}.map(m => m.outputs.toJSON())")

    def text(self, i: int) -> str:
        """Return what a code cell has printed and shown as plain text."""
        parts = []
        for output in self.outputs()[i]:
            text = output.get("text") or output.get("data", {}).get("text/plain") or ""
            parts.append("".join(text))
        return "".join(parts)

    def errors(self) -> list[str]:
        """Return the messages of all cells that failed."""
        return [
            f"{output['ename']}: {output['evalue']}"
            for outputs in self.outputs()
            for output in outputs
            if output["output_type"] == "error"
        ]

    def kernel(self, expression: str):
        """Return the value of a Python expression in the kernel; it must be a literal."""
        answer = self.page.evaluate(
            """async expression => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const future = kernel.requestExecute({code: '', silent: true, store_history: false,
                user_expressions: {value: expression}});
            return (await future.done).content.user_expressions.value;
        }""",
            expression,
        )
        if answer["status"] != "ok":
            raise RuntimeError(f"{expression}: {answer['ename']}: {answer['evalue']}")
        return ast.literal_eval(answer["data"]["text/plain"])

    # -- controls --------------------------------------------------------------------------

    def button(self, label: str):
        """Return the widget button with exactly this text, as a Playwright locator.

        Its icon is a sign of a special font, so the name that a role has would not be exact.
        """
        exact = re.compile(rf"^\s*{re.escape(label)}\s*$")
        return self.panel.locator("button").filter(has_text=exact).first

    def click(self, label: str) -> None:
        """Press the widget button with exactly this text."""
        self.button(label).click()

    def slider(self, label: str, nth: int = 0):
        """Return the slider with this label (the nth of them), as a Playwright locator."""
        named = self.page.locator(".widget-label", has_text=label)
        return self.panel.locator(".widget-slider", has=named).nth(nth)

    def press_slider(self, label: str, key="ArrowRight", times: int = 1, nth: int = 0) -> str:
        """Move a slider with the keyboard; return the value that it then shows."""
        slider = self.slider(label, nth)
        slider.locator(".noUi-handle").focus()
        for _ in range(times):
            self.page.keyboard.press(key)
        return slider.locator(".widget-readout").inner_text()

    def select(self, option: str, nth: int = 0) -> None:
        """Choose an option of the nth dropdown."""
        self.panel.locator(".widget-dropdown select").nth(nth).select_option(label=option)

    def see(self, text: str, timeout: float = 60) -> None:
        """Wait until this text is to be seen in the notebook."""
        self.panel.get_by_text(text).first.wait_for(timeout=timeout * 1000)

    # -- pictures of widgets ---------------------------------------------------------------

    def pictures(self):
        """Return the pictures of the labs, as a Playwright locator."""
        return self.panel.locator(".widget-image")

    def picture(self, nth: int = 0) -> str:
        """Return the address of a lab's picture: another one for each new picture."""
        return self.pictures().nth(nth).get_attribute("src")

    def wait_picture(self, old: str, nth: int = 0, timeout: float = 60) -> str:
        """Wait until a lab's picture is another one than ``old``; return its address."""
        self.page.wait_for_function(
            """([old, nth]) => {
            const image = document.querySelectorAll('.jp-NotebookPanel .widget-image')[nth];
            return image && image.src !== old && image.complete && image.naturalWidth > 0;
        }""",
            arg=[old, nth],
            timeout=timeout * 1000,
        )
        return self.picture(nth)

    def still(self, nth: int = 0, seconds: float = 0.5) -> bool:
        """Return whether a lab's picture stays the same for some time."""
        before = self.picture(nth)
        self.page.wait_for_timeout(seconds * 1000)
        return self.picture(nth) == before

    def wait_still(self, nth: int = 0, seconds: float = 0.5, timeout: float = 60) -> None:
        """Wait until a lab's picture stays the same for some time; fail if it never does."""
        end = time.monotonic() + timeout
        while not self.still(nth, seconds):
            assert time.monotonic() < end, f"the picture still changes after {timeout} s"

    def picture_times(self, nth: int = 0) -> list[float]:
        """Return when the page showed new pictures in a lab's nth place, in seconds."""
        times = self.page.evaluate("() => window.pictureTimes")
        return [at / 1000 for place, at in times if place == nth]

    def forget_times(self) -> None:
        self.page.evaluate("() => { window.pictureTimes.length = 0; }")

    def now(self) -> float:
        """Return the page's clock in seconds, the one of `picture_times`."""
        return self.page.evaluate("() => performance.now()") / 1000
