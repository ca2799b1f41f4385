"""The probes: their values are those of their own steps, and they find the faults they are for.

`tests/mutants/test_probes.toml` lists the mutants that these tests kill.
"""

import dataclasses
import itertools
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import dqnlib.probes
from dqnlib.probes import PROBES

pytestmark = pytest.mark.filterwarnings("error")

NAMES = [
    "ConstantReward", "RewardByObservation", "TwoStepDiscount", "RewardByAction",
    "ObservationAndAction", "TruncatedForever", "Termination",
]  # fmt: skip
IDS = [f"dqnlib/{name}-v0" for name in NAMES]
PROBE = dict(zip(NAMES, PROBES))
each = pytest.mark.parametrize("name", NAMES)

BY_HAND = {  # name: {(observation, action): (reward, next observation, terminated)}
    "ConstantReward": {(0, 0): (1, 0, True)},
    "RewardByObservation": {(-1, 0): (-1, -1, True), (1, 0): (1, 1, True)},
    "TwoStepDiscount": {(0, 0): (0, 1, False), (1, 0): (1, 1, True)},
    "RewardByAction": {(0, 0): (-1, 0, True), (0, 1): (1, 0, True)},
    "ObservationAndAction": {
        (-1, 0): (1, -1, True), (-1, 1): (-1, -1, True),
        (1, 0): (-1, 1, True), (1, 1): (1, 1, True),
    },
    "TruncatedForever": {(0, 0): (1, 0, False)},
    "Termination": {
        (0, 0): (1, 0.2, False), (0.2, 0): (1, 0.4, False), (0.4, 0): (1, 0.6, False),
        (0.6, 0): (1, 0.8, False), (0.8, 0): (1, 1, True),
    },
}  # fmt: skip


def make(name: str) -> gym.Env:
    return gym.make(f"dqnlib/{name}-v0")


def number(obs: np.ndarray) -> float:
    """The observation [1] as a number that can be compared with one written by hand."""
    assert obs.shape == (1,)
    assert obs.dtype == np.float32
    return round(float(obs[0]), 6)


def episodes(name: str, n: int, seed: int = 0) -> list[list[tuple]]:
    """Rows (obs, action, reward, next_obs, terminated, truncated) of n episodes of chance."""
    env, rng, found = make(name), np.random.default_rng(seed), []
    for k in range(n):
        obs, info = env.reset(seed=seed if k == 0 else None)
        assert info == {}
        rows, ended = [], False
        while not ended:
            assert len(rows) < 20, "no end"
            action = int(rng.integers(env.action_space.n))
            next_obs, reward, terminated, truncated, info = env.step(action)
            assert (type(reward), type(terminated), type(truncated)) == (float, bool, bool)
            assert info == {}
            rows.append((number(obs), action, reward, number(next_obs), terminated, truncated))
            obs, ended = next_obs, terminated or truncated
        found.append(rows)
    return found


def fitted(rows: list[tuple], gamma: float, fault: str = "") -> dict[float, list[float]]:
    """Action values that a table learns from rows: each the mean of its rows' targets.

    This is value iteration on what was seen, with at most one fault. A value that has no row
    is 0. Returns {observation: [A]}.
    """
    seen = sorted({row[0] for row in rows})
    a = 1 + max(row[1] for row in rows)
    q = {obs: [0.0] * a for obs in [*seen, *(row[3] for row in rows)]}
    gamma = 0 if fault == "no bootstrap" else gamma
    for _ in range(400):
        targets = {(obs, b): [] for obs in seen for b in range(a)}
        for obs, action, reward, next_obs, terminated, truncated in rows:
            cut = terminated and fault != "no cut"
            cut = cut or (truncated and fault == "cut at truncation")
            target = reward + (0 if cut else gamma * max(q[next_obs]))
            for o in seen if fault == "blind" else [obs]:
                for b in range(a) if fault == "every action" else [action]:
                    targets[o, b].append(target)
        for (obs, b), values in targets.items():
            q[obs][b] = sum(values) / len(values)
    return {obs: q[obs] for obs in seen}


def on_paper(name: str, gamma: float) -> dict[float, list[float]]:
    found = PROBE[name].values(gamma)
    assert isinstance(found, tuple)
    table = {round(obs[0], 6): q for obs, q in found}
    assert len(table) == len(found)
    assert all(isinstance(obs, tuple) and len(obs) == 1 for obs, _ in found)
    assert all(type(value) is float for q in table.values() for value in q)
    return table


def test_the_probes_are_these_from_the_simplest_to_the_richest():
    assert [probe.env_id for probe in PROBES] == IDS
    ours = [k for k, spec in gym.registry.items() if "dqnlib.probes" in str(spec.entry_point)]
    assert sorted(ours) == sorted(IDS)
    limits = {name: gym.spec(PROBE[name].env_id).max_episode_steps for name in NAMES}
    assert limits == dict.fromkeys(NAMES) | {"TruncatedForever": 5}
    assert len({probe.tests for probe in PROBES}) == len(PROBES)
    assert all(probe.tests[0].isupper() and probe.tests.count(".") == 1 for probe in PROBES)
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROBES[0].env_id = "x"


