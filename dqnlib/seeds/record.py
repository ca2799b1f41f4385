"""What is kept of S runs while they train: returns, records, evaluations, the best agents."""

from collections.abc import Callable

import numpy as np
import torch

from dqnlib.config import Config
from dqnlib.data import Moment
from dqnlib.results import Run
from dqnlib.seeds import learning
from dqnlib.seeds.learner import LearnerError, first_line
from dqnlib.seeds.stacks import Stack
from dqnlib.seeds.update import Learned, Networks, row_of


class Record:
    """The results of S runs so far.

    extras: the learner's functions by name, (Moment) -> number.
    """

    def __init__(self, seeds: tuple[int, ...], extras: dict[str, Callable], online: Stack):
        s = len(seeds)
        self._seeds, self._extras = seeds, extras
        self._returns: list[list[float]] = [[] for _ in seeds]
        self._ends: list[list[int]] = [[] for _ in seeds]
        self._steps: list[int] = []  # of the records
        self._records: dict[str, list] = {name: [] for name in ("loss", "q", *extras)}
        self._eval_steps: list[int] = []
        self._eval_returns: list[np.ndarray] = []
        self._diverged, self._best_steps = np.full(s, -1), np.full(s, -1)
        self._best_score = np.full(s, -np.inf)
        self._best, self._best_buffers = online.flat.clone(), online.buffers()

    @property
    def evaluations(self) -> int:
        """How many greedy evaluations there were."""
        return len(self._eval_steps)

    @property
    def last_returns(self) -> np.ndarray:
        """Return [S] of each run's last whole episode; NaN before its first one."""
        return np.array([returns[-1] if returns else np.nan for returns in self._returns])

    def episodes(self, steps: int, ended: np.ndarray, total: np.ndarray) -> None:
        """Note the episodes that ended after so many steps: ended, their returns total [S·E]."""
        each = len(ended) // len(self._seeds)
        for place in ended.nonzero()[0]:
            row = place // each
            self._returns[row].append(float(total[place]))
            self._ends[row].append(steps)

    def moment(
        self, steps: int, config: Config, networks: Networks, learned: Learned | None
    ) -> None:
        """Make a record of every run: loss, largest Q-value, and the learner's functions."""
        s = len(self._seeds)
        loss = q = np.full(s, np.nan)
        if learned is not None:
            value, values = learned.loss, learned.q
            if value is None:
                value = learning.loss_value(config.loss, learned.error, learned.batch.weight)
            if values is None:
                values = networks.online.q(learned.batch.obs)
            loss, q = value.cpu().numpy(), values.amax(-1).mean(-1).cpu().numpy()
            lost = ~(np.isfinite(loss) & np.isfinite(q)) & (self._diverged < 0)
            self._diverged[lost] = steps
        found = {"loss": loss, "q": q}
        for name, function in self._extras.items():
            each = (self._extra(name, function, k, steps, networks, learned) for k in range(s))
            found[name] = np.fromiter(each, float, s)
        self._steps.append(steps)  # after all of them, so that a failure keeps order
        for name, values in found.items():
            self._records[name].append(values)

    def _extra(self, name: str, function: Callable, k: int, steps: int, networks, learned) -> float:
        batch = learned and row_of(learned.batch, k)
        online, target = networks.online.modules[k], networks.target.modules[k]
        try:
            value = function(Moment(steps, self._seeds[k], online, target, batch))
            if isinstance(value, torch.Tensor):
                value = value.detach().cpu()
            return float(value)
        except Exception as error:
            where = f"at step {steps}, seed {self._seeds[k]}"
            raise LearnerError(f"✗ record {name!r} failed {where}: {first_line(error)}") from error

    def evaluation(self, steps: int, returns: np.ndarray, online: Stack) -> None:
        """Note greedy returns [S, E], and keep the networks of the runs that were never better."""
        score = returns.mean(1)
        better = score >= self._best_score  # of equals the latest, which has learned longest
        self._best_score[better], self._best_steps[better] = score[better], steps
        mask = torch.from_numpy(better).to(online.flat.device)
        self._best[mask] = online.flat[mask]
        for name, kept in online.buffers().items():
            self._best_buffers[name][mask] = kept[mask]
        self._eval_steps.append(steps)
        self._eval_returns.append(returns)

    def run(
        self, config: Config, steps: int, online: Stack, device: str, slots: tuple[str, ...]
    ) -> Run:
        """Return the results so far as plain arrays; episodes that are not over are left out."""
        s = len(self._seeds)
        widths = {len(found[0]) for found in self._eval_returns} or {0}
        evaluations = np.full((s, len(self._eval_steps), max(widths)), np.nan)
        for m, found in enumerate(self._eval_returns):
            evaluations[:, m, : found.shape[1]] = found
        now, best = online.arrays(), online.arrays(self._best, self._best_buffers)
        return Run(
            config=config,
            seeds=self._seeds,
            steps=steps,
            returns=tuple(np.array(r, float) for r in self._returns),
            ends=tuple(np.array(e, np.int64) for e in self._ends),
            record_steps=np.array(self._steps, np.int64),
            records={
                name: np.array(values, float).reshape(len(self._steps), s).T.copy()
                for name, values in self._records.items()
            },
            eval_steps=np.array(self._eval_steps, np.int64),
            eval_returns=evaluations,
            diverged=self._diverged.copy(),
            parameters={name: array.cpu().numpy() for name, array in now.items()},
            best_parameters={name: array.cpu().numpy() for name, array in best.items()},
            best_steps=self._best_steps.copy(),
            device=device,
            slots=slots,
        )

    def state(self) -> dict:
        """Return all that is needed to go on from here."""
        return {
            "best": [self._best, self._best_buffers],
            "returns": self._returns,
            "ends": self._ends,
            "records": [self._steps, self._records],
            "evaluations": [self._eval_steps, self._eval_returns],
            "marks": [self._diverged, self._best_steps, self._best_score],
        }

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        best, self._best_buffers = state["best"]
        self._best.copy_(best)
        self._returns, self._ends = state["returns"], state["ends"]
        self._steps, self._records = state["records"]
        self._eval_steps, self._eval_returns = state["evaluations"]
        self._diverged, self._best_steps, self._best_score = state["marks"]
