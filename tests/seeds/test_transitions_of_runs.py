"""n-step windows of S runs against the one-run form, and transitions of the learner's own.

`tests/mutants/seeds/test_transitions_of_runs.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Frames, Scripted

from dqnlib import ReplayBuffer, Trainer, train
from dqnlib.config import Config
from dqnlib.data import Transition
from dqnlib.seeds import LearnerError
from dqnlib.seeds.learner import TrainingError
from dqnlib.seeds.transitions import Windows
from dqnlib.transitions import NStep

S = 3
# each environment step of each run: reward, and how it goes on
ways = st.lists(
    st.lists(
        st.tuples(st.floats(-5, 5), st.sampled_from(["on", "on", "terminated", "truncated"])),
        min_size=S, max_size=S,
    ),
    max_size=25,
)  # fmt: skip


def arrays_of(step, t):
    reward = np.array([r for r, _ in step])
    terminated = np.array([way == "terminated" for _, way in step])
    ended = np.array([way != "on" for _, way in step])
    obs = np.array([[10 * t + k] for k in range(S)], np.float32)
    return obs, np.full(S, t % 2), reward, obs + 1, terminated, ended


@given(ways, st.integers(2, 5), st.floats(0, 1), st.integers(0, 24))
def test_windows_of_runs_are_those_of_each_run(steps, n, gamma, pause):
    windows = Windows(n, S, (1,), np.float32)
    alone = [NStep(n, gamma) for _ in range(S)]
    for t, step in enumerate(steps):
        if t == pause:  # saved and gone on with
            state, windows = windows.state(), Windows(n, S, (1,), np.float32)
            windows.restore(state)
        obs, action, reward, next_obs, terminated, ended = arrays_of(step, t)
        want = [
            one.step(Transition(obs[k], action[k], reward[k], next_obs[k], terminated[k]), ended[k])
            for k, one in enumerate(alone)
        ]
        got = [[] for _ in range(S)]
        for *complete, rows in windows.step(
            obs, action, reward, next_obs, terminated, ended, gamma
        ):
            assert len(set(rows)) == len(rows)
            for k, *parts in zip(rows, *complete, strict=True):
                got[k].append(Transition(*parts))
        assert got == want  # to the last bit


SMALL = Config(
    steps=400, warmup=100, sync_every=40, hidden=(16,), eval_every=0, record_every=50,
    epsilon_steps=300, batch_size=16, n_step=3, gamma=0.9,
)  # fmt: skip


def same(a, b):
    return all(np.array_equal(a.parameters[n], b.parameters[n]) for n in a.parameters)


class Double:
    """Stores every step twice: a run's buffer fills twice as fast."""

    def __init__(self, n, gamma):
        self.gamma = gamma

    def step(self, transition, ended):
        return [transition, transition]


def test_own_transitions_give_the_same_numbers():
    assert same(train(SMALL, range(3), transitions=NStep), train(SMALL, range(3)))
    assert not same(train(SMALL, range(3), transitions=Double), train(SMALL, range(3)))
    trainer = Trainer(SMALL, range(2), transitions=NStep)
    assert trainer.how == {"transitions": "a loop over seeds"}


def test_a_row_with_windows_is_what_its_seed_alone_gives():
    many = train(SMALL, range(4))
    for seed in (0, 3):
        alone = train(SMALL, [seed])
        assert all(
            np.array_equal(a[0], many.parameters[name][seed])
            for name, a in alone.parameters.items()
        )


class Kept:
    """n-step windows whose steps are plain data, so that they can be saved."""

    def __init__(self, n, gamma):
        self.n, self.gamma, self.window = n, gamma, []

    def step(self, transition, ended):
        inside = NStep(self.n, self.gamma)
        inside.window.extend(self.window)
        found = inside.step(transition, ended)
        self.window = list(inside.window)
        return found


@pytest.mark.parametrize("slots", [{}, {"transitions": Kept}, {"transitions": Double}])
def test_windows_go_on_after_a_pause(slots, tmp_path):
    config = SMALL.replace(env_id="dqnlib/Termination-v0", n_step=2)
    whole, half = Trainer(config, range(2), **slots), Trainer(config, range(2), **slots)
    while half.steps < 171:  # one step of an episode of five: a window is half full
        half.step()
    half.save(tmp_path / "half")
    again = Trainer.load(tmp_path / "half", **slots)
    for trainer in (whole, again):
        for _ in trainer:
            pass
    assert same(whole.run(), again.run())


def test_a_state_of_windows_stays_as_it_was():
    windows, obs, none = Windows(2, 1, (1,), np.float32), np.zeros((1, 1), np.float32), np.zeros(1)
    state = windows.state()
    assert list(windows.step(obs, none, none, obs, none > 0, none > 0, 0.9)) == []
    assert (state["t"], state["count"].tolist()) == (0, [0])


