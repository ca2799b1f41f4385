"""The checkup: every fault that an environment of one's own may have is named.

`tests/mutants/test_checkup.toml` lists the mutants that these tests kill.
"""

import gymnasium as gym
import numpy as np
import pytest

from dqnlib.checkup import checkup


class Walk(gym.Env):
    """A walk on a line, three steps long; each fault below changes one thing of it."""

    observation_space = gym.spaces.Box(-5.0, 5.0, (2,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.steps = float(self.np_random.uniform(-1, 1)), 0
        return self.seen(), {}

    def seen(self):
        return np.array([self.place, self.steps], np.float32)

    def step(self, action):
        self.place, self.steps = self.place + (2 * action - 1), self.steps + 1
        return self.seen(), self.place, self.steps == 3, False, {}


def variant(**changes):
    """Return the walk with some of its attributes exchanged."""
    return type("Variant", (Walk,), changes)


def after(change):
    """Return the walk whose step is changed: change(obs, reward, terminated, truncated, info)."""
    return variant(step=lambda self, action: change(*Walk.step(self, action)))


def shows(change):
    return variant(seen=lambda self: change(Walk.seen(self)))


def test_nothing_is_wrong_with_the_walk():
    found = checkup(Walk)
    assert found.ok
    assert found.problems == ()
    assert [f.what for f in found.findings] == [
        "spaces", "reset", "actions", "episodes", "seeds", "check_env",
    ]  # fmt: skip
    assert "3 to 3 steps of random actions, 5 terminated" in repr(found)
    assert repr(found).count("✓") == 6


class SameArray(Walk):
    def reset(self, *, seed=None, options=None):
        self.kept = np.zeros(2, np.float32)
        return super().reset(seed=seed)

    def seen(self):
        self.kept[:] = super().seen()
        return self.kept


class OwnChance(Walk):
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = float(np.random.uniform(-1, 1))  # noqa: NPY002 - the fault
        return self.seen(), {}


class SeedOnce(Walk):
    """The second reset with a seed goes on where the first one was."""

    def reset(self, *, seed=None, options=None):
        return super().reset(seed=None if hasattr(self, "place") else seed)


def broken(self, action):
    raise KeyError("price")


def no_seed(self):
    return Walk.seen(self), {}


def picky(self, action):
    if action == 1:
        raise ValueError("no such action")
    return Walk.step(self, action)


LATE = np.float32(np.nan)
FAULTS = {
    "no environment": (lambda: 3, "made a int, which is no gymnasium.Env"),
    "not made": (lambda: 1 / 0, "making it failed with ZeroDivisionError"),
    "no space": (variant(action_space=None), "action_space is missing"),
    "continuous": (variant(action_space=gym.spaces.Box(-2, 2, (1,))), "chooses among numbered"),
    "structured": (
        variant(observation_space=gym.spaces.Dict(a=gym.spaces.Discrete(2))), "FlattenObservation",
    ),
    "no seed": (variant(reset=no_seed), "reset takes no seed"),
    "no info": (variant(reset=lambda self, *, seed=None: 0), "an observation and a dict"),
    "reset fails": (variant(seen=lambda self: 1 / 0), "reset(seed=0) failed with ZeroDivision"),
    "float64": (shows(lambda obs: obs.astype(float)), "type float64, but the space says float32"),
    "shape": (shows(lambda obs: obs[:1]), "the shape (1,), but the space says (2,)"),
    "list": (shows(lambda obs: obs.tolist()), "reset gave a list"),
    "outside": (shows(lambda obs: obs + np.float32(7)), "but the space allows -5 to 5"),
    "NaN seen": (shows(lambda obs: obs * LATE), "NaN in the observation"),
    "step fails": (variant(step=broken), "step 1, action 0 failed with KeyError"),
    "one action": (variant(step=picky), "actions: step 1, action 1 failed with ValueError"),
    "four values": (after(lambda *found: found[:4]), "step must return"),
    "text": (after(lambda o, r, *more: (o, "1.0", *more)), "the reward is '1.0', a str, no number"),
    "array": (after(lambda o, r, *more: (o, np.ones(1), *more)), "a ndarray, no number"),
    "truth": (after(lambda o, r, *more: (o, True, *more)), "a bool, no number"),
    "NaN": (after(lambda o, r, *more: (o, np.nan, *more)), "the reward is nan"),
    "infinite": (after(lambda o, r, *more: (o, -np.inf, *more)), "the reward is -inf"),
    "ends": (after(lambda o, r, t, *more: (o, r, 0, *more)), "terminated is 0, but it must be"),
    "endless": (
        after(lambda o, r, t, *more: (np.clip(o, -5, 5), r, False, *more)), "no end after 2,000",
    ),
    "no copy": (SameArray, "step 1 changed the observation that step 0 had given"),
    "own chance": (OwnChance, "reset(seed=0) in another environment, and the episode is not"),
    "seed once": (SeedOnce, "reset(seed=0) in the same one, and the episode is not the same"),
    "check_env": (
        variant(reset=lambda self, *, seed=None: Walk.reset(self, seed=seed)), "check_env: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_named(fault):
    make, words = FAULTS[fault]
    found = checkup(make)
    assert not found.ok
    (problem,) = found.problems
    assert words in problem
    assert found.findings[-1].verdict == "wrong"
    assert f"✗ {problem}" in repr(found)


@pytest.mark.parametrize(
    ("env", "words"),
    [
        (after(lambda o, r, t, *more: (o, 0.0, t, *more)), "every reward was 0"),
        (after(lambda o, r, t, *more: (o, -1.0, False, t, {})), "every reward was -1"),
        (after(lambda o, r, *more: (o, 1_000 * r, *more)), "divide them"),
        (after(lambda o, r, t, *more: (o, r, True, *more)), "ended with its first step"),
    ],
)
def test_what_may_be_meant_so_is_only_to_be_minded(env, words):
    found = checkup(env)
    assert found.ok
    assert any(words in f.words and f.verdict == "mind" for f in found.findings)
    assert "! episodes: " in repr(found)


def test_one_reward_a_step_until_it_falls_is_no_reason_to_mind():
    env = after(lambda o, r, t, *more: (o, 1.0, t, *more))  # as on CartPole
    assert all(f.verdict == "good" for f in checkup(env).findings)


def test_nan_is_found_where_the_space_has_no_bounds():
    free = gym.spaces.Box(-np.inf, np.inf, (2,), np.float32)
    found = checkup(variant(observation_space=free, seen=lambda self: Walk.seen(self) * LATE))
    assert "NaN in the observation" in found.problems[0]


def test_the_length_of_an_episode_may_be_chosen():
    found = checkup(Walk, episodes=2, longest=2)
    assert "no end after 2 steps" in found.problems[0]


@pytest.mark.parametrize("given", [Walk(), "CartPole-v1", None])
def test_what_makes_no_environment_is_refused(given):
    with pytest.raises(ValueError, match="make must be a function that makes"):
        checkup(given)


@pytest.mark.parametrize("name", ["episodes", "longest"])
def test_counts_are_checked(name):
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        checkup(Walk, **{name: 0})
