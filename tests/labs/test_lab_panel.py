"""The panel of a lab: controls post what they are moved to, slots show what they are given.

`tests/mutants/labs/test_lab_panel.toml` lists the mutants that these tests kill.
"""

import time

import pytest
from lab_helpers import close_labs, widget  # noqa: F401 - a fixture

from dqnlib.labs import Lab
from dqnlib.labs.panel import Panel

ipywidgets = pytest.importorskip("ipywidgets")


class Sliders(Panel):
    """A panel with one slider and one text, which keeps what is posted."""

    go, speed = "Go", 10.0

    def __init__(self):
        super().__init__()
        self.posted = []
        self.ui = self.build()

    def post(self, command, value=None):
        self.posted.append((command, value))

    def build(self):
        buttons = self.buttons(step="one", play="many", pause="none", reset="anew")
        return self._w.VBox([self.row(*buttons), self.slider("alpha", "α", 0.5, 0, 1),
                             self.whole("n", "n", 3, 1, 9), self.text("words", 20)])  # fmt: skip


def test_controls_post_their_key_and_value():
    panel = Sliders()
    widget(panel, "α").value = 0.25
    widget(panel, "n").value = 4
    widget(panel, "Go").click()
    assert panel.posted == [("alpha", 0.25), ("n", 4), ("play", None)]


def test_a_slot_is_sent_new_values_only():
    panel, sent = Sliders(), []
    panel._slots["words"].observe(lambda event: sent.append(event["new"]), "value")
    for text in ("a", "a", "b", "b", "a"):
        panel.put("words", text)
    assert sent == ["a", "b", "a"]
    panel.put("nowhere", "x")  # a slot without a widget is kept for later
    assert panel._values["nowhere"] == "x"


def test_a_refused_value_is_put_back_unless_the_control_has_left_it():
    panel = Sliders()
    widget(panel, "α").value = 0.9
    panel.put_back("alpha", 0.9, 0.5)
    assert widget(panel, "α").value == 0.5
    widget(panel, "α").value = 0.7  # the learner is quicker than the worker
    panel.put_back("alpha", 0.9, 0.5)
    assert widget(panel, "α").value == 0.7
    panel.put_back("unknown", 1, 2)


def test_what_is_taken_off_the_page_is_closed():
    panel = Sliders()
    words, slider = panel._slots["words"], widget(panel, "α")
    panel.take_off()
    panel.put("words", "late")
    assert words.value == ""
    assert words.comm is None
    assert slider.comm is None


def test_what_the_worker_moves_is_not_posted_again():
    class Refusing(Lab):
        told = 0

        def change(self, key, value):
            self.told += 1
            self.put_back(key, value, 0.5)

        def build(self):
            return self._w.VBox([self.slider("alpha", "α", 0.5, 0, 1)])

    lab = Refusing("refusing")
    widget(lab, "α").value = 0.9
    assert lab.settle()
    time.sleep(0.05)
    assert lab.settle()
    assert widget(lab, "α").value == 0.5
    assert lab.told == 1