def test_a_changed_gamma_reaches_the_windows():
    seen, made = [], []

    def windows(n, gamma):
        made.append(NStep(n, gamma))
        return made[-1]

    def target(reward, terminated, next_q, gamma):
        seen.append(gamma)
        return reward + gamma * next_q.max(dim=1).values * ~terminated

    trainer = Trainer(SMALL, [0], transitions=windows, td_target=target)
    while trainer.steps < 120:
        trainer.step()
    assert seen[-1] == 0.9**3
    trainer.config = trainer.config.replace(gamma=0.5)
    trainer.step()
    assert seen[-1] == 0.125
    assert made[0].gamma == 0.5
    with pytest.raises(ValueError, match="n_step cannot change in flight"):
        trainer.config = trainer.config.replace(n_step=2)


one = Transition(np.zeros(4), 0, 0.0, np.zeros(4), False)


class Broken:
    def __init__(self, n, gamma):
        pass

    def step(self, transition, ended):
        raise KeyError("window")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Broken, r"Broken failed at step 1, seed 5: KeyError"),
        (lambda n: None, r"failed at step 0, seed 5: TypeError"),
        (lambda n, g: _giving(None), r"\.step returned None at step 1, seed 5; expected a list"),
        (lambda n, g: _giving([3]), r"\.step returned a list of int"),
        (lambda n, g: 3, r"made 3 at step 0, seed 5, which has no method step"),
        (
            lambda n, g: _giving([one._replace(obs=np.zeros(2))]),
            r"gave obs of the shape \[2\] at step 1, seed 5; expected \[4\]",
        ),
        (lambda n, g: _giving([one._replace(next_obs=[0, np.inf, 0, 0])]), "next_obs with NaN"),
        (lambda n, g: _giving([one._replace(action=2)]), "the action 2 .* from 0 to 1"),
        (lambda n, g: _giving([one._replace(action=-1)]), "the action -1 at step 1, seed 5"),
        (lambda n, g: _giving([one._replace(action=0.5)]), "the action 0.5 .* whole numbers"),
        (lambda n, g: _giving([one._replace(reward=np.nan)]), "the reward nan .* finite number"),
        (lambda n, g: _giving([one._replace(reward=[1.0])]), r"the reward \[1.0\]"),
        (lambda n, g: _giving([one._replace(terminated=None)]), "terminated as None .* True or"),
    ],
)
def test_what_fails_in_own_transitions_is_named(make, words):
    with pytest.raises(LearnerError, match=words):
        train(SMALL, [5], transitions=make)


def _giving(found):
    class Giving:
        def step(self, transition, ended):
            return found

    return Giving()


def test_plain_tuples_will_do():
    class Tuples(Double):
        def step(self, transition, ended):
            return [tuple(transition)]

    config = SMALL.replace(n_step=1)
    assert same(train(config, [0], transitions=Tuples), train(config, [0]))


def test_a_gamma_that_cannot_change_is_said():
    class Stiff(Double):
        gamma = property(lambda self: 0.9)

        def __init__(self, n, gamma):
            pass

    trainer = Trainer(SMALL, [7], transitions=Stiff)
    trainer.step()
    trainer.config = trainer.config.replace(gamma=0.5)
    with pytest.raises(LearnerError, match="Stiff failed at step 2, seed 7: AttributeError"):
        trainer.step()


class Hindsight:
    """Gives nothing while an episode goes on, and all its steps twice at the end."""

    def __init__(self, n, gamma):
        self.kept = []

    def step(self, transition, ended):
        self.kept.append(transition)
        if not ended:
            return []
        given, self.kept = [*self.kept, *(t._replace(reward=1.0) for t in self.kept)], []
        return given


class OwnBuffer(ReplayBuffer):
    pass


@pytest.mark.parametrize("env", [Frames, Scripted])
@pytest.mark.parametrize(
    "slots", [{}, {"transitions": Hindsight}, {"n_step": 3}], ids=["plain", "bursts", "windows"]
)
def test_bursts_and_windows_reach_every_buffer(env, slots, tmp_path):
    """Images and vectors, in the library's ring and in a learner's buffer, in one go and in two."""
    slots = {"env": env, **slots}
    config = SMALL.replace(n_step=slots.pop("n_step", 1), capacity=40, hidden=(8,))
    want, half = train(config, range(2), **slots), Trainer(config, range(2), **slots)
    assert same(train(config, range(2), replay=OwnBuffer, **slots), want)
    while half.steps < 151:
        half.step()
    again = Trainer.load(half.save(tmp_path / "half"), **slots)
    for _ in again:
        pass
    assert same(again.run(), want)


def test_windows_longer_than_an_episode():
    with pytest.raises(ValueError, match="n_step is 501, but an episode ends after 500 steps"):
        Trainer(Config(n_step=501), [0])
    with pytest.raises(ValueError, match="n_step is 8, but an episode ends after 7 steps"):
        Config(n_step=8, max_episode_steps=7)
    assert Trainer(Config(n_step=7, max_episode_steps=7), [0]).config.n_step == 7


def test_too_few_complete_windows_are_said():
    config = SMALL.replace(n_step=7, max_episode_steps=7, warmup=50)
    with pytest.raises(TrainingError, match=r"only 7 transitions .* at step 51, seed 1.*warmup"):
        train(config, [1, 0])
