"""The marked questions: every file is sound, damaged ones are named, answers are kept.

`tests/mutants/course/test_quizzes.toml` lists the mutants that these tests kill.
"""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from dqnlib import quiz
from dqnlib.course import checks, notebooks, progress, quizzes
from dqnlib.course.shown import inline

ROOT = notebooks.ROOT


def widget(bundle):
    from ipywidgets.widgets.widget import _instances

    return _instances[bundle["application/vnd.jupyter.widget-view+json"]["model_id"]]


# -- the files -----------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", quizzes.lessons())
def test_every_file_is_sound(lesson):
    found = quizzes.load(lesson)  # raises for what is damaged
    assert len(found) == 4
    for question in found:
        assert sum(option.right for option in question.options) == 1
        assert all(len(option.why) > 20 for option in question.options)
    recalled = [question.note for question in found if question.note]
    assert len(recalled) == 1 or (lesson < "02" and len(recalled) <= 1)


@pytest.mark.parametrize("lesson", quizzes.lessons())
def test_the_right_options_have_no_place_of_their_own(lesson):
    places = [[o.right for o in q.options].index(True) for q in quizzes.load(lesson)]
    assert len(set(places)) > 1, "the right option stands at the same place in all four"
    longest = [max(q.options, key=lambda o: len(o.text)).right for q in quizzes.load(lesson)]
    assert not all(longest), "the longest option is the right one in all four"


def test_every_file_belongs_to_a_lesson():
    numbers = {path.name.partition("_")[0] for path in notebooks.lessons()}
    assert set(quizzes.lessons()) <= numbers | {n.removeprefix("lesson_") for n in checks.files()}


def test_the_files_are_part_of_the_package():
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert data["tool"]["setuptools"]["package-data"]["dqnlib.course"] == ["questions/*.toml"]
    assert Path(quizzes.__file__).with_name("questions").is_dir()


# -- damaged files -------------------------------------------------------------------------

OPTION = '[[question.option]]\ntext = "{}"\nwhy = "Because it is so."\n'


def question(ask="Why?", right=0, count=3, more=""):
    options = [OPTION.format("abcd"[k]) + "right = true\n" * (k == right) for k in range(count)]
    return f'[[question]]\nask = "{ask}"\n{more}' + "".join(options)


def four(*more):
    return "\n".join(more + tuple(question(f"Why {k}?") for k in range(4 - len(more))))


RECALL = 'recalls = "01"\n'
DAMAGED = {
    "no TOML": ("ask = ", "Invalid value"),
    "three questions": (four().rpartition("[[question]]")[0], "3 questions, not 4"),
    "five questions": (four() + question(), "5 questions, not 4"),
    "a table in place of a list": ('question = {ask = "x"}', "questions, not 4"),
    "no options": (four('[[question]]\nask = "a"\n'), "question 1 has 0 options"),
    "two options": (four(question(count=2)), "question 1 has 2 options, not three or four"),
    "five options": (four(question(count=4) + OPTION.format("e")), "question 1 has 5 options"),
    "nothing right": (four(question(right=9)), "question 1 has 0 options with right = true"),
    "two right": (
        four(question().replace('"b"', '"b"\nright = true')),
        "question 1 has 2 options with right = true",
    ),
    "right as a word": (
        four(question().replace("right = true", 'right = "yes"')),
        "question 1, option 1: right must be true or false",
    ),
    "no why": (
        four(question().replace('why = "Because it is so."\n', "", 1)),
        "question 1, option 1: why must be a text",
    ),
    "an empty why": (
        four(question().replace("Because it is so.", " ", 1)),
        "question 1, option 1: why must be a text",
    ),
    "no ask": (four(question().replace('ask = "Why?"\n', "")), "question 1: ask must be a text"),
    "an unknown key": (
        four(question().replace("ask =", "asks =")),
        "question 1 has an unknown key 'asks': did you mean ask?",
    ),
    "an unknown part": ("title = 3\n" + four(), "the file has an unknown key 'title'"),
    "an option twice": (four(question().replace('"b"', '"a"')), "offers the same option twice"),
    "a question twice": (four(question("Why 1?")), "asks the same question twice"),
    "none recalled": (four(), "0 of its questions have recalls"),
    "two recalled": (
        four(question("a", more=RECALL), question("b", more=RECALL)),
        "2 of its questions have recalls",
    ),
    "a later lesson recalled": (
        four(question(more='recalls = "05"\n')),
        "recalls must be the number of an earlier lesson",
    ),
    "a name recalled": (
        four(question(more='recalls = "tables"\n')),
        "recalls must be the number of an earlier lesson",
    ),
    "a number recalled": (four(question(more="recalls = 1\n")), "recalls must be a text"),
}


