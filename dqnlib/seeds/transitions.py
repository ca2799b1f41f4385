"""What S runs store of their steps: n-step windows, hindsight, or what a learner's object gives."""

import inspect
from collections import deque
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from dqnlib.config import Config
from dqnlib.data import Transition
from dqnlib.envs import make_for
from dqnlib.goals import Goals
from dqnlib.seeds.environments import Environments
from dqnlib.seeds.hindsight import Relabeled
from dqnlib.seeds.keeping import attributes_of, restore_attributes
from dqnlib.seeds.learner import LearnerError, call, is_action, is_finite_number, name_of
from dqnlib.seeds.online import Following
from dqnlib.seeds.slots import by_name
from dqnlib.transitions import Hindsight

# (obs, action, reward, next_obs, terminated, rows): arrays of the runs named by rows; and a seventh
# where each transition brings a weight or a discount
Rows = tuple


class Choice(NamedTuple):
    """How S runs chose their actions in one step."""

    q: np.ndarray  # [S, A] values by which they chose
    action: np.ndarray  # [S]
    epsilon: float  # probability of a random action

    @property
    def explored(self) -> np.ndarray:
        """[S] bool: the action was not the greedy one; a random one that happens to be it counts
        as greedy."""
        return self.q[np.arange(len(self.q)), self.action] < self.q.max(1)

    @property
    def greedy_share(self) -> float:
        """Probability with which the greedy action is chosen."""
        return 1 - self.epsilon + self.epsilon / self.q.shape[1]


def windows_for(
    config: Config, envs: Environments, own: Callable | None, names, where, *, env=None, rngs=()
):
    """Return what makes transitions of the steps of S runs; None where each step is one.

    own: the learner's class; names, where: as errors say them; env: the learner's own maker of
    environments, or None; rngs: a generator a run, for hindsight. Raises ValueError for a window
    that no episode could fill, and for hindsight in an environment without goals.
    """
    if config.online:
        return Following(config, len(envs.obs))
    n, obs, limit = config.n_step, envs.obs, envs.limit or envs.registered_limit
    if limit is not None and n > limit:
        raise ValueError(
            f"n_step is {n}, but an episode ends after {limit} steps, so no window could ever be "
            "full: make n_step smaller"
        )
    hindsight = config.hindsight != "none"
    if hindsight and own is None:
        Goals(make_for(config, env))  # which says what an environment without goals lacks
        if envs.goals:
            return Relabeled(envs.goals, config.hindsight, config.hindsight_goals, rngs, obs)
    if own is not None or hindsight:
        more = [{"env": make_for(config, env), "rng": rng} for rng in rngs]
        if hindsight:
            both = {"strategy": config.hindsight, "k": config.hindsight_goals}
            more = [{**each, **both} for each in more]
        make = own or Hindsight
        return OwnTransitions(make, n, config.gamma, names, where, envs.n_actions, more)
    if n == 1:
        return None
    if config.windows != "all" and obs.ndim > 2:
        raise ValueError(
            f'windows="{config.windows}" is for observations that are vectors, but these have the '
            f"shape {list(obs.shape[1:])}"
        )
    kind = Windows if config.windows == "all" else KINDS[config.windows]
    made = kind(n, len(obs), obs.shape[1:], obs.dtype)
    return made if config.environments == 1 else OfSeveral(made, config.environments)


