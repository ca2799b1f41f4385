"""Lesson 07b: each of its claims can fail.

`tests/mutants/lessons/test_lesson_07b.toml` lists the mutants that these tests kill.
"""

from types import SimpleNamespace

import numpy as np
import torch
from lesson_support import assert_each_claim_can_fail, code_cells

from dqnlib import networks, staying, studies
from dqnlib.config import Config
from dqnlib.rainbow import rainbow_loss, rainbow_target
from dqnlib.results import Run
from dqnlib.targets import project_distribution

LESSON = "07b_rainbow"


class Nothing:
    """Stands for what draws: every call of every name gives one more of it."""

    def __getattr__(self, name):
        return lambda *args, **kwargs: Nothing()


def made_up(greedy, seeds=5, final=500.0) -> Run:
    """A run of 50,000 steps with this greedy return, a number or [20], in each of some seeds."""
    steps = np.arange(1, 21) * 2_500
    greedy = np.broadcast_to(np.asarray(greedy, float), (seeds, 20))
    greedy = greedy + np.linspace(-1, 1, seeds)[:, None]
    return Run(
        config=Config(), seeds=tuple(range(seeds)), steps=50_000, returns=(np.ones(2),) * seeds,
        ends=(np.arange(2),) * seeds, record_steps=steps, records={"loss": greedy, "q": greedy},
        eval_steps=steps, eval_returns=greedy[:, :, None], diverged=np.full(seeds, -1),
        parameters={}, best_parameters={}, best_steps=np.full(seeds, -1),
        final_returns=np.full((seeds, 5), final),
    )  # fmt: skip


def settings():
    """The names that the lesson's second cell makes."""
    names = {"Config": Config}
    (source,) = (cell for cell in code_cells(LESSON) if cell.startswith("small = Config("))
    exec(compile(source, LESSON, "exec"), names)
    return names


DIP = np.r_[[480.0] * 2, [150] * 6, [480] * 12]
DRAWING = {"plots": Nothing(), "staying": staying.staying, "some": lambda run, rows: run}


def by_hand(project):
    return {"torch": torch, "project_distribution": project}


def two_trainers(distance, longest):
    """Trainers of two networks that differ by so much; the learner's lasts so long."""

    class Fake:
        def __init__(self, config, seeds, **slots):
            self.own = bool(slots)

        def step(self):
            pass

        def network(self, seed):
            layer = torch.nn.Linear(2, 2)
            torch.nn.init.constant_(layer.weight, distance if self.own else 0.0)
            torch.nn.init.zeros_(layer.bias)
            return layer

        def __iter__(self):
            return iter(())

        def run(self):
            return SimpleNamespace(returns=[np.array([9.0, longest])])

    given = {"rainbow_network": None, "means": None, "rainbow_update": None}
    return {**settings(), "torch": torch, "Trainer": Fake, **given}


def raced(dqn, rainbow, worth=50.0):
    """The live comparison, where the two agents earn so much."""
    given = settings()
    plain = given["small"]
    return {
        **DRAWING, **given, "torch": torch, "choices": list("abc"),
        "train": lambda config, seeds: made_up(dqn if config == plain else rainbow),
        "rainbow_network": lambda *args: lambda obs: obs,
        "means": lambda logits: torch.full((1, 2), worth),
    }  # fmt: skip


def table(rainbow):
    runs = {"DQN": made_up(DIP), "Double DQN": made_up(DIP + 60), "Rainbow": rainbow}
    return {
        **DRAWING, "studies": SimpleNamespace(load=lambda name: runs),
        "staying_table": lambda runs: "",
    }  # fmt: skip


def effects(alone, left_out, seeds=10):
    """The cell of the fourteen arms: what each part adds, and what is lost without it."""
    zero = dict.fromkeys(settings()["parts"], 0.0)
    made = [
        {name: np.full(seeds, v) + np.linspace(-1, 1, seeds) for name, v in (zero | some).items()}
        for some in (alone, left_out)
    ]
    return {
        "effects": dict(zip(("alone", "left out"), made, strict=True)), "flip": ["yes", "no"],
        "parts": settings()["parts"],
    }  # fmt: skip


