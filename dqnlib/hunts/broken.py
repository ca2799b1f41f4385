"""Five broken agents of lesson 09, to be found from their curves. Do not read on beforehand."""

import numpy as np

from dqnlib import studies, swept
from dqnlib.course import progress
from dqnlib.course.choices import Option, Question, with_widget
from dqnlib.course.messages import wrap

_WORDS = {  # agent of `swept.FAULTS` -> what is wrong with it, and what its curves look like
    "A": (
        "the target network is never copied",
        "Then Q stops at r + γ · (what a random network says), here near 1, and the loss goes to "
        "0: all that a random network can teach has been learned.",
    ),
    "B": (
        "ε stays at 1",
        "Then the training episodes stay as short as those of chance, about 22 steps, while the "
        "greedy ones grow: it learns, and never acts on what it knows while it trains.",
    ),
    "C": (
        "there is no target network, and the step is large",
        "Then the values run away, beyond 100, which no policy can earn, and the loss runs with "
        "them. The returns need not show it.",
    ),
    "D": (
        "the discount is 0.5",
        "Then the values stop at 1/(1 − γ) = 2, and the loss gets small: what comes three steps "
        "later hardly counts, so the agent acts on short sight.",
    ),
    "E": (
        "the buffer holds 64 transitions",
        "Then the values look healthy, and the returns stay behind: a batch is about the last 64 "
        "steps, and what was learned before is forgotten.",
    ),
    "nobody": (
        "the value of a terminal state is kept",
        "Then the values would climb toward 1/(1 − γ) = 100 from the first copy on, also in agents "
        "whose poles fall after ten steps.",
    ),
}
FAULTS = dict(_WORDS.values())  # fault -> what its curves look like
GUILTY = {agent: _WORDS[agent][0] for agent in swept.FAULTS}  # agent -> its fault
_COLUMNS = {
    "return of training episodes": lambda run, x: run.returns_at(x),
    "greedy return": lambda run, x: _at(run.eval_steps, run.eval_returns.mean(2), x),
    "largest Q-value, mean of a batch": lambda run, x: _at(run.record_steps, run.q, x),
    "loss": lambda run, x: _at(run.record_steps, run.loss, x),
}


class BrokenAgents:
    """A healthy agent and five broken ones: their curves, five verdicts, and a try to mend them."""

    def __init__(self):
        self.runs, self.configs = studies.load("broken"), swept.broken()

    def page(self):
        """Draw a row of curves for each agent beside those of the healthy one; return the axes.

        The mean over the seeds and its 95 % interval.
        """
        return self._draw(_COLUMNS, list(GUILTY))

    def verdicts(self) -> "Verdicts":
        """Show the five questions as buttons; the answers are kept with your progress."""
        return Verdicts()

    def logged(self):
        """Draw what costs nothing to log, for all agents: ε, and the transitions in the buffer."""
        from dqnlib import plots

        steps = np.arange(0, 10_001, 100)
        axes = plots.new_axes(9.0, 2.8, columns=2)
        for k, (name, config) in enumerate(self.configs.items()):
            style = {"color": (*plots.COLORS, "#20242b")[k], "ls": plots.STYLES[k], "label": name}
            down = np.minimum(steps / config.epsilon_steps, 1)
            epsilon = config.epsilon + down * (config.final_epsilon - config.epsilon)
            axes[0].plot(steps, epsilon, **style)
            axes[1].plot(steps, np.minimum(steps, config.capacity), **style)
        axes[0].set(xlabel="environment steps", ylabel="ε")
        axes[1].set(xlabel="environment steps", ylabel="transitions in the buffer", yscale="symlog")
        axes[1].legend(frameon=False, fontsize=8)
        return axes

    def mend(self, agent: str, **settings) -> None:
        """Say whether an agent is the healthy one with these settings.

        Raises ValueError for an agent that is not there, and what `Config` raises.
        """
        if agent not in GUILTY:
            raise ValueError(f"there is no agent {agent!r}: choose one of {', '.join(GUILTY)}")
        mended = self.configs[agent].replace(**settings) == self.configs["healthy"]
        words = ", ".join(f"{name} = {value}" for name, value in settings.items()) or "nothing new"
        end = "is the healthy agent" if mended else "is not the healthy agent"
        print(f"{'✓' if mended else '✗'} {agent} with {words} {end}")

    def _draw(self, columns: dict, names: list[str]):
        import matplotlib.pyplot as plt

        from dqnlib import plots

        plt.close(plots.new_axes().figure)  # it sees to it that figures show in a notebook
        size = {"figsize": (11, 1.75 * len(names) + 0.6), "layout": "constrained"}
        _, axes = plt.subplots(len(names), len(columns), sharex=True, facecolor="white", **size)
        x = np.linspace(0, 10_000, 41)[1:]
        for row, name in zip(axes, names):
            for ax, (title, values_at) in zip(row, columns.items()):
                for k, which in enumerate(("healthy", name)):
                    values = values_at(self.runs[which], x)
                    known = np.isfinite(values).all(0)
                    plots.band(ax, x[known], values[:, known], which, k)
                ax.spines[["top", "right"]].set_visible(False)
                ax.grid(alpha=0.25)
                if "return" in title:
                    ax.set_ylim(0, 510)
                elif title == "loss" or name == "C":
                    plots.log_scale(ax)
                if name == names[0]:
                    ax.set_title(title, fontsize=9)
            row[0].set_ylabel(f"agent {name}", fontsize=11, fontweight="bold")
            row[0].legend(frameon=False, fontsize=8)
        for ax in axes[-1]:
            ax.set_xlabel("environment steps")
        return axes


def _at(steps: np.ndarray, values: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the last values [S, K] at or before each of the steps x [X]: [S, X]."""
    last = np.searchsorted(steps, x, side="right") - 1
    return np.where(last >= 0, values[:, np.maximum(last, 0)], np.nan)


class Verdicts:
    """What is wrong with each agent: five questions with a button an option."""

    def __init__(self):
        self._questions = {
            name: Question(
                f"What is wrong with agent {name}?",
                tuple(Option(text, why, text == guilty) for text, why in FAULTS.items()),
            )
            for name, guilty in GUILTY.items()
        }

    def __repr__(self) -> str:
        faults = [line for text in FAULTS for line in wrap(f"- {text}")]
        return "\n".join(
            ["Run this cell in JupyterLab to answer with a click. The faults:", *faults]
        )

    def _repr_mimebundle_(self, **kwargs) -> dict:
        page = "".join(question.as_html() for question in self._questions.values())
        return with_widget(self._widget, repr(self), page, **kwargs)

    def _widget(self):
        import ipywidgets as widgets

        keys = {name: f"{progress.hunt_key('09')} agent {name}" for name in GUILTY}
        return widgets.VBox([q.widget(keys[name]) for name, q in self._questions.items()])