class OfSeveral:
    """Windows of S·E environments, given out under the numbers of their S runs."""

    def __init__(self, windows: "Windows", each: int):
        self._windows, self._each = windows, each
        self.state, self.restore = windows.state, windows.restore

    def step(self, *step) -> Iterator[Rows]:
        """Take one step of every environment; see `Windows.step`."""
        for *fields, rows, extra in ((*found, None)[:7] for found in self._windows.step(*step)):
            complete = (*fields, rows // self._each)
            yield complete if extra is None else (*complete, extra)


class Windows:
    """`dqnlib.transitions.NStep` for S runs: gives the same transitions, to the last bit."""

    def __init__(self, n: int, s: int, obs_shape: tuple[int, ...], obs_dtype):
        self._n, self._t = n, 0  # window length; environment steps so far
        self._obs = np.zeros((n, s, *obs_shape), obs_dtype)  # a ring over the last n steps
        self._action, self._reward = np.zeros((n, s), np.int64), np.zeros((n, s))
        self._count = np.zeros(s, np.int64)  # steps that each run's window holds

    def step(
        self, obs, action, reward, next_obs, terminated, ended, gamma, choice: Choice | None = None
    ) -> Iterator[Rows]:
        """Take one environment step of every run; yield what is complete, each run's oldest first.

        Every run is in each yield once at most; its number stands in the array rows.
        """
        n, now = self._n, self._t % self._n
        self._obs[now], self._action[now], self._reward[now] = obs, action, reward
        self._t += 1
        self._count += 1
        for length in range(n, 0, -1):
            complete = (self._count == length) & ((length == n) | terminated)
            rows = complete.nonzero()[0]
            if len(rows):
                yield self._sum_up(rows, length, gamma, next_obs, terminated)
                self._count[rows] -= 1
        self._count[ended] = 0

    def _sum_up(self, rows, length: int, gamma: float, next_obs, terminated) -> Rows:
        first = (self._t - length) % self._n
        total = np.zeros(len(rows))
        for k in range(length):
            total += gamma**k * self._reward[(first + k) % self._n, rows]
        return (
            self._obs[first, rows], self._action[first, rows], total, next_obs[rows],
            terminated[rows], rows,
        )  # fmt: skip

    def _lead_here(self, rows, length: int, gamma: float, obs) -> Rows:
        """Return windows that end before this step, and lead to what is seen now."""
        return self._sum_up(rows, length, gamma, obs, np.zeros(len(obs), bool))

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        arrays = {"obs": self._obs, "action": self._action, "reward": self._reward}
        kept = {name: array.copy() for name, array in arrays.items()}
        return {"t": self._t, "count": self._count.copy(), **kept}

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        self._t, self._count = state["t"], state["count"].copy()
        self._obs[:], self._action[:] = state["obs"], state["action"]
        self._reward[:] = state["reward"]


class GreedyWindows(Windows):
    """Windows whose actions after the first were greedy; the others are dropped.

    What such a window says of its first action holds for the greedy policy, as a one-step target
    does: so no target counts on an action that explored.
    """

    def step(
        self, obs, action, reward, next_obs, terminated, ended, gamma, choice: Choice
    ) -> Iterator[Rows]:
        """Take one environment step of every run; see `Windows.step`."""
        self._count[choice.explored] = 0
        yield from super().step(obs, action, reward, next_obs, terminated, ended, gamma)


class WeightedWindows(GreedyWindows):
    """Greedy windows with an importance weight: how much rarer they are in the data than under
    the greedy policy, 1 / P(greedy) for each action after the first (Precup et al. 2000, eq. 5)."""

    def __init__(self, n: int, s: int, obs_shape: tuple[int, ...], obs_dtype):
        super().__init__(n, s, obs_shape, obs_dtype)
        self._ratio = np.ones(n)  # of each of the last n steps

    def step(
        self, obs, action, reward, next_obs, terminated, ended, gamma, choice: Choice
    ) -> Iterator[Rows]:
        """Take one environment step of every run; see `Windows.step`."""
        self._ratio[self._t % self._n] = 1 / choice.greedy_share
        yield from super().step(obs, action, reward, next_obs, terminated, ended, gamma, choice)

    def _sum_up(self, rows, length: int, gamma: float, next_obs, terminated) -> Rows:
        later = (self._t - np.arange(1, length)) % self._n
        weight = np.full(len(rows), self._ratio[later].prod())
        return (*super()._sum_up(rows, length, gamma, next_obs, terminated), weight)

    def state(self) -> dict:
        """Return all that is needed to go on from here, as plain data."""
        return super().state() | {"ratio": self._ratio.copy()}

    def restore(self, state: dict) -> None:
        """Go back to a state."""
        super().restore(state)
        self._ratio[:] = state["ratio"]


class CutWindows(Windows):
    """Windows that end where the agent explores: they look at the value before that action.

    A window of k steps brings its own discount, γᵏ. So no step is lost and no exploring action is
    counted on: Retrace with λ = 1 and a greedy target policy (Munos et al. 2016, Table 1), cut
    after n steps at the latest.
    """

    def step(
        self, obs, action, reward, next_obs, terminated, ended, gamma, choice: Choice
    ) -> Iterator[Rows]:
        """Take one environment step of every run; see `Windows.step`."""
        explored = choice.explored
        for length in range(self._n - 1, 0, -1):
            rows = (explored & (self._count == length)).nonzero()[0]
            if len(rows):
                yield self._lead_here(rows, length, gamma, obs)
                self._count[rows] -= 1
        yield from super().step(obs, action, reward, next_obs, terminated, ended, gamma)

    def _sum_up(self, rows, length: int, gamma: float, next_obs, terminated) -> Rows:
        discount = np.full(len(rows), gamma**length)
        return (*super()._sum_up(rows, length, gamma, next_obs, terminated), discount)


KINDS = {"greedy": GreedyWindows, "weighted": WeightedWindows, "cut": CutWindows}


class OwnTransitions:
    """A learner's object for each run: step(transition, ended) -> list of transitions.

    n_actions: what it gives is checked as an environment is; LearnerError says what is wrong.
    more: what a maker may ask for by the names of its parameters, a dict a run.
    """

    def __init__(
        self, make: Callable, n: int, gamma: float, names, where: Callable[[], str],
        n_actions: int, more: list[dict],
    ):  # fmt: skip
        self.name, self._names, self._where, self._gamma = name_of(make), names, where, gamma
        self._n_actions = n_actions
        self._each = [self._made(k, make, n, gamma, given) for k, given in enumerate(more)]
        for k, one in enumerate(self._each):
            if not callable(getattr(one, "step", None)):
                raise LearnerError(
                    f"✗ {self.name} made {_shown(one)} {self._at(k)}, which has no method "
                    "step(transition, ended)"
                )
        self._wants_explored = "explored" in _parameters(self._each[0].step)

    def _made(self, k: int, make: Callable, n: int, gamma: float, more: dict):
        """Return a run's object: made by the names of its parameters, or from (n_step, gamma)."""
        if {"env", "rng"} & set(by_name(make, more)):
            given = by_name(make, {"n_step": n, "gamma": gamma, **more})
            return self._call(k, lambda: make(**given))
        return self._call(k, make, n, gamma)

    def _at(self, k: int) -> str:
        return f"{self._where()}, seed {self._names[k]}"

    def _call(self, k: int, function: Callable, *args):
        return call(function, *args, name=self.name, where=self._at(k))

    def step(
        self, obs, action, reward, next_obs, terminated, ended, gamma, choice: Choice
    ) -> Iterator[Rows]:
        """Take one environment step of every run; yield what the objects give: of each its first
        transition, then of those that gave more their second, and so on."""
        explored, given = choice.explored if self._wants_explored else None, []
        for k, one in enumerate(self._each):
            if gamma != self._gamma and hasattr(one, "gamma"):
                self._call(k, setattr, one, "gamma", gamma)  # changed in flight
            transition = Transition(
                obs[k].copy(), int(action[k]), float(reward[k]), next_obs[k].copy(),
                bool(terminated[k]),
            )  # fmt: skip
            known = {} if explored is None else {"explored": bool(explored[k])}
            found = self._call(k, partial(one.step, **known), transition, bool(ended[k]))
            if not isinstance(found, list | tuple) or not all(map(_is_transition, found)):
                raise LearnerError(
                    f"✗ {self.name}.step returned {_shown(found)} {self._at(k)}; expected a list "
                    "of Transition(obs, action, reward, next_obs, terminated), which may be empty"
                )
            given.append(self._checked(k, [Transition(*t) for t in found], obs[k].shape))
        self._gamma = gamma
        for i in range(max(map(len, given))):
            rows = [k for k, found in enumerate(given) if len(found) > i]
            arrays = (np.stack(field) for field in zip(*(given[k][i] for k in rows), strict=True))
            yield (*arrays, np.array(rows))

    def _checked(self, k: int, found: list[Transition], obs_shape) -> list[Transition]:
        """Return what run k's object gave; LearnerError says what is wrong with it."""
        arrays = _stacked(found) if found else ()
        if arrays is None or (found and not _are_fine(arrays, obs_shape, self._n_actions)):
            for t in found:  # which one, and why
                wrong = self._call(k, _wrong, t, obs_shape, self._n_actions)
                if wrong:
                    what = f"✗ {self.name}.step gave {wrong[0]} {self._at(k)}; {wrong[1]}"
                    raise LearnerError(what)
        return found

    def state(self) -> list:
        """Return what the objects' own `state` gives, or their attributes.

        ValueError names an attribute that is no plain data.
        """
        return [
            self._call(k, one.state) if _saves_itself(one) else attributes_of(one, self.name)
            for k, one in enumerate(self._each)
        ]

    def restore(self, state: list) -> None:
        """Go back to a state."""
        for k, (one, kept) in enumerate(zip(self._each, state, strict=True)):
            if _saves_itself(one):
                self._call(k, one.restore, kept)
            else:
                restore_attributes(one, kept)


def _saves_itself(one) -> bool:
    return callable(getattr(one, "state", None)) and callable(getattr(one, "restore", None))


def _parameters(function: Callable) -> Collection[str]:
    """Return the names of what a function takes; none where it does not tell."""
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()


def _is_transition(value) -> bool:
    return isinstance(value, tuple) and len(value) == len(Transition._fields)


def _stacked(found: list[Transition]) -> list[np.ndarray] | None:
    """Return the five fields of C transitions as arrays [C, ...]; None where shapes differ."""
    try:
        return [np.array(column) for column in zip(*found, strict=True)]
    except (TypeError, ValueError, RuntimeError):
        return None


def _are_fine(arrays, obs_shape: tuple[int, ...], n_actions: int) -> bool:
    """Return whether nothing is wrong with any of them: one look at all, since it is quicker."""
    obs, action, reward, next_obs, terminated = arrays
    c = len(action)
    shapes = {obs.shape[1:], next_obs.shape[1:]} == {obs_shape}
    shapes = shapes and action.shape == reward.shape == terminated.shape == (c,)
    kinds = "".join(x.dtype.kind for x in (action, reward, terminated))
    return bool(
        shapes and kinds in ("ifb", "iib")
        and all(x.dtype.kind in "biuf" and np.isfinite(x).all() for x in (obs, next_obs, reward))
        and action.min() >= 0 and action.max() < n_actions
    )  # fmt: skip


def _wrong(t: Transition, obs_shape: tuple[int, ...], n_actions: int) -> tuple[str, str] | None:
    """Return what is wrong with a transition and what was expected, or None."""
    for name in ("obs", "next_obs"):
        value = np.asarray(getattr(t, name))
        if value.shape != obs_shape:
            return f"{name} of the shape {list(value.shape)}", f"expected {list(obs_shape)}"
        if not np.isfinite(value).all():
            return f"{name} with NaN or infinity", "expected finite numbers"
    if not is_action(t.action, n_actions):
        most = n_actions - 1
        return f"the action {t.action!r}", f"actions are whole numbers from 0 to {most}"
    if not is_finite_number(t.reward):
        return f"the reward {t.reward!r}", "expected one finite number"
    if not isinstance(t.terminated, bool | np.bool_):
        return f"terminated as {t.terminated!r}", "expected True or False"
    return None


def _shown(found) -> str:
    if isinstance(found, list | tuple | deque) and len(found):
        return f"a {type(found).__name__} of {type(found[0]).__name__}"
    return repr(found) if np.size(found) < 10 else type(found).__name__
