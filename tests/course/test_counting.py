"""Counting a lesson: cells, words, lines, and minutes by the rule.

`tests/mutants/course/test_counting.toml` lists the mutants that these tests kill.
"""

import json

import nbformat
import pytest

from dqnlib import __main__ as commands
from dqnlib.course import counting, notebooks
from dqnlib.course.counting import count


def book(*cells):
    new = {"md": nbformat.v4.new_markdown_cell, "py": nbformat.v4.new_code_cell}
    return nbformat.v4.new_notebook(cells=[new[kind](source) for kind, source in cells])


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """A small lesson in a folder of its own; nothing was measured."""
    monkeypatch.setattr(counting, "MEASURED", tmp_path / "run_all.json")
    cells = (
        ("md", "# Title\n\n**Time.** About 75 minutes. one two"),
        ("py", "a = 1\n\nb = 2"),
        ("md", "## Exercise 1 (10 min, ★★☆)\n\n" + "word " * 135 + "\n### The lab (5 min)"),
        ("py", "a\nb\nc\nd\ne"),
        ("md", "in (3 minutes) nothing is marked"),
        *(("py", "x"),) * 8,
    )
    path = tmp_path / "09_small.ipynb"
    nbformat.write(book(*cells), path)
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path)
    return path


def test_count(lesson):
    found = count(lesson)
    words = 9 + 6 + 135 + 4 + 6  # of the three texts, headings and signs included
    assert (found.cells, found.words, found.share) == (13, words, 3 / 13)
    assert found.lines == (1,) * 8 + (2, 5)
    assert (found.lines_at(0.5), found.lines_at(0.9)) == (1, 2)
    assert (found.marked, found.said, found.seconds) == (15, 75, None)
    assert found.minutes == pytest.approx(words / 150 + 15)


def test_run_all_counts_once_it_was_measured(lesson):
    before = count(lesson).minutes
    counting.store("09_small", 90.04)
    counting.store("08_other", 3)
    assert json.loads(counting.MEASURED.read_text()) == {"08_other": 3, "09_small": 90.0}
    assert count(lesson).minutes == pytest.approx(before + 1.5)


def test_the_command(lesson, monkeypatch, capsys):
    monkeypatch.setattr(commands, "ensure_environment", lambda *args: None)
    assert commands.main(["count"]) == 0
    head, line, *rest = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["lesson", "cells", "text", "words"]
    assert line.split() == ["09_small", "13", "23%", "160", "1", "/", "2", "16", "75*"]
    assert rest[-1].startswith("* Run All was not measured")
    counting.store("09_small", 60)
    commands.main(["count"])
    printed = capsys.readouterr().out
    assert "*" not in printed
    assert printed.splitlines()[1].split()[-2:] == ["17", "75"]
