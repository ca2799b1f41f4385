"""For contributors: run notebooks from the first cell to the last and store them fit to commit.

Stored are text outputs, which nbval compares, and pictures. Not stored are widget views, which
would show "model not found", and timings, which would make every run differ.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@contextmanager
def fresh_learner(**more: str) -> Iterator[Path]:
    """Let kernels start as for a learner without progress or predictions, with this `dqnlib`.

    Nobody's progress is read or changed. Gives the learner's folder; further environment
    variables may be named. Afterwards the environment is as it was.
    """
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as home:
        path = os.pathsep.join(filter(None, [str(ROOT), before.get("PYTHONPATH")]))
        os.environ.update({"DQNLIB_HOME": home, "PYTHONPATH": path, **more})
        os.environ["IPYTHONDIR"] = str(Path(home, "ipython"))  # no start-up files of one's own
        os.environ.pop("PYTEST_ADDOPTS", None)
        try:
            yield Path(home)
        finally:
            os.environ.clear()
            os.environ.update(before)


def lessons(folder: Path | None = None) -> list[Path]:
    """Return the paths of all lessons of a folder, by default this course's, in order."""
    return sorted((folder or FOLDER).glob("[0-9][0-9]*_*.ipynb"))


def clean(notebook) -> None:
    """Make a notebook's stored form stable, in place; text and pictures stay as they are."""
    from dqnlib.course.formats import nbformat

    notebook.metadata = nbformat.from_dict(METADATA)
    count = 0
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = list(_joined(cell.outputs))
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            output.get("data", {}).pop(WIDGET, None)


def _joined(outputs: list) -> Iterator:
    """Join printed text that came in several pieces: where it is cut is chance."""
    last = None
    for output in outputs:
        if last and output.output_type == "stream" and output.get("name") == last.get("name"):
            last.text += output.text
            continue
        last = output
        yield output


def run(path: Path) -> None:
    """Execute a notebook in a fresh kernel of this Python and store it; learners' files stay out.

    Raises nbclient's CellExecutionError if a cell fails; the file is then left as it was.
    """
    from nbclient import NotebookClient

    from dqnlib.course.formats import nbformat

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    clean(notebook)
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def main(paths: list[str]) -> int:
    """Run and store the given notebooks, by default all lessons. Return the exit status."""
    status = 0
    with fresh_learner():
        for path in [Path(p) for p in paths] or lessons():
            if not path.is_file():
                print(f"✗ {path}: no such notebook", file=sys.stderr)
                status = 1
                continue
            try:
                run(path)
                print(f"✓ {path.name}")
            except Exception as error:
                print(f"✗ {path.name}: {error}", file=sys.stderr)
                status = 1
    return status