@each
def test_gymnasium_finds_nothing_to_say(name):
    check_env(make(name).unwrapped)


@each
def test_spaces_hold_what_comes(name):
    env = make(name)
    assert env.observation_space.shape == (1,)
    assert env.observation_space.dtype == np.float32
    assert env.action_space == gym.spaces.Discrete(len(on_paper(name, 0.5).popitem()[1]))
    first, _ = env.reset(seed=0)
    before = first.copy()
    second, *_ = env.step(0)
    assert second in env.observation_space
    assert not np.shares_memory(first, second)  # who keeps the first one keeps it as it was
    assert first == before


@each
def test_every_step_is_the_one_by_hand(name):
    rows = [row for episode in episodes(name, 60) for row in episode]
    assert {row[:2]: row[2:5] for row in rows} == BY_HAND[name]
    assert all(row[2:5] == BY_HAND[name][row[:2]] for row in rows)


@each
def test_an_episode_has_its_length_and_ends_by_its_own_flag(name):
    length = {"TwoStepDiscount": 2, "TruncatedForever": 5, "Termination": 5}.get(name, 1)
    last = (False, True) if name == "TruncatedForever" else (True, False)
    flags = [(False, False)] * (length - 1) + [last]
    for rows in episodes(name, 4):
        assert [row[4:] for row in rows] == flags
        assert all(row[3] == after[0] for row, after in itertools.pairwise(rows))


def test_the_limit_belongs_to_gymnasium_and_not_to_the_environment():
    env = dqnlib.probes.TruncatedForever()
    env.reset(seed=0)
    assert all(env.step(0)[1:4] == (1.0, False, False) for _ in range(20))


@each
def test_values_are_those_of_the_steps(name):
    rows = [row for episode in episodes(name, 60) for row in episode]
    for gamma in (0, 0.5, 0.9, 1)[: 3 if name == "TruncatedForever" else 4]:
        found, want = fitted(rows, gamma), on_paper(name, gamma)
        assert found.keys() == want.keys()
        for obs in want:
            assert found[obs] == pytest.approx(want[obs], abs=1e-9), (obs, gamma)


@pytest.mark.parametrize("gamma", [1, 1.01, -0.1, float("nan")])
def test_an_infinite_value_is_refused(gamma):
    words = rf"1 / \(1 - gamma\).* finite only for 0 <= gamma < 1; got gamma={gamma}"
    with pytest.raises(ValueError, match=words):
        PROBE["TruncatedForever"].values(gamma)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "TruncatedForever"])
def test_values_are_the_returns_of_the_best_actions(name):
    gamma, best, returns = 0.7, on_paper(name, 0.7), {}
    env = make(name)
    for seed in range(12):
        obs, _ = env.reset(seed=seed)
        start, total, k, terminated = number(obs), 0.0, 0, False
        while not terminated:
            obs, reward, terminated, _, _ = env.step(int(np.argmax(best[number(obs)])))
            total, k = total + gamma**k * reward, k + 1
        returns.setdefault(start, set()).add(total)
    for start, totals in returns.items():
        assert list(totals) == [pytest.approx(max(best[start]))]


def test_values_by_hand():
    assert on_paper("TwoStepDiscount", 0.9) == {0: [0.9], 1: [1]}
    assert on_paper("TruncatedForever", 0.75) == {0: [4]}
    halves = {0: [1.9375], 0.2: [1.875], 0.4: [1.75], 0.6: [1.5], 0.8: [1]}
    assert on_paper("Termination", 0.5) == halves
    assert on_paper("Termination", 1) == {0: [5], 0.2: [4], 0.4: [3], 0.6: [2], 0.8: [1]}


@each
def test_values_are_new_at_each_call(name):
    PROBE[name].values(0.5)[0][1][0] = 100.0
    assert PROBE[name].values(0.5)[0][1][0] != 100


def test_who_cuts_at_truncation_learns_the_value_in_the_docstring():
    rows = [row for episode in episodes("TruncatedForever", 3) for row in episode]
    for gamma in (0.5, 0.9, 1):
        found = fitted(rows, gamma, "cut at truncation")
        assert found[0] == [pytest.approx(1 / (1 - 0.8 * gamma))]
    doc = dqnlib.probes.TruncatedForever.__doc__
    assert "1 / (1 - 0.8 gamma)" in doc
    assert f"{1 / (1 - 0.8 * 0.9):.2f} instead of 10" in doc


