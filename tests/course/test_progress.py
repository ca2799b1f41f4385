"""The progress file, its table and the predictions: nothing on the disk may stop a lesson.

`tests/mutants/course/test_progress.toml` lists the mutants that these tests kill.
"""

import json
import os
import stat
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dqnlib import show_progress
from dqnlib.course import checks, overview, predictions, progress, quizzes
from dqnlib.course.predictions import predict, reveal

FIRST = "dqnlib.tabular.episode_return"
SECOND = "dqnlib.tabular.epsilon_greedy"


def entries():
    return json.loads(progress.path().read_text(encoding="utf-8"))["exercises"]


def files(home):
    return sorted(file.name for file in home.iterdir())


# -- where and what ------------------------------------------------------------------------


def test_path(monkeypatch, tmp_path, dqnlib_home):
    assert progress.path() == dqnlib_home / "progress.json"
    monkeypatch.delenv("DQNLIB_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert progress.path() == tmp_path / ".dqnlib" / "progress.json"
    monkeypatch.setenv("DQNLIB_HOME", "")  # set, but empty
    assert progress.path() == tmp_path / ".dqnlib" / "progress.json"


def test_reading_makes_no_file(dqnlib_home):
    stored, note = progress.read()
    assert stored == {"version": 1, "exercises": {}, "predictions": {}, "answers": {}}
    assert note is None
    overview.table()
    assert progress.prediction("a") is None
    assert not dqnlib_home.exists()


def test_record(dqnlib_home):
    assert progress.record(FIRST, "blank") is None
    assert entries() == {FIRST: {"status": "blank", "tries": 0}}
    progress.record(FIRST, "wrong")
    progress.record(FIRST, "wrong")
    assert entries()[FIRST] == {"status": "wrong", "tries": 2}
    progress.record(SECOND, "right")
    assert entries() == {
        FIRST: {"status": "wrong", "tries": 2},
        SECOND: {"status": "right", "tries": 1},
    }
    assert files(dqnlib_home) == ["progress.json"]


@pytest.mark.parametrize("later", ["wrong", "blank"])
def test_right_stays_right(later):
    progress.record(FIRST, "right")
    progress.record(FIRST, later)
    assert entries()[FIRST] == {"status": "right", "tries": 1 + (later == "wrong")}


def test_blank_after_wrong_is_blank_again():
    progress.record(FIRST, "wrong")
    progress.record(FIRST, "blank")
    assert entries()[FIRST] == {"status": "blank", "tries": 1}


def test_two_readings_share_nothing():
    one, two = progress.read()[0], progress.read()[0]
    one["exercises"]["x"] = 1
    assert (
        two
        == progress.read()[0]
        == {"version": 1, "exercises": {}, "predictions": {}, "answers": {}}
    )


def test_deletion():
    progress.record(FIRST, "right")
    progress.record_prediction("cliff", "Sarsa")
    progress.path().unlink()
    assert not progress.path().exists()
    assert progress.record(SECOND, "right") is None
    assert list(entries()) == [SECOND]


def test_records_of_several_threads_leave_a_whole_file(dqnlib_home):
    def work(number):
        for _ in range(20):
            progress.record(f"exercise {number}", "wrong")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {entry["tries"] for entry in entries().values()} == {20}  # no result is lost
    assert len(entries()) == 4
    assert files(dqnlib_home) == ["progress.json"]


def test_two_notebooks_at_once_lose_nothing(dqnlib_home):
    code = (
        "import sys\nfrom dqnlib.course import progress\n"
        "for k in range(30):\n"
        "    progress.record_answer(f'question {sys.argv[1]}', str(k), k == 7)\n"
        "    progress.record(f'exercise {sys.argv[1]}', 'wrong')\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "ab"]
    assert [process.wait(60) for process in running] == [0, 0]
    assert [entry["tries"] for entry in entries().values()] == [30, 30]
    for name in "ab":
        found = progress.answer(f"question {name}")
        assert found == {"tried": [str(k) for k in range(30)], "right": True}
    assert files(dqnlib_home) == ["progress.json"]


def test_a_lock_that_a_crash_has_left_is_taken_away(dqnlib_home):
    dqnlib_home.mkdir()
    lock = dqnlib_home / "progress.lock"
    lock.touch()
    os.utime(lock, (1, 1))
    begin = time.monotonic()
    assert progress.record(FIRST, "right") is None
    assert time.monotonic() - begin < 0.5
    assert files(dqnlib_home) == ["progress.json"]


def test_a_lock_that_stays_is_not_waited_for_without_an_end(dqnlib_home, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    dqnlib_home.mkdir()
    (dqnlib_home / "progress.lock").touch()  # another notebook's, of this moment
    assert progress.record(FIRST, "right") is None
    assert entries()[FIRST]["status"] == "right"
    assert files(dqnlib_home) == ["progress.json", "progress.lock"]  # it is not ours to delete


# -- answers to questions and verdicts -----------------------------------------------------


def test_answers_are_kept_in_their_order():
    key = progress.question_key("03", "Why?")
    assert progress.answer(key) == {"tried": [], "right": False}
    for choice, right in (("b", False), ("c", False), ("b", False), ("a", True), ("c", False)):
        assert progress.record_answer(key, choice, right) is None
    assert progress.answer(key) == {"tried": ["b", "c", "a"], "right": True}  # and stays right
    assert progress.answer(progress.question_key("04", "Why?"))["tried"] == []
    assert progress.answer(progress.hunt_key("03"))["tried"] == []
    progress.record(FIRST, "right")
    progress.record_prediction("a", "x")
    assert progress.answer(key)["right"]


@pytest.mark.parametrize(
    "entry",
    [None, [], "a", {}, {"right": True}, {"tried": ["a"]}, {"tried": "a", "right": True},
     {"tried": [], "right": False}, {"tried": [1], "right": True}, {"tried": ["a"], "right": 1}],
)  # fmt: skip
def test_odd_answers_are_forgotten_and_the_rest_kept(entry, dqnlib_home):
    progress.record_answer("hunt 02", "a", True)
    stored = json.loads(progress.path().read_text())
    stored["answers"]["question 02: x"] = entry
    progress.path().write_text(json.dumps(stored))
    assert progress.answer("question 02: x") == {"tried": [], "right": False}
    assert progress.answer("hunt 02") == {"tried": ["a"], "right": True}
    assert progress.record_answer("question 02: x", "b", False) is None
    assert progress.answer("question 02: x") == {"tried": ["b"], "right": False}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.booleans()), max_size=12
    )
)
def test_answers_as_a_model_has_them(steps, dqnlib_home):
    progress.path().unlink(missing_ok=True)
    tried, found = {"a": [], "b": []}, {"a": False, "b": False}
    for key, choice, right in steps:
        assert progress.record_answer(key, choice, right) is None
        tried[key] += [choice] if choice not in tried[key] else []
        found[key] |= right
    for key in "ab":
        assert progress.answer(key) == {"tried": tried[key], "right": found[key]}


