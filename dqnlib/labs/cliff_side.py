"""A side of the Cliff lab: the runs that train with one setting, and the arithmetic of a step."""

import html
import math

import numpy as np

from dqnlib.config import TabularConfig
from dqnlib.intervals import mean_interval
from dqnlib.labs.curves import evenly
from dqnlib.labs.texts import letter
from dqnlib.pictures import ACTIONS, SIDE_COLORS, Curve, number
from dqnlib.plots import smoothed
from dqnlib.seeds import NEXT_VALUE, TabularTrainer

NAMES = {
    "q_learning": "Q-learning",
    "sarsa": "Sarsa",
    "expected_sarsa": "Expected Sarsa",
    "double_q_learning": "Double Q-learning",
}
_RECENT = 1000  # steps of every run after which a visit counts e times less
SMOOTH = 10  # episodes in a running mean of the curves


class Side:
    """One of the two settings of a `CliffLab`, and the runs that train with it."""

    def __init__(self, side: str, config: TabularConfig, seeds, model, target, policy, update):
        self.functions = {"target": target, "policy": policy, "update": update}
        self.side, self.config, self.model = side, config, model
        self.seeds, self.fixed = seeds, target is not None
        self.begin()

    def begin(self) -> None:
        """Make the runs new, with the setting as it is now."""
        episodes = self.config.episodes
        self.trainer = TabularTrainer(
            self.config, self.seeds, model=self.model, record_every=episodes, **self.functions
        )
        self.own = self.trainer.own  # the course's own functions are not "yours"
        self.seeds = self.trainer.seeds
        self.visits = np.zeros(self.model.n_states)
        self.agent: int | None = int(self.trainer.obs[0])
        self.mark: tuple[int, int] | None = None
        self.line = ("", "The arithmetic of the last step will be here.")

    def change(self, field: str, value) -> bool:
        """Change a setting; return False if the runs had to begin anew for it."""
        self.config = self.config.replace(**{field: value})
        try:
            self.trainer.config = self.config
        except ValueError:  # to or from two tables
            self.begin()
            return False
        return True

    @property
    def title(self) -> str:
        yours = [k for k, f in self.own.items() if f]
        return NAMES[self.config.algorithm] + (f" with your {', '.join(yours)}" if yours else "")

    def advance(self, watch: bool) -> None:
        """Take one step in every run; with watch, note what run 0 learned from it."""
        t = self.trainer
        if t.done:
            return
        watch = watch and t.episode[0] < self.config.episodes
        before = t.tables[0].copy() if watch else None
        t.step()
        rows, obs, action, _, next_obs, _ = t.last
        part = len(rows) / len(self.seeds)  # runs that have finished take no steps
        self.visits *= 1 - part / _RECENT
        self.visits += np.bincount(obs, minlength=len(self.visits)) / len(self.seeds)
        self.mark = None
        if rows[0] == 0:
            self.agent = int(next_obs[0])
            if watch:
                self.mark = int(obs[0]), int(action[0])
                self.line = update_line(self._last_update(before))
        if not watch:
            self.line = ("", "Press Step, or play slowly, to see the arithmetic of each step here.")

    def _last_update(self, before: np.ndarray) -> dict:
        """Return what `update_line` needs about the last step of run 0; before: [T, N, A]."""
        t, c = self.trainer, self.config
        _, obs, action, reward, next_obs, terminated = (x[0] for x in t.last)
        table, next_q, extra, td_target = t.learned
        table = int(np.ravel(table)[0])
        value = NEXT_VALUE[c.algorithm](next_q[:1], *(part[:1] for part in extra))[0]
        return {
            "algorithm": c.algorithm,
            "alpha": c.alpha,
            "gamma": c.gamma,
            "table": table,
            "obs": int(obs),
            "action": int(action),
            "reward": float(reward),
            "next_obs": int(next_obs),
            "terminated": bool(terminated),
            "old": float(before[table, obs, action]),
            "new": float(t.tables[0, table, obs, action]),
            "td_target": float(td_target[0]),
            "next_value": float(value),
            "next_action": int(extra[0][0]) if c.algorithm == "sarsa" else None,
            "own_target": bool(self.own["target"]),
            "own_update": bool(self.own["update"]),
        }

    @property
    def q(self) -> np.ndarray:
        """Action values [N, A] of run 0."""
        return self.trainer.tables[0].mean(0)

    @property
    def share(self) -> np.ndarray:
        """Share of the recent steps of all runs in each state [N]."""
        return self.visits / max(self.visits.sum(), 1e-9)

    def status(self) -> str:
        """Return the side's two lines of text as HTML."""
        t, c = self.trainer, self.config
        last = t.last_return[0]
        facts = [
            f"<b>{html.escape(self.title)}</b>, "
            f"α {c.alpha:.2f}, γ {c.gamma:.2f}, ε {c.epsilon:.2f}" + self._counting(),
            f"episode {min(t.episode[0] + 1, c.episodes):,} of {c.episodes:,}",
            f"step {t.steps:,}",
            "no return yet" if math.isnan(last) else f"last return {number(last, 0)}",
        ]
        line, note = (html.escape(text) for text in self.line)
        return (
            f"{letter(self.side)} {' · '.join(facts)}<br>"
            "<span style='font-family:var(--jp-code-font-family,monospace);font-size:12px;"
            f"margin-left:27px'>{line}</span>"
            f"<span style='opacity:.75;font-size:12px'>{'&emsp;' * bool(line)}{note}</span>"
        )

    def _counting(self) -> str:
        c = self.config
        shown = c.algorithm == "expected_sarsa" and c.target_epsilon is not None
        return f", counts on {c.target_epsilon:.2f}" if shown else ""

    def curve(self) -> Curve:
        """Return the return curve of all runs so far, over the episodes that all have finished."""
        returns = self.trainer.run().returns  # [S, E]
        style = {"A": "-", "B": "--"}[self.side]
        curve = Curve(f"{self.side}  {self.title}", SIDE_COLORS[self.side], style)
        if returns.shape[1] < SMOOTH:
            return curve
        values = smoothed(returns, SMOOTH)
        at = evenly(values.shape[1], 400)  # 400 points do
        curve.x, curve.one = at + SMOOTH, values[0, at]
        curve.mean, curve.low, curve.high = mean_interval(values[:, at])
        return curve


