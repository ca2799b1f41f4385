"""Record the Cliff lab at play in a real JupyterLab, for the README:

python tests/browser/make_readme_picture.py    # writes assets/cliff_lab.webp
"""

import io
import tempfile
import time
from pathlib import Path

import harness
from PIL import Image
from playwright.sync_api import sync_playwright

from dqnlib.pictures import animation

SECONDS, FPS = 9, 5


def record(nb: harness.NotebookPage) -> list[Image.Image]:
    """Play the lab and return screenshots of it, taken at an even pace."""
    lab = nb.panel.locator(".jp-OutputArea-output").first
    box = lab.bounding_box()
    clip = {"x": box["x"], "y": box["y"], "width": 930, "height": min(box["height"], 880)}
    nb.press_slider("speed", "End")
    nb.press_slider("speed", "ArrowLeft")  # one below the fastest
    nb.click("A and B")
    nb.click("Play")
    frames, start = [], time.monotonic()
    for k in range(SECONDS * FPS):
        nb.page.wait_for_timeout(max(0.0, 1000 * (start + k / FPS - time.monotonic())))
        png = nb.page.screenshot(clip=clip)
        frames.append(Image.open(io.BytesIO(png)).convert("RGB"))
    return frames


def main() -> None:
    """Start a server and a browser, record, and write the animation."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = harness.Server(Path(folder))
        browser = playwright.chromium.launch(
            executable_path=harness.chromium_path(), args=harness.CHROMIUM_FLAGS
        )
        try:
            path = server.write_notebook("lab.ipynb", ["from dqnlib import labs\nlabs.CliffLab()"])
            nb = harness.NotebookPage(browser, server, path)
            nb.hide_sidebar()
            nb.run_cell(0)
            nb.wait_picture("")
            frames = record(nb)
            nb.close()
        finally:
            browser.close()
            server.stop()
    target = harness.CHECKOUT / "assets" / "cliff_lab.webp"
    target.write_bytes(animation(frames, FPS))
    print(f"{target}: {len(frames)} pictures, {target.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
