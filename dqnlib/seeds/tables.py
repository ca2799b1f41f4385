"""Tabular algorithms for S runs side by side."""

import math
from collections.abc import Callable, Iterable

import numpy as np

from dqnlib import tabular
from dqnlib.arguments import check_count, check_seeds
from dqnlib.config import TabularConfig
from dqnlib.envs import TabularModel
from dqnlib.results import TabularRun
from dqnlib.seeds.draws import Draws, PlainDraws, choose, value_of
from dqnlib.seeds.learner import LearnerError, first_line, is_action, is_finite_number, own_or_none


class TabularTrainer:
    """Trains S runs of a tabular algorithm, one environment step of every run at a time.

    Call `step` as often as you like and look at ``q``, ``obs`` and the results in between; a
    lab, a progress bar and `train_tabular` all drive this same loop. ``trainer.config`` may be
    replaced between steps: alpha, gamma, epsilon and the algorithm act at once (Double
    Q-learning cannot be switched to or from, since it has two tables).

    target, policy, update: one-run functions with the signatures of `dqnlib.tabular`; left out,
    the course's own. q: tables to begin with, [N, A] for all runs or one each, [S, N, A], such as
    an earlier run has learned; zeros if left out. Raises ValueError for bad seeds, a bad config,
    environment or q, and LearnerError when a given function fails.
    """

    def __init__(
        self,
        config: TabularConfig,
        seeds: Iterable[int] = range(10),
        *,
        target: Callable | None = None,
        policy: Callable | None = None,
        update: Callable | None = None,
        record_every: int = 10,
        model: TabularModel | None = None,
        q: np.ndarray | None = None,
    ):
        self.seeds = check_seeds(seeds)
        self.model = model or TabularModel.from_env(config.env_id)
        self._config = config
        self._limit = min(config.max_episode_steps, self.model.max_episode_steps or math.inf)
        # the course's own functions need no call a run: their lifted form gives the same numbers
        self._target = own_or_none(target, tabular.TARGETS[config.algorithm])
        self._policy = own_or_none(policy, tabular.epsilon_greedy)
        self._update = own_or_none(update, tabular.td_update)
        # the learner's own functions, by what they stand for; None where there is none
        self.own = {"target": self._target, "policy": self._policy, "update": self._update}
        s, n, a = len(self.seeds), self.model.n_states, self.model.n_actions
        streams = [tabular.random_streams(seed) for seed in self.seeds]
        agents = [rng for _, rng in streams]
        self._agent_rngs = agents
        self._draws = PlainDraws(agents) if self._policy else Draws(agents)
        # what the last step learned from, so that a lab can write out the arithmetic: table ([R],
        # or 0 if there is one), next_q [R, A], what else the target took, td_target [R]
        self.learned: tuple = ()
        # Gymnasium seeds its generator with SeedSequence(seed), as default_rng does
        self._env_draws = Draws([np.random.default_rng(seed) for seed, _ in streams])
        self._tables = 1 + (config.algorithm == "double_q_learning")
        self.tables = np.zeros((s, self._tables, n, a))  # [S, T, N, A]
        if q is not None:
            self.tables[:] = _begin_with(q, s, n, a)
        self._rows = self.tables.reshape(-1, a)  # the same memory, one row a state: quick to index
        self._values = self.tables.reshape(-1)
        self._first_row = np.arange(s) * self._tables * n  # [S] where each run begins in _rows
        self.steps = 0
        self.obs = np.zeros(s, int)  # [S] state in which each run acts next
        self._next_action = np.full(s, -1)  # [S] what Sarsa has already picked, else -1
        self._return, self._length = np.zeros(s), np.zeros(s, int)
        self._every = check_count("record_every", record_every)
        e = config.episodes
        self._returns = np.full((s, e), np.nan)
        self._lengths, self._truncated = np.zeros((s, e), int), np.zeros((s, e), bool)
        self._history = np.zeros((s, e // self._every + 1, n, a))
        self._history[:, 0] = self.tables.mean(1)
        self._kept = np.arange(e + 1) % self._every == 0  # [E + 1] a snapshot after e episodes?
        self.episode = np.zeros(s, int)  # [S] finished episodes of each run
        self._active = np.arange(s)
        self._start = self.model.start
        m = self.model  # nothing to draw where each pair has one outcome and there is one start
        self._fixed = bool((m.probability[:, :, 0] == 1).all() and m.initial.max() == 1)
        # that outcome of each pair [N · A]
        self._reward, self._next_obs = m.reward[:, :, 0].ravel(), m.next_obs[:, :, 0].ravel()
        self._terminated = m.terminated[:, :, 0].ravel()
        self._reset(self._active)

    @property
    def config(self) -> TabularConfig:
        return self._config

    @config.setter
    def config(self, new: TabularConfig) -> None:
        old = self._config
        fixed = ("env_id", "episodes")
        tables = 1 + (new.algorithm == "double_q_learning")
        if any(getattr(new, f) != getattr(old, f) for f in fixed) or tables != self._tables:
            raise ValueError(
                "in flight only alpha, gamma, the epsilons, max_episode_steps and the algorithm "
                "can change (and not to or from double_q_learning); for the rest make a new trainer"
            )
        self._config = new
        self._limit = min(new.max_episode_steps, self.model.max_episode_steps or math.inf)
        if new.algorithm != old.algorithm:
            self._next_action[:] = -1  # Sarsa picks afresh

    @property
    def q(self) -> np.ndarray:
        """Action values [S, N, A] that the runs act on."""
        return self.tables.mean(1)

    def table(self, run: int, which: int = 0) -> np.ndarray:
        """Return the action values [N, A] of one run; what is written there is learned from.

        run: its place among the seeds; which: 0, or 1 for the second table of Double Q-learning.
        """
        return self.tables[run, which]

    @property
    def last_return(self) -> np.ndarray:
        """Return [S] of each run's last whole episode; NaN before its first one."""
        # before the first, -1 reads the place of the last episode, which is still NaN
        return self._returns[np.arange(len(self.seeds)), self.episode - 1]

    @property
    def done(self) -> bool:
        """True once every run has finished its episodes."""
        return len(self._active) == 0

    def step(self) -> None:
        """Take one environment step in every run that has episodes left."""
        rows, c = self._active, self._config
        if not len(rows):
            return
        at = slice(None) if len(rows) == len(self.seeds) else rows  # a slice is quicker
        obs = self.obs[at].copy()
        if c.algorithm == "sarsa":
            action = self._next_action[at].copy()
            undecided = action < 0
            action[undecided] = self._choose(rows[undecided], obs[undecided])
        else:
            action = self._choose(rows, obs)
        reward, next_obs, terminated = self._env_step(rows, obs, action)
        self._length[at] += 1
        self._return[at] += reward
        if c.algorithm == "sarsa":
            going = ~terminated
            self._next_action[at] = -1
            self._next_action[rows[going]] = self._choose(rows[going], next_obs[going])
        self._learn(rows, obs, action, reward, next_obs, terminated)
        self.obs[at] = next_obs
        self.last = (rows, obs, action, reward, next_obs, terminated)
        self.steps += 1
        ended = terminated | (self._length[at] >= self._limit)
        over = ended.nonzero()[0]
        if len(over):
            self._finish(rows[over], ~terminated[over])

    def run(self) -> TabularRun:
        """Return the results so far; episodes that are not finished are left out.

        Runs that are ahead are cut to the episodes that every run has finished.
        """
        e = int(self.episode.min())
        k = e // self._every + 1
        return TabularRun(
            config=self._config.replace(episodes=max(e, 1)),
            seeds=self.seeds,
            returns=self._returns[:, :e].copy(),
            lengths=self._lengths[:, :e].copy(),
            truncated=self._truncated[:, :e].copy(),
            q=self.q,
            q_history=self._history[:, :k].copy(),
            history_episodes=np.arange(k) * self._every,
        )

    # -- one step's parts, for the runs named by `rows` ------------------------------------

    def _reset(self, rows: np.ndarray) -> None:
        if self._fixed:
            self.obs[rows] = self._start
        else:
            (u,) = self._env_draws.take(rows, 1)
            self.obs[rows] = (self.model.initial.cumsum() > u[:, None]).argmax(1)
        self._next_action[rows] = -1
        self._return[rows], self._length[rows] = 0.0, 0

    def _choose(self, rows: np.ndarray, obs: np.ndarray) -> np.ndarray:
        """`tabular.epsilon_greedy` for every row: -> [len(rows)]."""
        q = self._rows.take(self._row(rows, 0, obs), 0)  # [R, A]
        if self._tables == 2:
            q = (q + self._rows.take(self._row(rows, 1, obs), 0)) / 2
        epsilon = self._config.epsilon
        if self._policy:
            return np.array(
                [
                    self._call(self._policy, k, q_k, epsilon, self._agent_rngs[k])
                    for k, q_k in zip(rows, q, strict=True)
                ],
                int,
            )
        explore, pick = self._draws.take(rows, 2)
        return choose(q, epsilon, explore, pick)

    def _row(self, rows, table, obs):
        """Where the values of a run's state lie in ``_rows``."""
        row = self._first_row[rows] + obs
        return row if self._tables == 1 else row + table * self.model.n_states

    def _env_step(self, rows, obs, action):
        m = self.model
        if self._fixed:
            pair = obs * m.n_actions + action
            return self._reward[pair], self._next_obs[pair], self._terminated[pair]
        (u,) = self._env_draws.take(rows, 1)
        k = (m.probability[obs, action].cumsum(1) > u[:, None]).argmax(1)
        return m.reward[obs, action, k], m.next_obs[obs, action, k], m.terminated[obs, action, k]

    def _learn(self, rows, obs, action, reward, next_obs, terminated) -> None:
        c, table = self._config, 0
        if self._tables == 2:
            table = (self._draws.take(rows, 1)[0] < 0.5).astype(int)
        next_q = self._rows.take(self._row(rows, table, next_obs), 0)  # [R, A]
        extra = ()
        if c.algorithm == "sarsa":
            extra = (self._next_action[rows],)
        elif c.algorithm == "expected_sarsa":
            extra = (np.full(len(rows), c.counted_epsilon),)
        elif c.algorithm == "double_q_learning":
            extra = (self._rows.take(self._row(rows, 1 - table, next_obs), 0),)
        if self._target:
            each = zip(rows, reward, terminated, next_q, *extra, strict=True)
            td_target = np.array(
                [
                    self._call(self._target, k, float(r), bool(t), *more, c.gamma)
                    for k, r, t, *more in each
                ],
                float,
            )
        else:
            value = NEXT_VALUE[c.algorithm](next_q, *extra)
            td_target = reward + c.gamma * np.where(terminated, 0.0, value)
        self.learned = (table, next_q, extra, td_target)
        if self._update:
            which = np.broadcast_to(table, len(rows))
            for k, t, *what in zip(rows, which, obs, action, td_target, strict=True):
                self._call(self._update, k, self.tables[k, t], *what, c.alpha)
            return
        where = self._row(rows, table, obs) * self.model.n_actions + action
        old = self._values[where]
        self._values[where] = old + c.alpha * (td_target - old)

    def _finish(self, rows: np.ndarray, truncated: np.ndarray) -> None:
        e = self.episode[rows]
        where = rows * self._config.episodes + e  # in [S, E], read as one long row
        self._returns.reshape(-1)[where] = self._return[rows]
        self._lengths.reshape(-1)[where] = self._length[rows]
        self._truncated.reshape(-1)[where] = truncated
        self.episode[rows] = e = e + 1
        kept = self._kept[e].nonzero()[0]
        if len(kept):
            self._history[rows[kept], e[kept] // self._every] = self.tables[rows[kept]].mean(1)
        over = e == self._config.episodes
        if np.count_nonzero(over):
            self._active = np.setdiff1d(self._active, rows[over])
            rows = rows[~over]
        self._reset(rows)

    def _call(self, function: Callable, row: int, *args):
        """Call a learner's one-run function; name it, the step and the seed if it fails."""
        name = getattr(function, "__name__", "your function")
        where = f"at step {self.steps}, seed {self.seeds[row]}"
        try:
            value = function(*args)
        except Exception as error:
            raise LearnerError(f"✗ {name} failed {where}: {first_line(error)}") from error
        if not is_finite_number(value):
            raise LearnerError(
                f"✗ {name} returned {value!r} {where}; the training loop needs one finite number"
            )
        if function is self._policy and not is_action(value, self.model.n_actions):
            raise LearnerError(
                f"✗ {name} chose action {value!r} {where}; actions are whole numbers from 0 to "
                f"{self.model.n_actions - 1}"
            )
        return value


def _begin_with(q: np.ndarray, s: int, n: int, a: int) -> np.ndarray:
    """Return the tables [S or 1, 1, N, A] to begin with; ValueError for another shape."""
    q = np.asarray(q, float)
    if q.shape not in ((n, a), (s, n, a)):
        raise ValueError(
            f"q must be one table {[n, a]} or a table for each of the {s} seeds, {[s, n, a]}, but "
            f"its shape is {list(q.shape)}"
        )
    return q.reshape(-1, 1, n, a)


NEXT_VALUE = {  # what follows a step: [R, A] and what else the target needs -> [R]
    "q_learning": lambda q: value_of(q, q.argmax(1)),  # q.max(1), quicker for short rows
    "sarsa": value_of,
    "expected_sarsa": lambda q, epsilon: (1 - epsilon) * q.max(1) + epsilon * q.mean(1),
    "double_q_learning": lambda q, other: value_of(other, q.argmax(1)),
}


def train_tabular(
    config: TabularConfig,
    seeds: Iterable[int] = range(10),
    *,
    target: Callable | None = None,
    policy: Callable | None = None,
    update: Callable | None = None,
    record_every: int = 10,
    q: np.ndarray | None = None,
) -> TabularRun:
    """Train a tabular algorithm with every seed and return the results of all of them.

    Give your own target, policy or update (see `dqnlib.tabular` for the signatures) to train
    with it in place of the course's. q: tables to begin with, [N, A] or [S, N, A]. Row k of the
    result is what seed k alone would give.
    Raises what `TabularTrainer` raises.
    """
    trainer = TabularTrainer(
        config, seeds, target=target, policy=policy, update=update, record_every=record_every, q=q
    )
    while not trainer.done:
        trainer.step()
    return trainer.run()
