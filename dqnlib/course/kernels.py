"""nbval with a kernel that is watched: what collects and runs the cells of a notebook.

nbval alone waits the whole time limit for a kernel that has died, reads for ever from a cell that
floods its output, and compares what the machine says on stderr. Here a dead kernel is noticed
within a second, and only the course's own words are compared.
"""

import re
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

MEASURED = re.compile(r"^ +(?:measured|written by): .*$", re.MULTILINE)
START_LIMIT = 60.0  # seconds for a kernel to start
LOOK = 0.1  # seconds between two looks at whether the kernel lives
PATIENCE = 10.0  # seconds that an interrupted cell has to stop
AGAIN = 4.0  # seconds after which it is interrupted once more, should that be lost
BACKLOG = 60.0  # seconds more to read what it had printed until then
MOST_TEXT = 1_000_000  # characters of one cell's output that are kept


class KernelDied(Exception):
    """The kernel's process is gone, so no answer will come."""


class WatchedKernel(RunningKernel):
    """A kernel whose end is noticed at once, and whose output is read while a cell runs."""

    def __init__(self, *args, **kwargs):
        self._held = deque()  # messages of iopub that nobody has asked for yet
        self._text = 0  # characters that the running cell has printed
        self._give_up = float("inf")  # when to stop waiting for an interrupted cell
        self._again = float("inf")  # when to interrupt it once more
        self._has_stopped = False  # an interrupted cell has answered
        self.leaves = False  # a cell called exit(), so it ends by itself in a moment
        super().__init__(*args, **kwargs)

    def execute_cell_input(self, cell_input, allow_stdin=None):
        self._held.clear()
        self._text, self._give_up = 0, float("inf")
        return super().execute_cell_input(cell_input, allow_stdin)

    def interrupt(self):
        now = time.monotonic()
        self._give_up, self._again, self._has_stopped = now + PATIENCE, now + AGAIN, False
        if self.is_alive():
            super().interrupt()

    def get_message(self, stream, timeout=None):
        """Return the next message of iopub or shell; raise Empty in time, KernelDied at its end."""
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            self._drain()
            if stream == "iopub" and self._give_up < float("inf"):
                self._see_whether_it_has_stopped()
                end = self._give_up
            if stream == "iopub" and self._held:
                return self._held.popleft()
            left = end - time.monotonic()
            try:
                message = super().get_message(stream, timeout=max(0.0, min(LOOK, left)))
            except Empty:
                if left <= 0:
                    raise
                if not self.is_alive():
                    raise KernelDied from None
            else:
                payload = message["content"].get("payload") or []
                self.leaves |= any(part.get("source") == "ask_exit" for part in payload)
                return message

    def _see_whether_it_has_stopped(self) -> None:
        """Give an interrupted cell that answered time to be read; interrupt another once more."""
        try:
            while not self._has_stopped:
                super().get_message("shell", timeout=0)  # its answer, which nobody asks for
                self._give_up, self._has_stopped = time.monotonic() + BACKLOG, True
        except Empty:
            if time.monotonic() > self._again and self.is_alive():
                self._again = float("inf")
                super().interrupt()

    def _drain(self) -> None:
        """Take all messages of iopub that wait: a full queue would drop the one that says idle."""
        until = time.monotonic() + LOOK
        while time.monotonic() < min(until, self._give_up):
            try:
                message = super().get_message("iopub", timeout=0)
            except Empty:
                return
            if message["msg_type"] == "stream":
                self._text += len(message["content"]["text"])
                if self._text > MOST_TEXT:
                    continue
            self._held.append(message)


class Cell(IPyNbCell):
    """A cell whose measured numbers, and what the machine says on stderr, are not compared."""

    def compare_outputs(self, test, ref, skip_compare=None):
        return super().compare_outputs(list(_ours(test)), list(_ours(ref)), skip_compare)

    def sanitize(self, s):
        return MEASURED.sub("", s) if isinstance(s, str) else s


class Notebook(IPyNbFile):
    """A notebook as nbval sees it, with watched cells."""

    folder: Path | None = None  # where the kernel works; None: the notebook's own folder

    def setup(self):
        self.kernel = WatchedKernel(
            CURRENT_ENV_KERNEL_NAME,
            cwd=str(self.folder or self.path.parent),
            startup_timeout=self.config.option.nbval_kernel_startup_timeout,
        )

    def collect(self):
        for item in super().collect():
            yield Cell.from_parent(
                self, name=item.name, cell_num=item.cell_num, cell=item.cell, options=item.options
            )


_OURS = re.compile(r"dqnlib|ipykernel_|<ipython-input|Cell In\[")


def _ours(outputs: list) -> Iterator:
    """Leave out of stderr what is neither the course's nor the learner's.

    A warning names the file that it comes from. Kept are the lines that name a file of the course
    or a cell; a library's log, such as matplotlib's word on its font cache, names neither.
    """
    for output in outputs:
        if output.output_type != "stream" or output.name != "stderr":
            yield output
            continue
        lines = [line for line in output.text.splitlines(keepends=True) if _OURS.search(line)]
        if lines:
            yield type(output)({**output, "text": "".join(lines)})


def options(home: Path, time_limit: float) -> list[str]:
    """Return pytest's options for a run of nbval that has none of the test suite's settings."""
    settings = home / "pytest.ini"
    settings.write_text("[pytest]\n", encoding="utf-8")
    return ["-p", "nbval", f"--nbval-cell-timeout={time_limit}",
            f"--nbval-kernel-startup-timeout={START_LIMIT}", f"--config-file={settings}",
            "-p", "no:hypothesispytest",  # its summary would import all of hypothesis: a second
            "-p", "no:cacheprovider", "-q", "--no-header"]  # fmt: skip