@pytest.mark.parametrize(
    ("fault", "missed"),
    [
        ("", []),
        ("no cut", NAMES[:5]),  # a table knows nothing of Termination's last observation
        ("cut at truncation", ["TruncatedForever"]),
        ("no bootstrap", ["TwoStepDiscount", "TruncatedForever", "Termination"]),
        (
            "blind",
            ["RewardByObservation", "TwoStepDiscount", "ObservationAndAction", "Termination"],
        ),
        ("every action", ["RewardByAction", "ObservationAndAction"]),
    ],
)
def test_each_fault_misses_its_probes(fault, missed):
    found = []
    for name in NAMES:
        rows = [row for episode in episodes(name, 60) for row in episode]
        table, want = fitted(rows, 0.9, fault), on_paper(name, 0.9)
        if any(abs(x - y) > 0.05 for obs in want for x, y in zip(table[obs], want[obs])):
            found.append(name)
    assert found == missed


def firsts(env: gym.Env, seed: int, n: int = 40) -> list[float]:
    """The first observations of n episodes; only the first reset has the seed."""
    return [number(env.reset(seed=seed if k == 0 else None)[0]) for k in range(n)]


@pytest.mark.parametrize("name", ["RewardByObservation", "ObservationAndAction"])
def test_chance_belongs_to_the_seed(name):
    one, two = make(name), make(name)
    stream = firsts(one, 3)
    assert firsts(two, 3) == stream
    assert firsts(one, 3) == stream  # seeded again, it starts again
    assert len({tuple(firsts(one, seed)) for seed in range(5)}) == 5
    mixed = [number(env.reset(seed=3)[0]) for env in (one, two)]
    mixed += [number(env.reset()[0]) for _ in range(39) for env in (one, two)]
    assert mixed[::2] == mixed[1::2] == stream  # no generator is shared
    assert set(firsts(one, 0, 1000)) == {-1, 1}
    assert abs(np.mean(firsts(one, 0, 1000))) < 0.13  # four standard errors


@pytest.mark.parametrize(
    "draw",
    [lambda rng: rng.integers(2), lambda rng: rng.random() < 0.5, lambda rng: rng.choice(2)],
    ids=["integers", "random", "choice"],
)
def test_an_agent_with_the_same_seed_does_not_copy_the_environment(draw):
    start = np.array(firsts(make("RewardByObservation"), 0, 1000)) > 0
    rng = np.random.default_rng(0)
    assert 0.43 < np.mean([draw(rng) == is_plus for is_plus in start]) < 0.57


def test_rows_of_a_vector_environment_are_single_environments():
    vector = gym.vector.SyncVectorEnv(
        [lambda: make("RewardByObservation")] * 3,
        autoreset_mode=gym.vector.AutoresetMode.DISABLED,
    )
    rows = [vector.reset(seed=[4, 5, 6])[0]]
    for _ in range(19):
        obs, reward, terminated, truncated, _ = vector.step(np.zeros(3, int))
        assert (obs == rows[-1]).all()  # the true final observation
        assert (reward == obs[:, 0]).all()
        assert terminated.all()
        assert not truncated.any()
        rows.append(vector.reset(options={"reset_mask": terminated})[0].copy())
    for k in range(3):
        want = firsts(make("RewardByObservation"), 4 + k, 20)
        assert np.stack(rows)[:, k, 0].tolist() == want


@each
@pytest.mark.parametrize("bare", [True, False])
def test_a_step_outside_an_episode_is_refused(name, bare):
    env = make(name).unwrapped if bare else make(name)
    with pytest.raises(gym.error.ResetNeeded, match=r"reset\(\)"):
        env.step(0)
    if name != "TruncatedForever":
        env.reset(seed=0)
        while not env.step(0)[2]:
            pass
        with pytest.raises(gym.error.ResetNeeded, match=r"no episode is running.*terminated=True"):
            env.step(0)
    env.reset()
    env.step(0)


@each
def test_an_action_that_does_not_exist_is_refused(name):
    env = make(name)
    n = env.action_space.n
    env.reset(seed=0)
    for action in (n, -1, 0.0, np.array([0]), None):
        with pytest.raises(ValueError, match=r"must be one of \[0(, 1)?\], got .*int\(action\)"):
            env.step(action)
    first = env.step(np.int64(n - 1))  # the refused ones have changed nothing
    env.reset(seed=0)
    again = env.step(n - 1)
    assert first == again


def test_the_module_is_light_and_may_be_loaded_twice():
    code = (
        "import sys, importlib, warnings, gymnasium as gym\n"
        "env = gym.make('dqnlib.probes:dqnlib/Termination-v0')\n"
        "warnings.simplefilter('error')\n"
        "importlib.reload(sys.modules['dqnlib.probes'])\n"
        "check = gym.make('dqnlib/TruncatedForever-v0').spec.to_json()\n"
        "print({'torch', 'matplotlib', 'scipy', 'ipywidgets'} & set(sys.modules))\n"
    )
    home = Path(dqnlib.probes.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=home, capture_output=True, text=True, timeout=120, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "set()"
