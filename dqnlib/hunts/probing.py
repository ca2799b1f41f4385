"""What an agent learns on the probes, beside the values that are known on paper."""

import base64
import html
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from dqnlib.config import Config
from dqnlib.course.choices import with_widget
from dqnlib.probes import PROBES, Probe
from dqnlib.seeds.learner import TrainingError

GAMMA, STEPS, SEEDS = 0.9, 1_200, range(3)
# Settings under which the course's agents, with and without replay, learn every probe.
SETTINGS = {
    "gamma": GAMMA, "steps": STEPS, "warmup": 200, "hidden": (32,), "obs_scale": 1.0,
    "learning_rate": 0.01, "final_learning_rate": 0.0, "epsilon": 1.0, "final_epsilon": 1.0,
    "epsilon_steps": 0, "eval_every": 0, "record_every": STEPS, "device": "cpu",
}  # fmt: skip
KEPT = (  # of the agent
    "double", "target_epsilon", "n_step", "loss", "batch_size", "capacity", "layer_norm",
)  # fmt: skip
NEAR, SHARE = 0.25, 0.06  # right: within this much, and this share of the true value
EDGES = -3.0, 13.0  # of the picture, which is wider where a true value lies beyond


@dataclass(frozen=True)
class Learned:
    """One action value of one probe: the true one, and what each seed has learned."""

    probe: str
    obs: float
    action: int | None  # None: the probe has one action only
    true: float
    values: np.ndarray  # [S]; NaN where training failed

    @property
    def word(self) -> str:
        """What the mean over the seeds is: right, too high, too low or no number."""
        error = float(np.mean(self.values)) - self.true
        if not np.isfinite(error):
            return "no number"
        if abs(error) <= NEAR + SHARE * abs(self.true):
            return "right"
        return "too high" if error > 0 else "too low"

    @property
    def label(self) -> str:
        """The place, as Q(-1, 0)."""
        return f"Q({self.obs:g})" if self.action is None else f"Q({self.obs:g}, {self.action})"


def settings_for(probe: Probe, config: Config) -> Config:
    """Return the settings for a probe: an agent of this kind, at a size that learns it."""
    kept = {name: getattr(config, name) for name in KEPT}
    sync = {"sync_every": min(config.sync_every, 20), "tau": max(config.tau, 0.05)}
    return Config(env_id=probe.env_id, **kept, **sync, **SETTINGS)


def on_probes(trainer: Callable, config: Config) -> list[Learned]:
    """Train on every probe and return what was learned there.

    trainer: (config, seeds) -> Trainer; config: the agent's, of which `settings_for` keeps a part.
    """
    return [row for probe in PROBES for row in _on_probe(trainer, probe, config)]


def _on_probe(trainer: Callable, probe: Probe, config: Config) -> list[Learned]:
    true = probe.values(GAMMA)
    try:
        trained = trainer(settings_for(probe, config), SEEDS)
        for _ in trained:
            pass
        learned = np.stack([_values(trained, seed, true) for seed in SEEDS])  # [S, O, A]
    except TrainingError:  # the mistake may stop the training
        learned = np.full((len(SEEDS), len(true), len(true[0][1])), np.nan)
    name = probe.env_id.removeprefix("dqnlib/").removesuffix("-v0")
    return [
        Learned(name, obs[0], action if len(q) > 1 else None, q[action], learned[:, k, action])
        for k, (obs, q) in enumerate(true)
        for action in range(len(q))
    ]


def _values(trained, seed: int, true) -> np.ndarray:
    """Return the action values [O, A] that one seed's network gives the probe's observations."""
    observations = torch.tensor([obs for obs, _ in true])
    with torch.no_grad():
        output = trained.network(seed).eval()(observations)
        own = trained.own.get("values")
        return (own(output) if own else output).numpy()


