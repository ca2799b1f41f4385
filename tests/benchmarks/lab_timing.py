"""What the benchmarks of the labs in a browser share."""

import statistics

CLICK = """label => {
    const at = performance.now();
    [...document.querySelectorAll('button.jupyter-button')]
        .find(button => button.textContent.trim() === label).click();
    return at / 1000;
}"""


def middle(values) -> str:
    return f"median {statistics.median(values):.3g} of " + ", ".join(f"{v:.3g}" for v in values)


def last_picture_after(nb, label: str, wait: float = 1200) -> float:
    """Click a button; return the seconds until the last new picture. wait: milliseconds."""
    nb.forget_times()
    clicked = nb.page.evaluate(CLICK, label)
    nb.page.wait_for_timeout(wait)
    return max([0.0, *(at - clicked for at in nb.picture_times(0))])
