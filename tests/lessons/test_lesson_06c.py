"""Lesson 06c: each of its claims can fail.

`tests/mutants/lessons/test_lesson_06c.toml` lists the mutants that these tests kill.
"""

import functools
from types import SimpleNamespace

import numpy as np
from lesson_support import assert_each_claim_can_fail, verdicts

from dqnlib import flipping, studies
from dqnlib.results import Run
from dqnlib.transitions import Hindsight, final_steps, future_steps, relabel

LESSON = "06c_hindsight_replay"
STEPS = np.arange(1, 21) * 100


class Nothing:
    """Stands for what draws: every call of every name gives one more of it."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: Nothing()


def made_up(rate, bits=15, late=None, share=0.0, seeds=10) -> Run:
    """A run of which so many percent of the greedy episodes reach the goal.

    late: over the last quarter; share: of its batches that is rewarded.
    """
    rates = np.full(20, float(rate))
    rates[15:] = rate if late is None else late
    episodes = np.arange(100)[None, None] < rates[None, :, None]  # [1, M, E] reached
    returns = np.where(np.repeat(episodes, seeds, 0), -1.0, -float(bits))
    records = {name: np.full((seeds, 20), share) for name in ("loss", "q", "rewarded")}
    return Run(
        config=flipping.settings(bits, 40), seeds=tuple(range(seeds)), steps=2_000,
        returns=(np.ones(2),) * seeds, ends=(np.arange(2),) * seeds, record_steps=STEPS,
        records=records, eval_steps=STEPS, eval_returns=returns,
        diverged=np.full(seeds, -1), parameters={}, best_parameters={},
        best_steps=np.full(seeds, -1),
    )  # fmt: skip


DRAWING = {
    "plots": Nothing(),
    "flipping": flipping,
    "options": list("abcd"),
    "guesses": list("abc"),
}


def played(plain, hindsight):
    return {**DRAWING, "plain": plain, "hindsight": hindsight}


def valued(off):
    """Networks whose values are so much too low everywhere."""
    config = flipping.settings(15)
    true = np.array([flipping.true_value(m, config.gamma) for m in range(1, 16)])
    fake = SimpleNamespace(
        learned_values=lambda run: np.tile(true - off, (3, 1)), true_value=flipping.true_value
    )
    return {**DRAWING, "flipping": fake, "hindsight": None, "config": config}


def named(name, rate):
    """A run of an arm, whose name says its bits: by the arm, or 20 or 25."""
    bits = [int(word) for word in name.replace(",", "").split() if word.isdigit()]
    return made_up(rate, bits[0] if "bits" in name else 25)


def by_bits(**rates):
    """The stored runs: rate of each strategy by bits, such as plain={5: 100}, 0 where not said."""
    runs = {
        arm: named(arm, rates.get(arm.split(",")[0], {}).get(int(arm.split()[1]), 0))
        for arm in studies.find("flipping_bits").arms
    }
    return {**DRAWING, "studies": SimpleNamespace(load=lambda name: runs)}


def more_time(plain=0.0, plain_25=0.0, hindsight=100.0):
    def load(name):
        if name == "flipping_longer":
            arms = studies.find(name).arms
            return {arm: named(arm, 100 if " 8 " in arm else plain) for arm in arms}
        return {
            arm: made_up(plain_25 if arm == "plain" else hindsight, 25)
            for arm in studies.find(name).arms
        }

    return {**DRAWING, "studies": SimpleNamespace(load=load)}


def two_rules(whole, final):
    """Future with the same late success as final, and with this one before."""
    stored = {
        f"{name}, {n} bits": made_up(whole if name == "future" else final, n, late=90)
        for name in ("future", "final")
        for n in (15, 20)
    }
    return {**DRAWING, "stored": stored}


def copied(**rates):
    arms = {"final": 75, "k1": 92, "k2": 94, "k4": 92, "k8": 89} | rates
    names = {"final": "final"} | {f"k{k}": f"future, k = {k}" for k in (1, 2, 4, 8)}
    runs = {names[arm]: made_up(rate, 20) for arm, rate in arms.items()}
    return {**DRAWING, "studies": SimpleNamespace(load=lambda name: runs)}


def nearest(rate):
    return broken(rate) | {"config": flipping.settings(15), "ends": list("abc")}


def broken(rate):
    return {
        **DRAWING, "functools": functools, "relabel": relabel, "final_steps": final_steps,
        "Hindsight": Hindsight, "train": lambda config, **kwargs: made_up(rate, 10),
    }  # fmt: skip


EASY = SimpleNamespace(  # a generator in whose task one bit is wrong at most
    default_rng=lambda seed: SimpleNamespace(
        binomial=lambda n, p, size: np.ones(size, int), random=lambda size: np.zeros(size)
    )
)
EVERY = dict.fromkeys((5, 8, 10, 13, 15, 20), 100)
REJECTED = {
    "by chance, fewer than one episode": lambda: {
        "np": SimpleNamespace(
            random=EASY, zeros=np.zeros, where=np.where, bool_=np.bool_, ones=np.ones
        ),
    },
    "late, hindsight reaches 95 %": lambda: played(made_up(0), made_up(90)),
    "plain DQN reaches fewer than 5 %, late": lambda: played(made_up(10, late=0), made_up(99)),
    "fewer than one in 500 are rewarded": lambda: played(
        made_up(0, share=0.01), made_up(99, share=0.3)
    ),
    "with hindsight, more than one in six": lambda: played(made_up(0), made_up(99, share=0.1)),
    "the values are right to 0.5": lambda: valued(0.6),
    "plain DQN solves 5 bits": lambda: by_bits(plain={5: 100, 13: 6}, final=EVERY, future=EVERY),
    "both strategies reach 95 %": lambda: by_bits(
        plain={5: 100}, final=EVERY, future={**EVERY, 15: 94}
    ),
    "in 240 cycles plain DQN": lambda: more_time(plain=6),
    "25 bits: hindsight": lambda: more_time(hindsight=94),
    "at 20 bits future is better": lambda: two_rules(60, 60),
    "at 15 bits over the whole curve only": lambda: two_rules(60, 60),
    "late it reaches more than 90 %": lambda: nearest(85),
    "with a single copy": lambda: copied(k1=75),
    "from k = 1 to 8": lambda: copied(k8=80),
    "it reaches fewer than 5 % of the goals, late": lambda: broken(6),
}  # fmt: skip


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)


def test_the_share_of_copies_that_the_lesson_works_out():
    """18 % of what is stored: by hand, and by the library's own choice of steps."""
    by_hand = 4 / 5 * sum(1 / t for t in range(1, 16)) / 15
    assert 0.17 < by_hand < 0.18
    rng = np.random.default_rng(0)
    tables = np.stack([future_steps(15, 4, rng) for _ in range(2_000)])
    own = (tables == np.arange(15)[:, None]).mean()
    assert abs(own * 4 / 5 - by_hand) < 0.005


def test_a_claim_holds_on_data_that_show_it():
    from lesson_support import claims_of

    claims = claims_of(LESSON)
    for part, names in {
        "late, hindsight reaches 95 %": played(made_up(0), made_up(99)),
        "25 bits: hindsight": more_time(),
        "with a single copy": copied(),
        "the values are right to 0.5": valued(0.1),
    }.items():
        (source,) = (s for text, s in claims.items() if part in text)
        printed = verdicts(source, names)
        assert f"holds: {part}" in printed.replace("for 1 to 5 wrong bits ", ""), printed
        assert "DOES NOT" not in printed