# -- crashes while writing -----------------------------------------------------------------


@pytest.mark.parametrize("broken", ["replace", "dump", "fdopen"])
def test_failed_write_leaves_the_old_file_and_no_litter(broken, dqnlib_home, monkeypatch):
    progress.record(FIRST, "right")
    before = progress.path().read_bytes()

    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    module = {"replace": os, "dump": json, "fdopen": os}[broken]
    with monkeypatch.context() as patch:
        patch.setattr(module, broken, fail)
        note = progress.record(SECOND, "right")
    assert "could not be saved" in note
    assert "No space left on device" in note
    assert progress.path().read_bytes() == before
    assert files(dqnlib_home) == ["progress.json"]


def test_a_crash_halfway_leaves_the_old_file(monkeypatch):
    progress.record(FIRST, "right")

    def dies(stored, out, **kwargs):
        out.write('{"version": 1, "exerc')
        out.flush()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(json, "dump", dies)
        with pytest.raises(KeyboardInterrupt):
            progress.record(SECOND, "right")
    assert list(entries()) == [FIRST]


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such permission there")
def test_read_only_folder(dqnlib_home, monkeypatch):
    progress.record(FIRST, "right")
    dqnlib_home.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        if os.access(dqnlib_home, os.W_OK):  # root may write all the same: play it
            monkeypatch.setattr(
                progress.tempfile, "mkstemp", lambda **k: no(13, "Permission denied")
            )
        note = progress.record(SECOND, "right")
    finally:
        dqnlib_home.chmod(stat.S_IRWXU)
    assert "could not be saved" in note
    assert "Permission denied" in note
    assert list(entries()) == [FIRST]


