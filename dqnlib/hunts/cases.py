"""A bug hunt: what its author writes down, and what the learner looks at."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dqnlib.config import Config, check_config
from dqnlib.course import progress
from dqnlib.course.choices import LETTERS, Option, Question, with_widget
from dqnlib.course.messages import wrap
from dqnlib.results import Run


@dataclass(frozen=True)
class Suspect:
    """A mistake that may be the one; word: what the clues say to it, shown once it is accused."""

    name: str
    word: str


@dataclass(frozen=True)
class Hunt:
    """A healthy agent, and one mistake that is built into it.

    sabotage: called before each training, returns the slots of `dqnlib.Trainer` that hold the
    mistake, or a changed `Config`, or both: {"config": a changed one, "td_target": ...}.
    slots: what healthy and sabotaged agent share. record: further numbers to be drawn, as for the
    trainer. probes: those that tell; empty: all.

    Raises ValueError unless the guilty one is among three to six suspects, each with its word.
    """

    story: str  # what was seen, for the learner
    config: Config  # the healthy agent, small enough to be trained in seconds
    sabotage: Callable[[], Mapping | Config]
    suspects: tuple[Suspect, ...]
    guilty: str  # name of a suspect
    seeds: Iterable[int] = range(5)
    slots: Mapping = field(default_factory=dict)
    record: Mapping[str, Callable] = field(default_factory=dict)
    probes: tuple[str, ...] = ()  # short names, as "Termination"
    probe: Callable | None = None  # a run -> rows of `probing.Learned`, in place of the probes

    def __post_init__(self):
        check_config("config", self.config)
        names = [suspect.name for suspect in self.suspects]
        if not 3 <= len(names) <= 6 or len(set(names)) < len(names):
            raise ValueError(f"a hunt has three to six different suspects, but these are {names}")
        if self.guilty not in names:
            raise ValueError(f"the guilty one, {self.guilty!r}, is not among the suspects {names}")
        texts = {"story": self.story, **{f"word on {s.name!r}": s.word for s in self.suspects}}
        for name, text in texts.items():
            if not text.strip():
                raise ValueError(f"the {name} is empty")
        if not callable(self.sabotage):
            raise ValueError(f"sabotage must be a function, but it is {self.sabotage!r}")

    def sabotaged(self) -> tuple[dict, dict]:
        """Return the settings that the mistake changes, by name, and the slots that hold it."""
        given = self.sabotage()
        slots = {} if isinstance(given, Config) else dict(given)
        config = given if isinstance(given, Config) else slots.pop("config", self.config)
        names = (f.name for f in dataclasses.fields(Config))
        changed = {n: getattr(config, n) for n in names}
        changed = {n: v for n, v in changed.items() if v != getattr(self.config, n)}
        if not changed and not slots:
            raise ValueError("the sabotage changes nothing")
        return changed, slots


class BugHunt:
    """A hunt that is open: its clues, and the verdict. Each clue takes seconds.

    ``healthy`` and ``suspect`` are the runs of both agents, with the same seeds.
    """

    def __init__(self, lesson: str, hunt: Hunt):
        self.lesson, self._hunt = lesson, hunt

    def __repr__(self) -> str:
        names = [suspect.name for suspect in self._hunt.suspects]
        lines = [f"   {letter}  {name}" for letter, name in zip(LETTERS, names)]
        return "\n".join([*wrap(self._hunt.story), "", "The suspects:", *lines])

    @property
    def config(self) -> Config:
        """The settings of the healthy agent."""
        return self._hunt.config

    @cached_property
    def healthy(self) -> Run:
        """The run of the agent without the mistake."""
        return self.train_healthy()

    @cached_property
    def suspect(self) -> Run:
        """The run of the agent with the mistake."""
        return self.train()

    def train(
        self, config: Config | None = None, seeds: Iterable[int] | None = None, **more
    ) -> Run:
        """Train the sabotaged agent, by default as the hunt does, and return its run.

        config: settings of your own, into which the mistake is built; more: slots and record, as
        for `dqnlib.train`. Raises what `train` raises.
        """
        return _trained(self._sabotaged(config, seeds, **more))

    def train_healthy(
        self, config: Config | None = None, seeds: Iterable[int] | None = None, **more
    ) -> Run:
        """Train the same agent without the mistake, to compare."""
        return _trained(self._sound(config, seeds, **more))

    def _sound(self, config: Config | None, seeds: Iterable[int] | None, **more):
        from dqnlib.training import Trainer

        seeds = self._hunt.seeds if seeds is None else seeds
        slots = {"record": dict(self._hunt.record), **self._hunt.slots, **more}
        return Trainer(config or self.config, seeds, **slots)

    def _sabotaged(self, config: Config | None, seeds: Iterable[int] | None, **more):
        changed, slots = self._hunt.sabotaged()
        return self._sound((config or self.config).replace(**changed), seeds, **more, **slots)

    def curves(self) -> tuple:
        """Draw the returns and the Q-values of both agents; return the matplotlib axes.

        The mean over the seeds and its 95 % interval; greedy returns where the agents were
        evaluated at four places or more, else those of the training episodes.
        """
        from dqnlib import plots

        runs = {"healthy": self.healthy, "suspect": self.suspect}
        names = ["q", *self._hunt.record]
        axes = plots.new_axes(5.2 * (1 + len(names)), 3.3, columns=1 + len(names))
        draw = plots.learning_curves
        if min(len(run.eval_steps) for run in runs.values()) >= 4:
            draw = plots.evaluation_curves
        draw(runs, axes[0])
        for ax, name in zip(axes[1:], names):
            label = "largest Q-value, mean of a batch" if name == "q" else name
            plots.record_curves(runs, name, label, ax, log=_far_apart(runs, name))
        return axes

    def probes(self):
        """Train both agents on the probes of `dqnlib.probes`; show learned beside true values."""
        from dqnlib.hunts.probing import ProbeTable, on_probes

        if self._hunt.probe:
            return ProbeTable(self._hunt.probe(self.healthy), self._hunt.probe(self.suspect))
        names = self._hunt.probes
        return ProbeTable(
            on_probes(self._sound, self.config, names),
            on_probes(self._sabotaged, self.config, names),
        )

    def verdict(self) -> "Verdict":
        """Show the suspects as buttons: accuse one. The verdict is kept with your progress."""
        return Verdict(self.lesson, self._hunt)


class Verdict:
    """The question who did it, with a button a suspect."""

    def __init__(self, lesson: str, hunt: Hunt):
        options = (Option(s.name, s.word, s.name == hunt.guilty) for s in hunt.suspects)
        self._question = Question("Which mistake is built into this agent?", tuple(options))
        self._key = progress.hunt_key(lesson)

    def __repr__(self) -> str:
        return f"Run this cell in JupyterLab to accuse one.\n\n{self._question.as_text()}"

    def _repr_mimebundle_(self, **kwargs) -> dict:
        question = self._question
        return with_widget(
            lambda: question.widget(self._key), repr(self), question.as_html(), **kwargs
        )


def _trained(trainer) -> Run:
    for _ in trainer:
        pass
    return trainer.run()


def _far_apart(runs: dict[str, Run], name: str) -> bool:
    """Return whether one run's values are so much larger that a log scale shows more."""
    import numpy as np

    found = [run.records[name][np.isfinite(run.records[name])] for run in runs.values()]
    if any(values.size == 0 or values.min() <= 0 for values in found):
        return False
    largest = sorted(values.max() for values in found)
    return largest[-1] > 20 * largest[0]
