"""A question with options to choose from, of which one is right, and a word on each of them.

The answer is kept with the learner's progress. A wrong choice gets its own word, and one may try
again; the right one brings the words on all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dqnlib.course import progress
from dqnlib.course.messages import wrap
from dqnlib.course.shown import folded, inline, verdict

LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class Option:
    """One answer to choose, and the word on it; text and why may hold `code` and $formulas$."""

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question and its options; note: what stands small beside it."""

    ask: str
    options: tuple[Option, ...]
    note: str = ""

    @property
    def right(self) -> Option:
        """The right option."""
        return next(option for option in self.options if option.right)

    def as_text(self, number: str = "") -> str:
        """Return the question with its options, without their words."""
        note = f" ({self.note})" if self.note else ""
        lines = wrap(f"{number}{self.ask}{note}")
        for letter, option in zip(LETTERS, self.options):
            first, *rest = wrap(option.text)
            lines += [f"   {letter}  {first}", *(f"      {line}" for line in rest)]
        return "\n".join(lines)

    def as_html(self, number: str = "") -> str:
        """Return it for a page without a kernel: the word on each option is folded."""
        items = "".join(
            f"<li>{inline(o.text)} {folded('A word on it', verdict(o.right, o.why))}</li>"
            for o in self.options
        )
        return f"{self._head(number)}<ol type='A'>{items}</ol>"

    def _head(self, number: str) -> str:
        note = f" <small>({inline(self.note)})</small>" if self.note else ""
        return f"<b>{number}{inline(self.ask)}</b>{note}"

    def widget(self, key: str, number: str = ""):
        """Return the question with a button an option; what is chosen is kept under the key."""
        import ipywidgets as widgets

        buttons, words, rows = [], [], []
        for letter, option in zip(LETTERS, self.options):
            button = widgets.Button(
                description=letter,
                tooltip=f"Choose {letter}",
                layout=widgets.Layout(width="36px", flex="0 0 auto"),
            )
            word = widgets.HTMLMath()
            text = widgets.VBox(
                [widgets.HTMLMath(inline(option.text)), word],
                layout=widgets.Layout(flex="1 1 auto", width="auto"),
            )
            buttons.append(button)
            words.append(word)
            rows.append(widgets.HBox([button, text], layout=widgets.Layout(max_width="760px")))
        said = widgets.HTML()

        def show(tried: Sequence[str]) -> None:
            found = self.right.text in tried
            for option, button, word in zip(self.options, buttons, words):
                mine = option.text in tried
                word.value = verdict(option.right, option.why) if mine or found else ""
                button.button_style = ("success" if option.right else "warning") if mine else ""

        def choose(option: Option) -> None:
            problem = progress.record_answer(key, option.text, option.right)
            tried.append(option.text)
            show(tried)
            said.value = inline(problem or "")

        tried = list(progress.answer(key)["tried"])
        for option, button in zip(self.options, buttons):
            button.on_click(lambda _, option=option: choose(option))
        show(tried)
        return widgets.VBox([widgets.HTMLMath(self._head(number)), *rows, said])


def with_widget(make, text: str, page: str, **kwargs) -> dict:
    """Return a mime bundle: what `make` gives where there are widgets, else the page."""
    try:
        shown = make()._repr_mimebundle_(**kwargs)
    except ImportError:
        shown = {}
    return {**shown, "text/plain": text, "text/html": page}
