"""Each claim of lesson 05 fails on data that do not show it."""

import dataclasses
from types import SimpleNamespace

import numpy as np
from lesson_support import assert_each_claim_can_fail

from dqnlib import plots
from dqnlib.classics import maximization
from dqnlib.config import Config
from dqnlib.results import Run

SEEDS = 10


def estimators(single=0.0, double=0.0, bias=(0.4, -0.4)):
    """What the cell of the estimators needs, if the estimators say this whatever the noise."""
    fake = SimpleNamespace(
        noisy_values=maximization.noisy_values,
        single_estimate=lambda values: single,
        estimator_bias=lambda values: maximization.Bias(*bias),
    )
    return {"maximization": fake, "double_estimate": lambda chooser, judge: double}


def left(q_learning, double):
    """What the cell of Example 6.7 needs, if these shares of the runs go left, early and late."""

    def went(algorithm, runs, seed=0):
        early, late = q_learning if algorithm == "q_learning" else double
        share = np.where(np.arange(300) < 250, early, late)
        return np.arange(runs)[:, None] % 100 < 100 * share  # [runs, 300]

    fake = SimpleNamespace(maximization_bias=went)
    return {"maximization": fake, "plots": plots, "SHARES": ["5", "50", "90"]}


def biases(dqn=(1, 2, 3, 4), double=(0.1, 0.4, 0.8, 1.6), broken=5.0):
    spread = np.linspace(-0.1, 0.1, SEEDS)
    return {
        "believed": np.array(dqn)[:, None] + spread,
        "calmer": np.array(double)[:, None] + spread,
        "broken": SimpleNamespace(q=np.full((SEEDS, 20), broken)),
    }


def gambled(dqn=(-4.0, -4.0), double=(-2.0, 0.0), soft=(-1.0, 0.0)):
    """Runs by (whole, late) return."""
    noise = np.random.default_rng(0).normal(0, 0.1, SEEDS)

    def run(whole, late):
        return SimpleNamespace(
            whole=lambda: whole + noise,
            late=lambda: late + noise[::-1],
            records={"plays on": np.ones((SEEDS, 20))},
        )

    names = ("DQN", "Double DQN", "soft target")
    gambling = {n: run(*x) for n, x in zip(names, (dqn, double, soft), strict=True)}
    return {"gambling": gambling, "arms": dict.fromkeys(names), "ENDS": ["0", "1", "2"]}


def promised(dqn, double):
    """What the cell of the pendulum needs, if late so much too much is promised."""
    noise = np.random.default_rng(0).normal(0, 5, SEEDS)

    def looks(too_much):
        earned = np.full((15, SEEDS), -140.0)
        return np.stack([earned + too_much + noise, earned], axis=1)  # [15, 2, S]

    zero = SimpleNamespace(whole=lambda: noise, late=lambda: noise)
    return {
        "looks": {"DQN": looks(dqn), "Double DQN": looks(double)},
        "runs": {"DQN": zero, "Double DQN": zero},
    }


def solved(dqn: float, double: float, says=(116.0, 113.0, 71.0)):
    """Runs on CartPole whose every greedy episode has about this return."""
    rng = np.random.default_rng(0)

    def run(mean, says):
        steps = np.arange(2_500, 50_001, 2_500)
        returns = mean + rng.normal(0, 5, (SEEDS, len(steps), 10))
        none = np.full(SEEDS, -1)
        run = Run(
            Config(), tuple(range(SEEDS)), 50_000, (), (), steps, {}, steps, returns, none, {}, {},
            none,
        )  # fmt: skip
        looks = {"says rest 0": says, "true rest 0": 99.0}
        looks = {n: v + rng.normal(0, 1, (SEEDS, len(steps))) for n, v in looks.items()}
        return dataclasses.replace(run, look_steps=steps, looks=looks)

    from dqnlib.staying import staying, staying_table

    names = ("DQN", "Double DQN", "soft target")
    runs = {n: run(*x) for n, x in zip(names, zip((dqn, double, 490.0), says))}
    return {
        "studies": SimpleNamespace(load=lambda name: runs),
        "plots": plots,
        "staying": staying,
        "staying_table": staying_table,
    }


REJECTED = {
    "by as much as theory says": lambda: estimators(single=1.0),
    "the double estimator is right": lambda: estimators(double=0.2),
    "there the single estimator": lambda: estimators(bias=(0.0, -0.4)),
    "and the double one too small": lambda: estimators(bias=(0.4, 0.0)),
    "in more than 85 %": lambda: left((0.6, 0.12), (0.5, 0.07)),
    "in more than 60 %": lambda: left((0.9, 0.12), (0.7, 0.07)),
    "nearer to the 5 %": lambda: left((0.9, 0.1), (0.5, 0.2)),
    "the more DQN believes in": lambda: biases(dqn=(1, 2, 3, 2.9)),
    "less than every DQN": lambda: biases(double=(0.1, 0.4, 2.95, 1.6)),
    "too large, too": lambda: biases(double=(0.1, 0.4, 0.8, 0.2)),
    "the bias is back": lambda: biases(broken=3.9),
    "loses less money": lambda: gambled(double=(-4.0, 0.0)),
    "less than 1.5": lambda: gambled(soft=(-4.0, -1.8)),
    "promises more than it earns": lambda: promised(0.0, -30.0),
    "too much by less": lambda: promised(70.0, 70.0),
    "these seeds do not show": lambda: solved(300.0, 400.0),
    "the soft target too little": lambda: solved(300.0, 300.0, says=(116.0, 90.0, 70.0)),
    "does not stay solved": lambda: solved(400.0, 380.0),
}


def test_each_claim_can_fail():
    assert_each_claim_can_fail("05_double_dqn", REJECTED)


def test_data_that_show_a_claim_are_not_rejected():
    """The fixtures themselves show nothing but what they are made for."""
    from lesson_support import claims_of, verdicts

    for part, names in {
        "the bias is back": biases(),
        "loses less money": gambled(),
        "less than 1.5": gambled(),
        "too much by less": promised(70.0, 40.0),
        "does not stay solved": solved(250.0, 240.0),
        "in more than 85 %": left((0.9, 0.12), (0.5, 0.07)),
    }.items():
        (source,) = (s for text, s in claims_of("05_double_dqn").items() if part in text)
        assert "DOES NOT HOLD" not in verdicts(source, names)
