"""Record labs at play in a real JupyterLab, for the README:

python tests/browser/make_readme_picture.py [cliff_lab] [training_lab]    # writes assets/*.webp
"""

import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import harness
from PIL import Image
from playwright.sync_api import sync_playwright

from dqnlib.pictures import animation


def play_cliff(nb: harness.NotebookPage) -> None:
    nb.press_slider("speed", "End")
    nb.press_slider("speed", "ArrowLeft")  # one below the fastest
    nb.click("A and B")
    nb.click("Play")


class Recording(NamedTuple):
    """What is recorded, and how fast it is shown."""

    lab: str  # source of the cell
    start: Callable[[harness.NotebookPage], None]
    seconds: float
    taken: float  # pictures a second
    shown: float  # the same, when it is played


RECORDINGS = {
    "cliff_lab": Recording("labs.CliffLab()", play_cliff, 9, 5, 5),
    "training_lab": Recording(
        "from dqnlib import Config\n"
        "labs.TrainingLab(Config(steps=20_000, eval_every=0, epsilon_steps=4_000),\n"
        "    Config(steps=20_000, eval_every=0, epsilon_steps=4_000, sync_every=1),\n"
        "    titles=('with a target network', 'without'), bound=100,\n"
        "    bound_text='the largest possible value', controls=('sync_every', 'learning_rate'))",
        lambda nb: nb.click("Start"), 45, 1, 5,
    ),
}  # fmt: skip


def record(nb: harness.NotebookPage, recording: Recording) -> list[Image.Image]:
    """Play a lab and return screenshots of it, taken at an even pace."""
    lab = nb.panel.locator(".jp-OutputArea-output").first
    box = lab.bounding_box()
    clip = {"x": box["x"], "y": box["y"], "width": 930, "height": min(box["height"], 880)}
    recording.start(nb)
    frames, start = [], time.monotonic()
    for k in range(round(recording.seconds * recording.taken)):
        pause = start + k / recording.taken - time.monotonic()
        nb.page.wait_for_timeout(max(0.0, 1000 * pause))
        png = nb.page.screenshot(clip=clip)
        frames.append(Image.open(io.BytesIO(png)).convert("RGB"))
    return frames


def main(names: list[str]) -> None:
    """Start a server and a browser, record, and write the animations."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = harness.Server(Path(folder))
        browser = playwright.chromium.launch(
            executable_path=harness.chromium_path(), args=harness.CHROMIUM_FLAGS
        )
        try:
            for name in names or RECORDINGS:
                recording = RECORDINGS[name]
                cells = [f"from dqnlib import labs\n{recording.lab}"]
                nb = harness.NotebookPage(
                    browser, server, server.write_notebook("lab.ipynb", cells)
                )
                nb.hide_sidebar()
                nb.run_cell(0)
                nb.wait_picture("")
                frames = record(nb, recording)
                nb.close()
                target = harness.CHECKOUT / "assets" / f"{name}.webp"
                target.write_bytes(animation(frames, recording.shown))
                print(f"{target}: {len(frames)} pictures, {target.stat().st_size // 1024} KiB")
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
