"""The checkup of an environment of your own, before any agent learns in it (lesson 09b).

`checkup` plays some episodes by chance and looks at everything that `reset` and `step` give. Each
finding says what is wrong in the environment's own words; Gymnasium's `check_env` runs last.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import gymnasium as gym
import numpy as np
from gymnasium.utils.env_checker import check_env

from dqnlib.arguments import check_count

LARGE = 100.0  # a reward beyond it makes values that a network learns slowly
MARKS = {"good": "✓", "wrong": "✗", "mind": "!"}


@dataclass(frozen=True)
class Finding:
    """One line of a checkup; verdict: "good", "wrong", or "mind" for what may be meant so."""

    what: str  # "reset", "observations", ...
    verdict: str
    words: str

    def __str__(self) -> str:
        return f"{MARKS[self.verdict]} {self.what}: {self.words}"


@dataclass(frozen=True)
class Checkup:
    """What was found, in the order of the checks; a fault ends them where no later one can run."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True if nothing is wrong; what is only to be minded counts as right."""
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, one text each."""
        return tuple(f"{f.what}: {f.words}" for f in self.findings if f.verdict == "wrong")

    def __repr__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


class _Fault(Exception):
    """Raised inside a check: what is wrong."""


def checkup(make: Callable[[], gym.Env], episodes: int = 5, longest: int = 2_000) -> Checkup:
    """Look at an environment as an agent will meet it, and return what was found.

    make: called without arguments, gives a new environment each time: a class, or
    ``lambda: gymnasium.make(...)``. episodes: played with random actions; longest: steps after
    which an episode counts as endless. What is wrong in the environment never raises: it is a
    finding. Raises ValueError where make cannot be called, or for a count out of range.
    """
    if not callable(make):
        raise ValueError(
            f"make must be a function that makes the environment, but it is {make!r}: give the "
            "class, or lambda: gymnasium.make(...)"
        )
    check_count("episodes", episodes)
    check_count("longest", longest)
    findings: list[Finding] = []
    checks = (
        ("spaces", lambda: _spaces(make)),
        ("reset", lambda: _reset(make)),
        ("actions", lambda: _actions(make)),
        ("episodes", lambda: _episodes(make, episodes, longest)),
        ("seeds", lambda: _seeds(make)),
        ("check_env", lambda: _gymnasium(make)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for what, check in checks:
            try:
                said = check()
            except _Fault as fault:
                findings.append(Finding(what, "wrong", str(fault)))
                break
            findings += [Finding(what, verdict, words) for verdict, words in said]
    return Checkup(tuple(findings))


def _spaces(make):
    env = _call(make, "making it")
    if not isinstance(env, gym.Env):
        raise _Fault(f"made a {type(env).__name__}, which is no gymnasium.Env")
    for name in ("action_space", "observation_space"):
        if not isinstance(getattr(env, name, None), gym.Space):
            raise _Fault(f"{name} is missing: set self.{name} in __init__")
    if not isinstance(env.action_space, gym.spaces.Discrete):
        raise _Fault(
            f"the actions are {env.action_space}, but DQN chooses among numbered ones: number them"
            " (Discrete), or take an agent for continuous actions"
        )
    space = env.observation_space
    flat = (gym.spaces.Box, gym.spaces.Discrete, gym.spaces.MultiBinary, gym.spaces.MultiDiscrete)
    if not isinstance(space, flat):
        raise _Fault(
            f"the observations are {space}: make one array of them, for example with "
            "gymnasium.wrappers.FlattenObservation"
        )
    return [("good", f"{env.action_space.n} actions, observations {space}")]


def _reset(make):
    env = make()
    obs = _begin(env, 0)
    _check_observation(env, obs, "reset gave")
    return [("good", "an observation of the space and a dict")]


def _actions(make):
    """Try each action once, at the beginning of an episode (the first hundred of them)."""
    env = make()
    space = env.action_space
    actions = range(int(space.start), int(space.start + min(space.n, 100)))
    for action in actions:
        _begin(env, 0)
        _step(env, action, 1)
    return [("good", f"{len(actions)} actions accepted, one step each")]


def _episodes(make, episodes: int, longest: int):
    env, lengths, rewards = make(), [], []
    ended = {"terminated": 0, "truncated": 0}
    for episode in range(episodes):
        obs, over, length = _begin(env, episode), False, 0
        env.action_space.seed(episode)
        while not over:
            kept, length = np.array(obs), length + 1
            before = obs
            obs, reward, terminated, truncated = _step(env, env.action_space.sample(), length)
            if not np.array_equal(kept, before, equal_nan=True):
                raise _Fault(
                    f"step {length} changed the observation that step {length - 1} had given: "
                    "return a copy, or every stored transition changes with it"
                )
            rewards.append(reward)
            ended["terminated"] += terminated
            ended["truncated"] += truncated
            over = terminated or truncated
            if length == longest and not over:
                raise _Fault(
                    f"no end after {longest:,} steps: let step terminate or truncate, or give "
                    "gymnasium.make a max_episode_steps"
                )
        lengths.append(length)
    ways = " and ".join(f"{n} {way}" for way, n in ended.items() if n)
    said = [("good", f"{min(lengths)} to {max(lengths)} steps of random actions, {ways}")]
    if max(lengths) == 1:
        said.append(("mind", "every episode ended with its first step: nothing can be planned"))
    low, high = min(rewards), max(rewards)
    if low == high and (low == 0 or not ended["terminated"]):
        said.append(("mind", f"every reward was {low:g}: chance shows the agent nothing to learn"))
    if max(-low, high) > LARGE:
        said.append(("mind", f"rewards from {low:g} to {high:g}: divide them, best to about 1"))
    return said


def _seeds(make):
    """Play twice with the same seed, in two environments, and once more in the second."""
    first, second = make(), make()
    stories = [_story(env) for env in (first, second, second)]
    for where, story in (("another environment", stories[1]), ("the same one", stories[2])):
        for one, other in zip(stories[0], story):
            if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other)):
                raise _Fault(  # which step is left to chance: it is not said
                    f"reset(seed=0) in {where}, and the episode is not the same: call "
                    "super().reset(seed=seed), and draw all chance from self.np_random"
                )
    return [("good", "the same seed tells the same story")]


def _story(env) -> list[tuple]:
    """Return what is seen in up to thirty steps: (observation, reward), the reset first."""
    told = [(np.array(_begin(env, 0)), 0.0)]
    space = env.action_space
    for step in range(1, 31):
        action = int(space.start) + (7 * step) % int(space.n)
        obs, reward, terminated, truncated = _step(env, action, step)
        told.append((np.array(obs), reward))
        if terminated or truncated:
            break
    return told


def _gymnasium(make):
    env = make()
    try:
        check_env(env.unwrapped, skip_render_check=True)
    except Exception as error:  # whatever the environment raises inside it
        words = " ".join(str(error).split()) or type(error).__name__
        raise _Fault(words) from None
    return [("good", "Gymnasium's own check passes")]


# -- what every check needs ----------------------------------------------------------------


def _failed(where: str, error: Exception) -> _Fault:
    return _Fault(f"{where} failed with {type(error).__name__}: {error}")


def _call(function: Callable, where: str):
    try:
        return function()
    except Exception as error:  # the environment is somebody's own: it may raise anything
        raise _failed(where, error) from None


def _begin(env, seed: int):
    """Reset with a seed and return the observation."""
    try:
        found = env.reset(seed=seed)
    except Exception as error:
        if isinstance(error, TypeError) and "seed" in str(error):
            words = "reset takes no seed: write def reset(self, *, seed=None, options=None)"
            raise _Fault(words) from None
        raise _failed(f"reset(seed={seed})", error) from None
    if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], dict)):
        raise _Fault(f"reset must return an observation and a dict, but it returned {found!r}")
    return found[0]


def _step(env, action: int, number: int) -> tuple:
    """Return observation, reward, terminated and truncated of a step, each of them checked."""
    where = f"step {number}, action {action}"
    found = _call(lambda: env.step(action), where)
    if not (isinstance(found, tuple) and len(found) == 5 and isinstance(found[4], dict)):
        raise _Fault(
            f"{where}: step must return (obs, reward, terminated, truncated, info), but it "
            f"returned {found!r}"
        )
    obs, reward, terminated, truncated, _ = found
    _check_observation(env, obs, f"{where} gave")
    numeric = isinstance(reward, int | float | np.integer | np.floating)
    if not numeric or isinstance(reward, bool):
        raise _Fault(f"{where}: the reward is {reward!r}, a {type(reward).__name__}, no number")
    if not np.isfinite(reward):
        raise _Fault(f"{where}: the reward is {reward}")
    for name, value in (("terminated", terminated), ("truncated", truncated)):
        if not isinstance(value, bool | np.bool_):
            raise _Fault(f"{where}: {name} is {value!r}, but it must be True or False")
    return obs, float(reward), bool(terminated), bool(truncated)


def _check_observation(env, obs, where: str) -> None:
    """Raise _Fault unless the observation is one of the space: dtype, shape, NaN, bounds."""
    space = env.observation_space
    if isinstance(space, gym.spaces.Box) and not isinstance(obs, np.ndarray | np.generic):
        raise _Fault(f"{where} a {type(obs).__name__}, but the space says an array: {space}")
    if space.contains(obs):
        return
    if not isinstance(space, gym.spaces.Box):
        raise _Fault(f"{where} {obs!r}, which is not in {space}")
    if obs.shape != space.shape:
        raise _Fault(f"{where} the shape {obs.shape}, but the space says {space.shape}")
    if _has_nan(obs):
        raise _Fault(f"{where} NaN in the observation {obs}")
    out = (obs < space.low) | (obs > space.high)
    if not out.any():
        raise _Fault(f"{where} numbers of type {obs.dtype}, but the space says {space.dtype}")
    place = tuple(int(i) for i in np.argwhere(out)[0])
    low, high, value = (float(x[place]) for x in (space.low, space.high, obs))
    spot = place[0] if len(place) == 1 else place
    raise _Fault(f"{where} {value:g} at place {spot}, but the space allows {low:g} to {high:g}")


def _has_nan(obs) -> bool:
    values = np.asarray(obs)
    return values.dtype.kind == "f" and bool(np.isnan(values).any())
