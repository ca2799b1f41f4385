"""Predictions: the learner commits to an answer before the experiment answers."""

import html

from dqnlib.course import progress


class predict:
    """Ask for a prediction with one button an option, and store what is chosen.

    name: under which it is stored; options: the answers to choose from.
    """

    def __init__(self, name: str, question: str, options: list[str]):
        self.name, self.question, self.options = name, question, list(options)

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


def reveal(name: str, answer: str) -> None:
    """Print the stored prediction beside what the experiment showed."""
    choice = progress.prediction(name)
    nothing = "nothing yet (that is fine: choose an answer above next time)"
    print(f"You predicted: {choice or nothing}")
    print(f"It turns out:  {answer}")
