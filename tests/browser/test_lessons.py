"""The lessons as a learner meets them: Run All, exercises wrong and right, predictions, progress.

Kills these mutants: a lesson that only runs under nbval; a wrong answer that shows a traceback of
the library, or that stops the kernel; a right answer that does not reach the progress table; a
prediction that is not remembered; a damaged progress file that takes the table away; a right answer
that a later lesson does not run on.
"""

import ast
import builtins
import importlib

import nbformat
import pytest

from dqnlib.course import checks, counting, notebooks

pytestmark = pytest.mark.browser
LESSONS = [path.name for path in notebooks.lessons()]
# The others take a minute or two each: nbval runs them, and here they are opened, their exercises
# done and their labs shown.
SECONDS = counting.measured()
NO_LAB = ("04b", "07b", "09", "10")  # theirs show an experiment of the lesson
SHORT = [path.name for path in notebooks.lessons() if SECONDS.get(path.stem, 0) < 25]


def code_of(lesson: str) -> list[str]:
    """Return the sources of a lesson's code cells."""
    cells = nbformat.read(notebooks.FOLDER / lesson, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def cell_with(lesson: str, text: str) -> int:
    """Return the number of the first code cell whose source holds a text."""
    return next(i for i, source in enumerate(code_of(lesson)) if text in source)


def answer(nb, lesson: str, name: str, body: str) -> int:
    """Fill in the blank of an exercise and run its cell."""
    i = cell_with(lesson, f"def {name}(")
    nb.set_cell(i, code_of(lesson)[i].replace("return ____", body))
    nb.run_cell(i)
    return i


@pytest.mark.timeout(600)
@pytest.mark.parametrize("lesson", SHORT)
def test_run_all(open_notebook, lesson):
    nb = open_notebook(lesson)
    nb.run_all(timeout=500)
    assert nb.errors() == []
    assert nb.page_errors == []
    assert "DOES NOT HOLD" not in str(nb.outputs())
    assert nb.page.locator("text=model not found").count() == 0


@pytest.fixture
def first_lesson(open_notebook, jupyterlab):
    """Lesson 00 with its imports run, by a learner who has no progress yet."""
    (jupyterlab.home / "progress.json").unlink(missing_ok=True)
    nb = open_notebook("00_start_here.ipynb")
    nb.run_cell(0)
    return nb


def test_an_exercise_wrong_then_right(first_lesson):
    nb, lesson = first_lesson, "00_start_here.ipynb"
    i = answer(nb, lesson, "episode_return", "return rewards[0]")
    (error,) = nb.errors()
    assert "✗ episode_return: not yet." in error
    assert "Likely: only the first reward." in error
    shown = nb.panel.locator(".jp-RenderedText[data-mime-type*='error'], .jp-RenderedText").all()
    text = "\n".join(part.inner_text() for part in shown)
    for word in ("expected", "yours"):
        assert word in text
    for word in ("Traceback", "dqnlib/"):
        assert word not in text
    nb.see("Hint 2, stronger")

    answer(nb, lesson, "episode_return", "return sum(rewards)")
    assert nb.errors() == []
    assert "✓ episode_return: right." in nb.text(i)
    after = cell_with(lesson, "thirteen steps")
    nb.run_cell(after)
    assert "thirteen steps along the cliff: -13.0" in nb.text(after)


def labs_of(nb, lesson: str) -> list[int]:
    """Return the cells that show a lab and need no more than what the kernel has by now."""
    known, found = {*dir(builtins), *nb.kernel("list(globals())")}, []
    for i, source in enumerate(code_of(lesson)):
        read = {n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)}
        if source.startswith("labs.") and read <= known:
            found.append(i)
    return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("lesson", LESSONS[2:])
