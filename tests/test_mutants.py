"""The table of mutants fits the code and the tests as they are. No mutant is applied here.

`tests/mutants/test_mutants.toml` lists mutants of the table's own checks.
"""

import dataclasses

import mutants
import pytest


def test_every_entry_can_be_applied_and_names_a_test():
    assert "\n".join(mutants.faults(mutants.read())) == ""


def write_course(folder, **changes):
    """A course of one file, one test and one mutant in a folder of its own. -> its mutants"""
    entry = {"breaks": "one more", "old": "x + 1", "new": "x + 2", "test": "test_next"} | changes
    (folder / "dqnlib").mkdir()
    (folder / "dqnlib/a.py").write_text("def f(x):\n    return x + 1\n\n\nk = 1\nl = 1\n")
    (folder / "tests/deep").mkdir(parents=True)
    (folder / "tests/deep/test_a.py").write_text("def test_next(): ...\n\n\ndef test_two(): ...\n")
    (folder / "tests/test_b.py").write_text(
        "def test_two(): ...\n\n\ndef help(): ...\n\n\nTestX = 1\n"
    )
    lines = [f"{key} = '''{value}'''\n" for key, value in entry.items()]
    (folder / "tests/a.toml").write_text('[["dqnlib/a.py"]]\n' + "".join(lines))
    return mutants.read(folder / "tests")


def test_an_entry_that_is_right(tmp_path):
    [mutant] = write_course(tmp_path)
    assert list(mutants.faults([mutant], tmp_path)) == []
    assert (mutant.table, mutant.file) == ("a.toml", "dqnlib/a.py")
    assert mutant.source(tmp_path) == "def f(x):\n    return x + 2\n\n\nk = 1\nl = 1\n"
    assert mutants.node_id(mutant.test, tmp_path) == "tests/deep/test_a.py::test_next"


@pytest.mark.parametrize(("changes", "words"), [
    ({"old": "x - 1"}, "'x - 1' stands 0 times in it"),
    ({"old": "= 1"}, "'= 1' stands 2 times in it"),
    ({"new": "x + 1"}, "it changes nothing"),
    ({"new": "x +"}, "invalid syntax"),
    ({"test": "test_gone"}, "test_gone is the name of 0 tests"),
    ({"test": "test_two"}, "test_two is the name of 2 tests"),
    ({"test": "help"}, "help is the name of 0 tests"),
    ({"test": "b.py::test_two"}, "b.py::test_two is the name of 0 tests"),
])  # fmt: skip
def test_an_entry_that_has_rotted(tmp_path, changes, words):
    [fault] = mutants.faults(write_course(tmp_path, **changes), tmp_path)
    assert fault.startswith("a.toml: dqnlib/a.py: one more: ")
    assert words in fault


def test_files_and_repetitions(tmp_path):
    [mutant] = write_course(tmp_path)
    [fault] = mutants.faults([mutant, mutant], tmp_path)
    assert fault == "dqnlib/a.py: one more: listed 2 times"
    (tmp_path / "dqnlib/a.py").rename(tmp_path / "dqnlib/b.py")
    [fault] = mutants.faults([dataclasses.replace(mutant, breaks="moved")], tmp_path)
    assert "'x + 1' stands 0 times in it; in: dqnlib/b.py" in fault


@pytest.mark.parametrize(("name", "node"), [
    ("test_b.py::test_two", "tests/test_b.py::test_two"),
    ("TestX", "tests/test_b.py::TestX"),
    ("test_a.py::test_two[a::b-[c]]", "tests/deep/test_a.py::test_two[a::b-[c]]"),
    ("deep/test_a.py::test_two", "tests/deep/test_a.py::test_two"),
])  # fmt: skip
def test_names_of_tests(tmp_path, name, node):
    write_course(tmp_path)
    assert mutants.node_id(name, tmp_path) == node


def test_a_misspelt_key_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"a.toml, dqnlib/a.py: wrong keys in .*'brakes'"):
        write_course(tmp_path, brakes="x")