@pytest.mark.parametrize(("content", "words"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named_with_what_is_wrong(content, words, tmp_path):
    file = tmp_path / "lesson_03.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(quizzes.DamagedQuizError, match=re.escape(words)) as caught:
        quizzes.read(file)
    assert str(caught.value).startswith("lesson_03.toml: ")


def test_a_sound_file(tmp_path):
    file = tmp_path / "lesson_03.toml"
    file.write_text(four(question("a", more=RECALL)), encoding="utf-8")
    first, second, *_ = quizzes.read(file)
    assert (first.note, second.note) == ("from lesson 01", "")
    assert (first.right.text, len(first.options)) == ("a", 3)
    file = file.rename(tmp_path / "lesson_01.toml")
    file.write_text(four(), encoding="utf-8")
    assert len(quizzes.read(file)) == 4  # nothing to go back to yet


@pytest.mark.parametrize(("lesson", "words"), [("99", "There are: 00"), ("0", "mean '00'")])
def test_a_lesson_without_questions(lesson, words):
    with pytest.raises(ValueError, match=words):
        quiz(lesson)


# -- shown and answered --------------------------------------------------------------------


def rows(shown, number=0):
    """The buttons of a question, the words under its options, and the note below."""
    _, *options, said = widget(shown._repr_mimebundle_()).children[number].children
    buttons = [row.children[0] for row in options]
    return buttons, [row.children[1].children[1] for row in options], said


def test_a_wrong_choice_gets_its_word_and_the_right_one_brings_all():
    shown = quiz("00")
    first = shown.questions[0]
    buttons, words, _ = rows(shown)
    assert [button.description for button in buttons] == ["A", "B", "C"]
    assert [word.value for word in words] == ["", "", ""]
    assert quizzes.right("00") == (0, 4)
    buttons[1].click()
    assert "✗" in words[1].value
    assert words[0].value == words[2].value == ""  # it gives nothing away
    assert quizzes.right("00") == (0, 4)
    buttons[0].click()
    assert "✓" in words[0].value
    assert all(word.value for word in words)
    assert quizzes.right("00") == (1, 4)
    buttons[2].click()  # to try another loses nothing
    assert quizzes.right("00") == (1, 4)
    assert progress.answer(progress.question_key("00", first.ask))["tried"] == [
        first.options[k].text for k in (1, 0, 2)
    ]


def test_the_answer_is_there_again():
    rows(quiz("00"), 1)[0][0].click()
    buttons, words, _ = rows(quiz("00"), 1)
    assert words[0].value
    assert [button.button_style for button in buttons] == ["warning", "", ""]
    assert not any(word.value for word in rows(quiz("00"), 0)[1])


def test_an_answer_that_cannot_be_kept_says_so(dqnlib_home):
    dqnlib_home.write_text("mine")
    buttons, words, said = rows(quiz("00"))
    buttons[0].click()
    assert "✓" in words[0].value
    assert "could not be saved" in said.value


def test_a_saved_notebook_shows_the_questions_whatever_was_answered():
    before = {k: v for k, v in quiz("00")._repr_mimebundle_().items() if "widget" not in k}
    rows(quiz("00"))[0][0].click()
    after = {k: v for k, v in quiz("00")._repr_mimebundle_().items() if "widget" not in k}
    assert before == after
    assert set(before) == {"text/plain", "text/html"}
    questions = quiz("00").questions
    for text in (*(q.ask for q in questions), *(o.text for q in questions for o in q.options)):
        plain = re.sub(r"\s+", " ", before["text/plain"])
        assert text in plain
    assert not any(o.why in before["text/plain"] for q in questions for o in q.options)
    assert before["text/html"].count("<details>") == sum(len(q.options) for q in questions)


def test_without_ipywidgets(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert set(quiz("00")._repr_mimebundle_()) == {"text/plain", "text/html"}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("`a*b*c` < 1", "<code>a*b*c</code> &lt; 1"),
        ("the *same* one", "the <em>same</em> one"),
        ("2 * 3 * 4, Q* and V*", "2 * 3 * 4, Q* and V*"),
        ("$Q^*(s) * Q^*$ *all of it*", "$Q^*(s) * Q^*$ <em>all of it</em>"),
        (
            "`nn.Sequential(*layers)` and `*x`",
            "<code>nn.Sequential(*layers)</code> and <code>*x</code>",
        ),
    ],
)
def test_sentences_as_html(text, want):
    assert inline(text) == want