def no(*error):
    raise OSError(*error)


def test_file_that_may_not_be_read(dqnlib_home, monkeypatch):
    progress.record(FIRST, "right")
    with monkeypatch.context() as patch:
        patch.setattr(progress.Path, "read_text", lambda *a, **k: no(13, "Permission denied"))
        stored, note = progress.read()
    assert stored["exercises"] == {}
    assert "cannot be read (Permission denied)" in note
    assert list(entries()) == [FIRST]  # it was not moved away


def test_a_file_where_the_folder_should_be(dqnlib_home):
    dqnlib_home.write_text("mine")
    assert "could not be saved" in progress.record(FIRST, "right")
    assert "cannot be read" in progress.read()[1]
    assert "cannot be read" in overview.table()
    assert dqnlib_home.read_text() == "mine"


# -- damaged files -------------------------------------------------------------------------

WHOLE = json.dumps(
    {"version": 1, "exercises": {FIRST: {"status": "right", "tries": 1}}, "predictions": {}}
).encode()
DAMAGED = {
    "empty": b"",
    "cut off": WHOLE[: len(WHOLE) // 2],
    "zeros": bytes(300),
    "binary": bytes(range(256)),
    "no UTF-8": b'{"exercises": "\xff\xfe"}',
    "a list": b"[1, 2, 3]",
    "a number": b"12",
    "a text": b'"progress"',
    "null": b"null",
    "exercises are a list": b'{"exercises": [], "predictions": {}}',
    "predictions are null": b'{"exercises": {}, "predictions": null}',
    "deeply nested": b"[" * 100_000,
    "nested table": b'{"exercises": ' + b'{"a":' * 50_000,
    "a huge number": b'{"exercises": ' + b"9" * 10_000 + b"}",
    "two files": WHOLE + WHOLE,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_file_is_set_aside(content, dqnlib_home):
    dqnlib_home.mkdir()
    progress.path().write_bytes(content)
    note = progress.record(SECOND, "right")
    assert "damaged" in note
    assert "progress.damaged.json" in note
    assert (dqnlib_home / "progress.damaged.json").read_bytes() == content
    assert entries() == {SECOND: {"status": "right", "tries": 1}}
    assert progress.record(SECOND, "wrong") is None  # said once
    assert files(dqnlib_home) == ["progress.damaged.json", "progress.json"]


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_table_of_a_damaged_file(content, dqnlib_home):
    dqnlib_home.mkdir()
    progress.path().write_bytes(content)
    assert "The progress file was damaged" in overview.table()
    assert "damaged" not in overview.table()  # said once


ODD = {
    "status is a list": {"status": ["right"], "tries": 1},
    "status is a table": {"status": {}, "tries": 1},
    "status is a number": {"status": 1, "tries": 1},
    "status is unknown": {"status": "<b>superb</b>", "tries": 1},
    "status is missing": {"tries": 1},
    "not a table": "right",
    "null": None,
}


@pytest.mark.parametrize("entry", ODD.values(), ids=ODD)
def test_odd_entry_is_forgotten_and_the_rest_kept(entry, dqnlib_home):
    dqnlib_home.mkdir()
    good = {"status": "right", "tries": 3}
    progress.path().write_text(
        json.dumps({"exercises": {FIRST: entry, SECOND: good}, "predictions": {"a": 3, "b": "x"}})
    )
    assert progress.read()[0]["exercises"] == {SECOND: good}
    assert "superb" not in overview.table()
    assert (progress.prediction("a"), progress.prediction("b")) == (None, "x")
    assert progress.record(FIRST, "wrong") is None
    assert entries() == {FIRST: {"status": "wrong", "tries": 1}, SECOND: good}
    assert files(dqnlib_home) == ["progress.json"]


@pytest.mark.parametrize("tries", [None, "3", -1, 2.5, True, [], 10**400])
def test_odd_number_of_tries(tries, dqnlib_home):
    dqnlib_home.mkdir()
    entry = {"status": "right", "tries": tries}
    progress.path().write_text(json.dumps({"exercises": {FIRST: entry}, "predictions": {}}))
    assert progress.record(FIRST, "right") is None
    assert entries()[FIRST] == {"status": "right", "tries": 1}


def test_a_file_of_an_editor_with_a_byte_order_mark(dqnlib_home):
    dqnlib_home.mkdir()
    progress.path().write_bytes(b"\xef\xbb\xbf" + WHOLE)
    assert progress.read()[0]["exercises"][FIRST]["status"] == "right"


def test_a_folder_in_its_place(dqnlib_home):
    progress.path().mkdir(parents=True)
    (progress.path() / "mine.txt").write_text("keep me")
    assert "damaged" in progress.record(FIRST, "right")
    assert list(entries()) == [FIRST]
    assert (dqnlib_home / "progress.damaged.json" / "mine.txt").read_text() == "keep me"


def test_nowhere_to_set_it_aside(dqnlib_home):
    (dqnlib_home / "progress.damaged.json" / "full").mkdir(parents=True)
    progress.path().write_bytes(b"?")
    assert "delete it" in progress.read()[1]
    assert "delete it" in progress.record(FIRST, "right")
    assert list(entries()) == [FIRST]  # the new file took the place of the damaged one


def test_a_link_to_nowhere(dqnlib_home, tmp_path):
    dqnlib_home.mkdir()
    progress.path().symlink_to(tmp_path / "gone")
    assert progress.record(FIRST, "right") is None
    assert list(entries()) == [FIRST]


def leaves():
    words = st.sampled_from(["right", "wrong", "blank", FIRST, "status", "tries", "version"])
    return st.none() | st.booleans() | st.integers() | st.floats() | st.text() | words


def trees():
    keys = st.sampled_from(
        ["exercises", "predictions", "answers", "version", FIRST, SECOND, "status", "tries", "a"]
    )
    return st.recursive(
        leaves(), lambda part: st.lists(part) | st.dictionaries(keys | st.text(), part)
    )


def anything():
    entry = st.fixed_dictionaries({}, optional={"status": leaves(), "tries": leaves()})
    answer = st.fixed_dictionaries({}, optional={"tried": trees(), "right": leaves()})
    nearly = st.fixed_dictionaries(
        {
            "exercises": trees() | st.dictionaries(st.sampled_from([FIRST, SECOND]), entry),
            "predictions": trees() | st.dictionaries(st.text(), leaves()),
            "answers": trees() | st.dictionaries(st.sampled_from(["hunt 02", "x"]), answer),
        }
    )
    return st.binary() | (trees() | nearly).map(lambda tree: json.dumps(tree).encode())


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=anything())
def test_no_content_of_the_file_stops_anything(content, dqnlib_home):
    dqnlib_home.mkdir(exist_ok=True)
    progress.path().write_bytes(content)
    assert overview.table().startswith("<table>")
    progress.path().write_bytes(content)
    progress.prediction("a")
    progress.path().write_bytes(content)
    progress.record(FIRST, "wrong")
    progress.record(FIRST, "right")
    assert progress.record_prediction("cliff", "ε-greedy") is None
    assert progress.record_answer("hunt 02", "γ", True) is None
    assert progress.answer("hunt 02")["right"]
    assert progress.read()[1] is None
    assert entries()[FIRST]["status"] == "right"
    assert progress.prediction("cliff") == "ε-greedy"
    assert "✓ episode_return" in overview.table()


# -- the table -----------------------------------------------------------------------------


def rows(page):
    return page.split("<tr>")[2:]


def test_table():
    progress.record(FIRST, "right")
    progress.record(SECOND, "wrong")
    page = overview.table()
    lessons = checks.lessons()
    assert len(rows(page)) == len(lessons)
    assert page.count("<table>") == page.count("</table>") == 1
    for (title, found), row in zip(lessons.items(), rows(page), strict=True):
        assert f">{title}<" in row
        assert all(check.name in row for check in found)
    zero, one = rows(page)[:2]
    assert "1 of 1" in zero
    assert "width:100%" in zero
    assert "✓ episode_return" in zero
    assert "0 of 4" in one
    assert "width:0%" in one
    assert "✗ epsilon_greedy" in one
    assert "○ td_update" in one
    assert "<p>" not in page
    progress.record(SECOND, "right")
    assert "width:25%" in rows(overview.table())[1]


def cells_of(lesson):
    """The cells of a lesson's row: bar, exercises, questions, hunt."""
    row = next(row for row in rows(overview.table()) if f">{lesson} " in row)
    return [cell.partition(">")[2].removesuffix("</td>") for cell in row.split("<td")[2:-1]]


def test_table_of_questions_and_hunts(monkeypatch, tmp_path):
    monkeypatch.setattr(overview, "HUNTS", tmp_path)
    (tmp_path / "lesson_00.py").touch()
    monkeypatch.setattr(quizzes, "lessons", lambda: ["00"])
    assert cells_of("00")[1:] == ["0 of 1", "0 of 4", "○"]
    assert cells_of("01")[2:] == ["", ""]
    first, second, *_ = quizzes.load("00")
    progress.record_answer(progress.question_key("00", first.ask), first.right.text, True)
    progress.record_answer(progress.question_key("00", second.ask), "no", False)
    progress.record_answer(progress.question_key("00", "of an older edition"), "a", True)
    progress.record_answer(progress.hunt_key("00"), "a", False)
    assert cells_of("00")[2:] == ["1 of 4", "✗"]
    progress.record_answer(progress.hunt_key("00"), "b", True)
    assert cells_of("00")[3] == "✓"


def test_table_where_questions_are_damaged(monkeypatch, tmp_path):
    (tmp_path / "lesson_00.toml").write_text("question = <b>")
    monkeypatch.setattr(quizzes, "FOLDER", tmp_path)
    assert cells_of("00")[2] == ""
    assert "<p>The questions cannot be used: lesson_00.toml: " in overview.table()
    assert "<b>" not in overview.table().partition("<p>")[2]


def test_table_escapes_a_note(monkeypatch):
    monkeypatch.setattr(progress, "read", lambda: (progress._known({}), "a <b> & c"))
    assert overview.table().endswith("<p>a &lt;b&gt; &amp; c</p>")


def test_progress_table_in_a_notebook():
    shown = show_progress()
    assert repr(shown) == "Your progress: run this cell in JupyterLab to see the table."
    bundle = shown._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/plain"] == repr(shown)
    box = widget(bundle)
    page, button = box.children
    assert "○ episode_return" in page.value
    progress.record(FIRST, "right")
    button.click()
    assert "✓ episode_return" in page.value


def test_progress_table_without_ipywidgets(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    bundle = show_progress()._repr_mimebundle_()
    assert bundle == {"text/plain": repr(show_progress()), "text/html": overview.table()}


def widget(bundle):
    from ipywidgets.widgets.widget import _instances

    return _instances[bundle["application/vnd.jupyter.widget-view+json"]["model_id"]]


# -- predictions ---------------------------------------------------------------------------

OPTIONS = ["Q-learning", "Sarsa", "neither"]


def ask(options=OPTIONS, question="Which one falls less?"):
    return predict("cliff", question, options)


def parts(shown):
    return widget(shown._repr_mimebundle_()).children


def test_prediction_is_stored_and_shown_again(capsys):
    question, radio, said = parts(ask())
    assert question.value == "<b>Which one falls less?</b>"
    assert (radio.options, radio.value) == (tuple(OPTIONS), None)
    assert progress.prediction("cliff") is None
    radio.value = "Sarsa"
    assert progress.prediction("cliff") == "Sarsa"
    assert said.value == "Noted. Now run the experiment."
    radio.value = "neither"  # one may think again
    assert parts(ask())[1].value == "neither"
    reveal("cliff", "Sarsa")
    assert capsys.readouterr().out.splitlines()[0] == "You predicted: neither"


def test_prediction_that_is_no_longer_offered():
    progress.record_prediction("cliff", "an option of an older edition")
    assert parts(ask())[1].value is None


def test_a_prediction_of_another_lesson_is_not_shown():
    progress.record_prediction("walk", "Sarsa")
    assert parts(ask())[1].value is None


def test_predictions_and_exercises_do_not_disturb_each_other():
    progress.record(FIRST, "right")
    progress.record_prediction("a", "x")
    progress.record(SECOND, "wrong")
    progress.record_prediction("b", "y")
    assert set(entries()) == {FIRST, SECOND}
    assert (progress.prediction("a"), progress.prediction("b")) == ("x", "y")


def test_question_is_plain_text():
    assert parts(ask(question="Is ε < 0.1 & α > 0 better?"))[0].value == (
        "<b>Is ε &lt; 0.1 &amp; α &gt; 0 better?</b>"
    )


def test_prediction_that_cannot_be_stored_says_so(dqnlib_home):
    dqnlib_home.write_text("mine")
    _, radio, said = parts(ask())
    radio.value = "Sarsa"
    assert "could not be saved" in said.value


def test_prediction_as_text():
    assert repr(ask()) == (
        "Your prediction, please: Which one falls less?\n  - Q-learning\n  - Sarsa\n  - neither"
    )


def test_prediction_without_ipywidgets(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert ask()._repr_mimebundle_() == {"text/plain": repr(ask())}


def test_reveal_without_a_prediction(capsys):
    predictions.reveal("never asked", "Sarsa")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("You predicted: nothing yet")
    assert second.endswith("Sarsa")


ONE = ("Sarsa", "it is cautious. But caution has a price here.")


def test_reveal_says_why_many_choose_wrongly(capsys):
    ask()
    reveal("cliff", OPTIONS[0], many=ONE[0], because=ONE[1])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "It turns out:  Q-learning",
        "Many choose “Sarsa”: it is cautious. But caution has a price here.",
    ]
    reveal("cliff", "-13 against -17", many=ONE[0], because="long " * 40)
    assert all(len(line) <= 88 for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("given", [{"many": "Sarsa"}, {"because": "it tempts"}])
def test_reveal_wants_the_option_and_the_word_on_it(given):
    with pytest.raises(ValueError, match="together"):
        reveal("cliff", "Sarsa", **given)


def test_reveal_sees_what_is_spelled_unlike_the_options(capsys):
    predict("spelled", "Which?", ["Q-learning", "about 100 steps", "neither"])
    with pytest.raises(ValueError, match="must be one of the options"):
        reveal("spelled", "neither", "Q learning", "it tempts")
    for wrong in ("Q-Learning", "Q-learning.", "about 100 step"):
        with pytest.raises(ValueError, match="spelled unlike the option"):
            reveal("spelled", wrong)
    for fine in ("Q-learning", "about 103 steps", "Q-learning, by 4 steps", "both"):
        reveal("spelled", fine, "neither", "it tempts")
    reveal("never asked here", "Q-Learning", "Q learning", "nothing is known of its options")