def update_line(step: dict) -> tuple[str, str]:
    """Return the arithmetic of one update and a note on it, as two lines of text.

    step: algorithm, alpha, gamma, table, obs, action, reward, next_obs, terminated, old, new,
    td_target, next_value, next_action (Sarsa), own_target, own_update.
    """
    s = step
    double = s["algorithm"] == "double_q_learning"
    name = f"Q{'₁₂'[s['table']] if double else ''}"
    pair = f"{name}({s['obs']}, {ACTIONS[s['action']]})"
    if s["own_target"]:
        target, note = _bracketed(s["td_target"]), "the first number in [ ] is from your target"
    elif s["terminated"]:
        target, note = _plain(s["reward"]), "goal reached: nothing follows"
    else:
        value = _bracketed(s["next_value"])
        target = f"{_plain(s['reward'])} + {_plain(s['gamma'])} × {value}"
        note = f"{value.strip('()')} is {_where_from(s)}"
    line = (
        f"{pair} ← {number(s['old'])} + {_plain(s['alpha'])} × "
        f"[{target} − {_bracketed(s['old'])}] = {number(s['new'])}"
    )
    usual = s["old"] + s["alpha"] * (s["td_target"] - s["old"])
    if s["own_update"] and abs(usual - s["new"]) > 1e-9:
        line = f"{pair}: {number(s['old'])} became {number(s['new'])}"
        note = "your update did this"
    return line, note


def _where_from(s: dict) -> str:
    """Say which value of the next state the target used."""
    state = s["next_obs"]
    return {
        "q_learning": f"the largest value in state {state}",
        "sarsa": f"Q({state}, {ACTIONS[s['next_action'] or 0]}), the action it takes next",
        "expected_sarsa": f"the mean of state {state} under ε-greedy",
        "double_q_learning": f"Q{'₂₁'[s['table']]}'s value of Q{'₁₂'[s['table']]}'s best action",
    }[s["algorithm"]]


def _bracketed(value: float) -> str:
    """Return a number with two decimals, in brackets if it is negative."""
    return f"({number(value)})" if round(value, 2) < 0 else number(value)


def _plain(value: float) -> str:
    """Return a setting or a reward as short as can be: 1.0, 0.95, −100."""
    return (f"{value:.1f}" if value in (0, 1) else f"{value:.4g}").replace("-", "−")
