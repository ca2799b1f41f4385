"""Predictions: the learner commits to an answer before the experiment answers."""

import difflib
import html
import re
from collections.abc import Sequence

from dqnlib.course import progress
from dqnlib.course.messages import wrap

_asked: dict[str, list[str]] = {}  # the options of what `predict` asked in this process, by name


class predict:
    """Ask for a prediction with one button an option, and store what is chosen.

    name: under which it is stored; options: the answers to choose from.
    """

    def __init__(self, name: str, question: str, options: Sequence[str]):
        self.name, self.question, self.options = name, question, list(options)
        _asked[name] = self.options

    def __repr__(self) -> str:
        choices = "\n".join(f"  - {option}" for option in self.options)
        return f"Your prediction, please: {self.question}\n{choices}"

    def _repr_mimebundle_(self, **kwargs) -> dict:
        try:
            import ipywidgets as widgets
        except ImportError:
            return {"text/plain": repr(self)}
        choice = progress.prediction(self.name)
        radio = widgets.RadioButtons(
            options=self.options,
            value=choice if choice in self.options else None,
            layout=widgets.Layout(width="auto"),
        )
        said = widgets.HTML("Choose one: you will meet your answer again after the experiment.")

        def store(change):
            problem = progress.record_prediction(self.name, change["new"])
            said.value = html.escape(problem or "Noted. Now run the experiment.")

        radio.observe(store, "value")
        box = widgets.VBox([widgets.HTML(f"<b>{html.escape(self.question)}</b>"), radio, said])
        return {**box._repr_mimebundle_(**kwargs), "text/plain": repr(self)}


def reveal(name: str, answer: str, many: str = "", because: str = "") -> None:
    """Print the stored prediction beside what the experiment showed, and why many choose wrongly.

    answer: what the data of this cell show. many: the option that most people choose; because: why
    it tempts, and what is true. Raises ValueError for one without the other, for an option that
    was not offered, and for an answer that is spelled almost like an option, but not quite.
    """
    if bool(many) != bool(because):
        raise ValueError("give many, the option that most people choose, and because together")
    if name in _asked:
        _check_spelling(str(answer), str(many), _asked[name])
    choice = progress.prediction(name)
    nothing = "nothing yet (that is fine: choose an answer above next time)"
    print(f"You predicted: {choice or nothing}")
    print(f"It turns out:  {answer}")
    if many:
        print("\n".join(wrap(f"Many choose “{many}”: {because}")))


def _check_spelling(answer: str, many: str, options: list[str]) -> None:
    if many and many not in options:
        raise ValueError(f"many must be one of the options {options}, got {many!r}")
    for option in options if answer not in options else ():
        numbers = [re.findall(r"[\d.,]*\d", text) for text in (answer, option)]
        alike = difflib.SequenceMatcher(None, answer.lower(), option.lower()).ratio()
        if alike > 0.85 and numbers[0] == numbers[1]:
            raise ValueError(f"the answer {answer!r} is spelled unlike the option {option!r}")