class ProbeTable:
    """Learned beside true values, of the healthy and of the sabotaged agent.

    As text it holds words only, which come out the same on every machine; the numbers are in the
    picture, and in the table that a notebook shows while its kernel runs.
    """

    def __init__(self, healthy: list[Learned], suspect: list[Learned]):
        self.healthy, self.suspect = healthy, suspect

    def __repr__(self) -> str:
        lines = [f"{'probe':22}{'value':12}{'true':>7}   {'healthy':12}suspect"]
        last = ""
        for mine, other in zip(self.healthy, self.suspect):
            probe = mine.probe if mine.probe != last else ""
            last = mine.probe
            place = f"{probe:22}{mine.label:12}{_short(mine.true):>7}"
            lines.append(f"{place}   {mine.word:12}{other.word}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **kwargs) -> dict:
        shown = with_widget(self._widget, repr(self), "", **kwargs)
        del shown["text/html"]  # its numbers would differ from machine to machine
        return {**shown, "image/png": base64.b64encode(self._picture()).decode()}

    def _widget(self):
        import ipywidgets as widgets

        head = "".join(f"<th>{name}</th>" for name in ("probe", "value", "true"))
        head += "<th>healthy learned</th><th>suspect learned</th>"
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(mine.probe)}</td>"
            f"<td>{html.escape(mine.label)}</td><td>{_short(mine.true)}</td>"
            f"{_cell(mine)}{_cell(other)}</tr>"
            for mine, other in zip(self.healthy, self.suspect)
        )
        style = "<style>.dqn-probes td,.dqn-probes th{padding:1px 12px}</style>"
        return widgets.HTML(f"{style}<table class='dqn-probes'><tr>{head}</tr>{rows}</table>")

    def _picture(self) -> bytes:
        """Return a PNG: a row a value, the true one as a line, a dot for each seed."""
        from matplotlib.figure import Figure

        from dqnlib.plots import COLORS

        rows = len(self.healthy)
        figure = Figure(figsize=(8, 0.27 * rows + 0.9), layout="constrained", facecolor="white")
        ax = figure.subplots()
        y = np.arange(rows)
        true = [row.true for row in self.healthy]
        ax.vlines(true, y - 0.35, y + 0.35, color="black", lw=2, label="true value")
        edges = min(EDGES[0], 1.1 * min(true)), max(EDGES[1], 1.1 * max(true))
        agents = ((self.healthy, "healthy", "o", -0.15), (self.suspect, "suspect", "^", 0.15))
        for k, (found, label, mark, aside) in enumerate(agents):
            values = np.clip([row.values for row in found], *edges)  # [R, S]
            places = np.repeat(y + aside, values.shape[1])
            ax.plot(values.ravel(), places, mark, ms=5, color=COLORS[k], alpha=0.7, label=label)
            for row, place in zip(found, y + aside):
                mean = float(np.mean(row.values))
                if not edges[0] <= mean <= edges[1]:  # named where it leaves the picture
                    low = mean < edges[0]
                    side = {"va": "center", "size": 8, "ha": "left" if low else "right"}
                    text = f"   {_short(mean)}" if low else f"{_short(mean)}   "
                    ax.text(edges[0] if low else edges[1], place, text, color=COLORS[k], **side)
        ax.set_yticks(y, [f"{row.probe}  {row.label}" for row in self.healthy])
        ax.set(xlim=(edges[0] - 0.5, edges[1] + 0.5), ylim=(rows - 0.4, -0.6))
        ax.set_xlabel("action value")
        ax.grid(axis="x", alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside upper center", ncols=3, frameon=False)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=90)
        return out.getvalue()


def _short(value: float) -> str:
    """Return a number with two digits after the point at most, and none that says nothing."""
    if not np.isfinite(value):
        return "no number"
    return f"{value:.2g}" if abs(value) >= 1_000 else f"{value + 0.0:.2f}".rstrip("0").rstrip(".")


def _cell(row: Learned) -> str:
    sign = "✓" if row.word == "right" else "✗"
    return f"<td>{_short(float(np.mean(row.values)))} {sign} {row.word}</td>"