def breakout(dqn, windows, rainbow, dueling=0.0):
    """The table of Breakout, where the three agents earn so much, and Rainbow loses that much."""
    arms = {"DQN": made_up(dqn), "3-step": made_up(windows), "Rainbow": made_up(rainbow)}
    out = {"3-step": rainbow - 2.0, "dueling": rainbow - dueling}
    left_out = {name: (arms["Rainbow"], made_up(earned)) for name, earned in out.items()}
    return {
        "arms": arms, "pairs": lambda arms: ({"3-step": (arms["3-step"], arms["DQN"])}, left_out),
        "effects_table": lambda pairs: "",
    }  # fmt: skip


def ablation(forgotten, back):
    """The last returns of agents without noise, with ε forgotten and with ε given back."""

    def train(config, seeds):
        return made_up(300 if config.noisy else forgotten if config.epsilon == 0 else back)

    return {**DRAWING, **settings(), "train": train}


REJECTED = {
    "the target is 0.1, 0.8, 0.1": lambda: by_hand(lambda *args: torch.full((1, 3), 1 / 3)),
    "the cross entropy is 0.83": lambda: by_hand(lambda *args: torch.tensor([[0.0, 1.0, 0.0]])),
    "after 40 updates": lambda: two_trainers(0.01, 200.0),
    "has balanced for 100 steps": lambda: two_trainers(0.0, 99.0),
    "Rainbow is not ahead": lambda: raced(200, 210),
    "a fresh Rainbow holds": lambda: raced(200, 100, worth=10.0),
    "noisy layers cost": lambda: effects({"noisy": 10}, {"noisy": -50}),
    "and in Rainbow": lambda: effects({"noisy": -50}, {"noisy": 0}),
    "three steps alone help": lambda: breakout(3, 3, 3),
    "all six are not ahead": lambda: breakout(3, 3, 9),
    "left out, only three steps": lambda: breakout(3, 5, 5, dueling=1.0),
    "fewer than two in three": lambda: table(made_up(480)),
    "but one that has reached 475": lambda: table(made_up(DIP)),
    "three in five or more fall": lambda: ablation(forgotten=10, back=9),
}


def test_each_claim_can_fail():
    assert_each_claim_can_fail(LESSON, REJECTED)


def test_the_parts_of_the_lesson_are_those_of_the_study():
    names = settings()
    arms = studies.parts_of_rainbow(names["small"], 0.0, 100.0)
    assert arms["Rainbow"] == names["rainbow"]
    for name, changes in names["parts"].items():
        assert arms[name] == names["small"].replace(**changes)
        assert f"without {name}" in arms


def test_the_training_step_of_the_lesson_learns_from_all_that_it_is_given():
    (source,) = (cell for cell in code_cells(LESSON) if cell.startswith("def rainbow_update"))
    names = {"torch": torch, "support": torch.linspace(0, 100, 51),
             "rainbow_target": rainbow_target, "rainbow_loss": rainbow_loss}  # fmt: skip
    exec(compile(source, LESSON, "exec"), names)
    torch.manual_seed(0)
    online, target = (networks.RainbowNetwork((4,), 2, (8,), atoms=51) for _ in range(2))
    rng = torch.Generator().manual_seed(1)
    obs, next_obs = (torch.randn(6, 4, generator=rng) for _ in range(2))
    batch = SimpleNamespace(
        obs=obs, next_obs=next_obs, action=torch.tensor([0, 1, 0, 1, 0, 1]),
        reward=torch.arange(6.0), terminated=torch.arange(6) % 2 == 0,
        weight=torch.linspace(0.2, 1, 6),
    )  # fmt: skip
    with torch.no_grad():
        best = (online(next_obs).softmax(2) * names["support"]).sum(2).argmax(1)
        probs = target(next_obs)[torch.arange(6), best].softmax(1)
        y = project_distribution(probs, batch.reward, batch.terminated, 0.9, names["support"])
        log_p = online(obs)[torch.arange(6), batch.action].log_softmax(1)
        want = -(y * log_p).sum(1)
    optimizer = torch.optim.SGD(online.parameters(), lr=0.1)
    before = online.advantage[0].weight.detach().clone()
    loss, error = names["rainbow_update"](online, target, optimizer, batch, 0.9)
    assert np.isclose(loss, float((batch.weight * want).mean()), atol=1e-5)
    assert torch.allclose(error, want, atol=1e-5)
    assert not torch.equal(before, online.advantage[0].weight)
