"""After the tests of the judge: a table of the answers that got their verdict."""

from collections import Counter

TESTS = {
    "test_right_answer_is_accepted_and_handed_back": "right: accepted",
    "test_blank_hands_back_the_reference": "blank",
    "test_wrong_answer_gets_its_diagnosis": "wrong: right diagnosis",
}


def pytest_terminal_summary(terminalreporter):
    """Count by the names of the tests, which several processes may have run."""
    passed, tried = Counter(), Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            test, _, case = report.nodeid.rpartition("::")[2].partition("[")
            if report.when == "call" and test in TESTS:
                for name in (case.partition("-")[0], "all"):
                    tried[name, TESTS[test]] += 1
                    passed[name, TESTS[test]] += outcome == "passed"
    if not tried:
        return
    terminalreporter.section("answers to the exercises")
    width = max(len(name) for name, _ in tried) + 2
    write = terminalreporter.write_line
    write(" " * width + "".join(f"{title:>24}" for title in TESTS.values()))
    for name in [*sorted({name for name, _ in tried} - {"all"}), "all"]:
        shares = [f"{passed[name, t]} of {tried[name, t]}" for t in TESTS.values()]
        write(f"{name:{width}}" + "".join(f"{share:>24}" for share in shares))