def test_all_exercises_wrong_then_right_then_the_labs(open_notebook, lesson):
    """With a wrong and the first right answer of the bank, in the order of the lesson.

    The wrong one is the first that makes a mistake with a name, which the message must say. Labs
    that show an experiment of the lesson are left out.
    """
    bank = importlib.import_module(f"answers.lesson_{lesson.partition('_')[0]}")
    nb = open_notebook(lesson)
    nb.run_cell(0)
    for path in dict.fromkeys(a.path for a in bank.ANSWERS):
        found = [a for a in bank.ANSWERS if a.path == path]
        named = {mistake.name for mistake in checks.find(path).mistakes}
        every = [a for a in found if a.verdict == "wrong" and not a.limit]
        wrong = next((a for a in every if a.diagnosis in named), every[0])
        right = next(a for a in found if a.verdict == "right")
        i = cell_with(lesson, f'@exercise("{path}")')
        nb.set_cell(i, wrong.source)
        nb.run_cell(i)
        (error,) = nb.errors()
        assert f"✗ {wrong.name}: not yet." in error
        assert wrong.diagnosis in error or wrong.diagnosis not in named
        assert "Traceback" not in error
        nb.set_cell(i, right.source)
        nb.run_cell(i)
        assert nb.errors() == []
        assert f"✓ {wrong.name}: right." in nb.text(i)
    labs = labs_of(nb, lesson)
    assert bool(labs) != lesson.startswith(NO_LAB)
    for i in labs:
        nb.run_cell(i)
        nb.wait_picture("")
    assert nb.errors() == nb.page_errors == []
    assert nb.page.locator("text=model not found").count() == 0


def test_a_later_lesson_runs_on_the_learners_pieces(open_notebook):
    lesson = "02_function_approximation.ipynb"
    nb = open_notebook(lesson)
    nb.run_cell(0)
    body = "return reward + gamma * next_q.max(1).values * ~terminated"
    assert "✓ td_target: right." in nb.text(answer(nb, lesson, "td_target", body))
    nb.close()
    later = open_notebook("04_target_networks.ipynb")
    later.run_cell(0)
    assert "td_target (you)" in later.text(0)


def test_a_function_that_never_returns_leaves_the_kernel_alive(first_lesson):
    nb = first_lesson
    answer(nb, "00_start_here.ipynb", "episode_return", "while True: pass")
    assert "It did not finish within" in nb.errors()[0]
    assert nb.kernel("1 + 1") == 2


def test_hints_unfold_to_the_solution(first_lesson):
    nb = first_lesson
    nb.run_cell(cell_with("00_start_here.ipynb", "def episode_return("))
    solution = nb.panel.locator("details", has_text="Solution").last
    assert not solution.get_by_text("return sum(rewards)").is_visible()
    solution.locator("summary").click()
    assert solution.get_by_text("return sum(rewards)").is_visible()


def test_the_progress_table_updates(first_lesson, jupyterlab):
    nb, lesson = first_lesson, "00_start_here.ipynb"
    nb.run_cell(cell_with(lesson, "show_progress()"))
    nb.see("0 of 1")
    answer(nb, lesson, "episode_return", "return sum(rewards)")
    nb.click("Refresh")
    nb.see("1 of 1")
    (jupyterlab.home / "progress.json").write_text("{ no JSON", encoding="utf-8")
    nb.click("Refresh")
    nb.see("The progress file was damaged.")
    nb.see("0 of 1")


def test_a_prediction_is_remembered(first_lesson):
    nb, lesson = first_lesson, "00_start_here.ipynb"
    reveal = cell_with(lesson, "reveal(")
    nb.run_cell(reveal)
    assert "You predicted: nothing yet" in nb.text(reveal)
    nb.run_cell(cell_with(lesson, "predict("))
    nb.panel.get_by_text("about 0.01").last.click()
    nb.see("Noted. Now run the experiment.")
    nb.run_cell(reveal)
    assert "You predicted: about 0.01" in nb.text(reveal)


def test_the_first_slider_changes_its_picture(first_lesson):
    nb = first_lesson
    nb.run_cell(cell_with("00_start_here.ipynb", "DiscountLab"))
    before = nb.wait_picture("")
    nb.press_slider("discount", "ArrowLeft", times=5)
    assert nb.wait_picture(before) != before


def test_the_learners_function_drives_the_experiment(open_notebook, jupyterlab):
    """An ε-greedy of the learner's own changes what the following cells train with."""
    nb, lesson = open_notebook("01_tabular_q_learning.ipynb"), "01_tabular_q_learning.ipynb"
    nb.run_cell(0)
    wrong = "if rng.random() < epsilon: return 0\n    return int(q.argmax())"
    answer(nb, lesson, "epsilon_greedy", wrong)
    assert "Likely: exploring always takes the same action." in nb.errors()[0]
    body = (
        "if rng.random() < epsilon:\n        return int(rng.integers(len(q)))\n"
        "    return int(rng.choice(np.flatnonzero(q == q.max())))"
    )
    i = answer(nb, lesson, "epsilon_greedy", body)
    assert "✓ epsilon_greedy: right." in nb.text(i)
    assert nb.kernel("epsilon_greedy.__module__") == "__main__"
