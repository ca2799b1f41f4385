"""The course's long experiments: too slow for a lesson, so their results lie in `assets/studies`.

    python3 -m dqnlib study             # the list
    python3 -m dqnlib study sync_every  # compute one anew; what is stored is replaced

A study is a set of arms, each a `Config` trained with the same seeds. `load` gives the
stored runs, without their networks' parameters. A test compares every arm's config with what is
stored, and trains the first hundreds of steps again, once for each code that arms train with.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from dqnlib import swept, torques, without
from dqnlib.config import Config
from dqnlib.flipping import settings as flipping
from dqnlib.minatar import GAMES
from dqnlib.results import Run
from dqnlib.saved import file_name, load_run, save_run
from dqnlib.without import NO_REPLAY, NO_TARGET, NORMALIZED, SOFT, two_by_two

FOLDER = Path(__file__).parents[1] / "assets" / "studies"


@dataclass(frozen=True)
class Study:
    """Arms by name, and the seeds that all of them are trained with."""

    about: str  # one line
    arms: dict[str, Config]
    seeds: tuple[int, ...] = tuple(range(100, 110))  # no setting was chosen by these
    looks: bool = False  # look into the agents with `staying.watch`, and judge them at the end
    true_values: bool = False  # and play them out from placed states


FULL = Config(record_every=500)
SGD = FULL.replace(
    optimizer="sgd", learning_rate=1e-3, final_learning_rate=1e-3, sync_every=100,
    final_epsilon=0.05,
)  # fmt: skip
FIFTY = tuple(range(1_000, 1_050))  # ten leave intervals of 90 on either side: too wide here
JUDGED = tuple(range(10_000, 10_100))  # the course reports how agents stay solved on these
TWENTY = JUDGED[:20]
FRESH = 100  # greedy episodes on fresh starts, by which they are judged at the end
ACROBOT = Config(env_id="Acrobot-v1", steps=30_000, eval_every=1_500, record_every=500)
EARLY = Config(
    steps=4_000,
    warmup=500,
    epsilon_steps=2_000,
    final_learning_rate=9e-4,
    eval_every=500,
    eval_episodes=5,
    record_every=500,
)
MINATAR = Config(
    env_id="dqnlib/MinAtarBreakout-v0", steps=40_000, channels=(16,), hidden=(64,), batch_size=32,
    update_every=4, sync_every=500, final_epsilon=0.05, epsilon_steps=8_000, eval_every=2_000,
    record_every=500,
)  # fmt: skip
INPUTS = {
    "raw": FULL.replace(obs_scale=1.0),
    "angle × 5": FULL.replace(obs_scale=(1.0, 1.0, 5.0, 1.0)),
    "raw, rate 0.003": FULL.replace(obs_scale=1.0, learning_rate=3e-3),
}


def max_and_soft(config: Config) -> dict[str, Config]:
    """Return one agent with DQN's target and one with the soft target of lesson 04b."""
    return {"maximum": config, "soft": config.replace(**SOFT)}


def parts_of_rainbow(config: Config, v_min: float, v_max: float) -> dict[str, Config]:
    """Return DQN, each part of Rainbow alone, all of them, and all but one (Hessel et al. 2018)."""
    parts = {
        "double": {"double": True},
        "prioritized": {"priority_alpha": 0.5},
        "dueling": {"dueling": True},
        "3-step": {"n_step": 3},
        "noisy": {"noisy": True, "epsilon": 0.0, "final_epsilon": 0.0},
        "distributional": {"atoms": 51, "v_min": v_min, "v_max": v_max},
    }

    def with_parts(names) -> Config:
        return config.replace(**{k: v for name in names for k, v in parts[name].items()})

    return {
        "DQN": config,
        **{name: with_parts([name]) for name in parts},
        "Rainbow": with_parts(parts),
        **{f"without {name}": with_parts(parts.keys() - {name}) for name in parts},
    }


def mixing_and_reuse() -> dict[str, Config]:
    """Return arms that differ in mixing, in reuse and in the target network (lesson 03).

    "newest": drawn from the last batch_size steps, "of all": from everything so far. With an update
    every k steps a transition is used batch_size / k times on average; the learning rate is k times
    as large, as there are k times fewer updates.
    """
    base = SGD.replace(
        steps=20_000, warmup=500, epsilon_steps=4_000, eval_every=1_000, sync_every=1
    )

    def every(k: int) -> dict:
        rate = k * base.learning_rate
        return {"update_every": k, "learning_rate": rate, "final_learning_rate": rate}

    ways = {
        "newest 1": {"capacity": 1, "batch_size": 1},
        "1 of all": {"batch_size": 1},
        "newest 64, every 64 steps": {"capacity": 64, **every(64)},
        "64 of all, every 64 steps": every(64),
        "64 of all, every 8 steps": every(8),
        "newest 64": {"capacity": 64},
        "64 of all": {},
    }
    return {
        name + more: base.replace(**way, **target)
        for more, target in (("", {}), (", target network", {"sync_every": 100}))
        for name, way in ways.items()
    }


def noisy_chains() -> dict[str, Config]:
    """Return noisy and ε-greedy agents on chains of several lengths (lesson 07)."""
    base = Config(
        steps=4_000, hidden=(32,), batch_size=32, warmup=100, capacity=10_000, sync_every=50,
        final_learning_rate=1e-3, epsilon_steps=1_000, eval_every=200, eval_episodes=1,
        record_every=500,
    )  # fmt: skip
    ways = {
        "noisy": {"noisy": True, "epsilon": 0.0, "final_epsilon": 0.0},
        "ε to 0.1": {},
        "ε to 0": {"final_epsilon": 0.0},
        "ε = 0.3": {"epsilon": 0.3, "final_epsilon": 0.3},
    }
    arms = {
        f"{name}, {n}": base.replace(env_id=f"dqnlib/Chain{n}-v0", **way)
        for n in (5, 10, 15, 20, 30, 40)
        for name, way in ways.items()
    }
    longer = {"env_id": "dqnlib/Chain30-v0", "steps": 20_000, "eval_every": 1_000}
    for name in ("noisy", "ε to 0.1"):
        arms[f"{name}, 30, five times as long"] = base.replace(**longer, **ways[name])
    return arms


STUDIES = {
    "replay_target_sgd": Study(
        "replay × target with plain SGD (lesson 04)", two_by_two(SGD), FIFTY
    ),
    "replay_target_adam": Study("replay × target with Adam (lesson 04)", two_by_two(FULL), FIFTY),
    "naive_rates": Study(
        "naive online deep Q-learning at several learning rates (lesson 02)",
        {
            f"{rate:g}": SGD.replace(
                **NO_REPLAY, **NO_TARGET, learning_rate=rate, final_learning_rate=rate
            )
            for rate in (1e-4, 3e-4, 1e-3, 3e-3)
        },
    ),
    "capacity": Study(
        "the size of the replay buffer (lesson 03)",
        {f"{n:,}": FULL.replace(capacity=n) for n in (100, 1_000, 10_000, 50_000)},
    ),
    "batch_size": Study(
        "the size of the batch (lesson 03)",
        {f"{n}": FULL.replace(batch_size=n) for n in (4, 16, 64, 256)},
    ),
    "sync_every": Study(
        "hard copies every C steps (lesson 04)",
        {f"C = {n:,}": FULL.replace(sync_every=n) for n in (1, 20, 200, 1_000, 5_000)},
    ),
    "tau": Study(
        "soft updates after every step (lesson 04)",
        {f"τ = {t:g}": FULL.replace(sync_every=1, tau=t) for t in (1.0, 0.1, 0.01, 0.001)},
    ),
    "loss": Study(
        "squared error and Huber loss (lesson 04)",
        {"squared": FULL, "Huber": FULL.replace(loss="huber")},
    ),
    "double": Study(
        "DQN and Double DQN on CartPole (lesson 05)",
        {"DQN": FULL, "Double DQN": FULL.replace(double=True)},
    ),
    "stays_solved": Study(
        "does a solved agent stay solved? (lessons 04b and 05)",
        {"DQN": FULL, "Double DQN": FULL.replace(double=True), "soft target": FULL.replace(**SOFT)},
        JUDGED,
        looks=True,
        true_values=True,
    ),
    "first_ten": Study(
        "the same with the seeds of the lesson (lesson 04b)",
        {"DQN": FULL, "soft target": FULL.replace(**SOFT)},
        tuple(range(10)),
        looks=True,
        true_values=True,
    ),
    "soft_dose": Study(
        "how much of the target is left to chance (lesson 04b)",
        {f"e = {e:g}": FULL.replace(target_epsilon=e) for e in (0.1, 0.2, 0.3, 1.0)},
        TWENTY,
        looks=True,
    ),
    "small_memory": Study(
        "a buffer that has forgotten the early falls (lesson 04b)",
        {"capacity 2,000": FULL.replace(capacity=2_000)},
        TWENTY,
        looks=True,
    ),
    "soft_inputs": Study(
        "the soft target, the scale of the inputs and the learning rate (lesson 04b)",
        {
            f"{target}, {inputs}": config
            for inputs, both in INPUTS.items()
            for target, config in max_and_soft(both).items()
        },
        TWENTY,
        looks=True,
    ),
    "soft_no_target": Study(
        "the soft target without a target network (lesson 04b)",
        {
            f"{target}, no target network": config
            for target, config in max_and_soft(FULL.replace(**NO_TARGET)).items()
        },
        TWENTY,
        looks=True,
    ),
    "soft_acrobot": Study(
        "what the soft target costs on Acrobot-v1 (lesson 04b)",
        max_and_soft(ACROBOT),
        TWENTY,
        looks=True,
    ),
    "n_step": Study(
        "how an agent stays solved with n-step targets (lesson 06)",
        {f"n = {n}": FULL.replace(n_step=n) for n in (2, 3, 5, 10, 20)},
        TWENTY,
        looks=True,
    ),
    "n_step_corrected": Study(
        "three-step targets that count on no exploring action (lesson 06)",
        {kind: FULL.replace(n_step=3, windows=kind) for kind in ("cut", "greedy", "weighted")},
        TWENTY,
        looks=True,
    ),
    "n_step_little_exploring": Study(
        "three-step targets where only a tenth of the actions ever explores (lesson 06)",
        {
            "n = 3, ε = 0.1": FULL.replace(n_step=3, epsilon=0.1),
            "n = 1, ε = 0.1": FULL.replace(epsilon=0.1),
            "soft, ε = 0.1": FULL.replace(epsilon=0.1, **SOFT),
        },
        TWENTY,
        looks=True,
    ),
    "n_step_acrobot": Study(
        "what three-step targets cost on Acrobot-v1 (lesson 06)",
        {"n = 3": ACROBOT.replace(n_step=3)},
        TWENTY,
        looks=True,
    ),
    "mixing_and_reuse": Study(
        "what replay does: mixing or reuse (lesson 03)", mixing_and_reuse(), tuple(range(100, 120))
    ),
    "rainbow_minatar": Study(
        "Rainbow and its parts on MinAtar's Breakout (lesson 07b; needs the extra minatar)",
        parts_of_rainbow(MINATAR, v_min=0.0, v_max=10.0),
    ),
    "minatar_games": Study(  # Freeway's games are so long that judging it would take hours
        "DQN in the first 40,000 steps of four MinAtar games (lesson 08; extra minatar)",
        {g: MINATAR.replace(env_id=f"dqnlib/MinAtar{g}-v0") for g in GAMES if g != "Freeway"},
        tuple(range(100, 105)),
    ),
    "rainbow_cartpole": Study(
        "Rainbow and its parts in the first 4,000 steps of CartPole (lesson 07b)",
        parts_of_rainbow(EARLY, v_min=0.0, v_max=100.0),
    ),
    "rainbow_stays": Study(
        "does Rainbow stay solved on CartPole? (lesson 07b)",
        {"Rainbow": parts_of_rainbow(FULL, v_min=0.0, v_max=100.0)["Rainbow"]},
        TWENTY,
        looks=True,
    ),
}


# hindsight on bit flipping (lesson 06c); noisy layers, priorities, and sweeps (07, 06b, 09, 09b)
GOALS = {"plain": "none", "final": "final", "future": "future"}  # arm -> Config(hindsight)
STUDIES |= {
    "flipping_bits": Study(
        "how many bits with and without hindsight, in 60 cycles (lesson 06c)",
        {
            f"{name}, {bits} bits": flipping(bits, 60, hindsight=hindsight)
            for bits in (5, 8, 10, 13, 15, 20)
            for name, hindsight in GOALS.items()
        },
    ),
    "flipping_copies": Study(
        "20 bits: which goals, and how many copies of each step, in 60 cycles (lesson 06c)",
        {"final": flipping(20, 60, hindsight="final")}
        | {
            f"future, k = {k}": flipping(20, 60, hindsight="future", hindsight_goals=k)
            for k in (1, 2, 4, 8)
        },
    ),
    "flipping_longer": Study(
        "plain DQN with four times the budget (lesson 06c)",
        {f"plain, {bits} bits": flipping(bits, 240) for bits in (8, 10, 13, 15)},
    ),
    "flipping_25": Study(
        "25 bits, in 240 cycles (lesson 06c)",
        {name: flipping(25, 240, hindsight=hindsight) for name, hindsight in GOALS.items()},
    ),
    "noisy_chain": Study(
        "noisy layers and ε-greedy on chains (lesson 07)", noisy_chains(), tuple(range(100, 120))
    ),
    "prioritized": Study(
        "prioritized replay on CartPole (lesson 06b)",
        {"prioritized": FULL.replace(priority_alpha=0.6)},
        TWENTY,
        looks=True,
    ),
    "rate_and_period": Study("learning rate × target period (lesson 09)", swept.rate_and_period()),
    "torques": Study("how many torques a pendulum needs (lesson 09b)", torques.arms(), TWENTY),
    "broken": Study("five broken agents (lesson 09)", swept.broken(), tuple(range(100, 105))),
}


# the two ideas taken away once more (lesson 10); the plain tables of lesson 04 have all fifty seeds
STUDIES |= {
    name: Study(about + " (lesson 10)", arms, FIFTY[:20])
    for name, about, arms in (
        ("normalized_sgd", "normalized networks, SGD", two_by_two(SGD.replace(**NORMALIZED))),
        ("normalized_adam", "normalized networks, Adam", two_by_two(FULL.replace(**NORMALIZED))),
        ("replay_alone", "no target network: other targets", without.replay_alone(SGD, FULL)),
        ("streams", "neither idea: traces, other targets", without.streams(SGD, FULL)),
        ("many_environments", "neither idea: eight environments", without.many(SGD, FULL)),
    )
}


def find(name: str) -> Study:
    """Return a study; ValueError if there is none of that name."""
    if name not in STUDIES:
        raise ValueError(f"there is no study {name!r}; there are {', '.join(STUDIES)}")
    return STUDIES[name]


def file_of(config: Config, seeds: tuple[int, ...]) -> Path:
    """Return where the results of an arm lie; arms that are alike in two studies share a file."""
    return FOLDER / file_name(config, seeds)


def load(name: str) -> dict[str, Run]:
    """Return the stored runs of a study by arm.

    Raises ValueError for an unknown name, SavedRunError where a file is missing or damaged.
    """
    study = find(name)
    return {arm: load_run(file_of(c, study.seeds)) for arm, c in study.arms.items()}


def compute(name: str, progress: bool = True) -> dict[str, Run]:
    """Train all arms of a study, store their results and return them."""
    study, runs = find(name), {}
    for arm, config in study.arms.items():
        if progress:
            print(f"{name}: {arm}")
        run = _trained(study, config, progress)
        runs[arm] = replace(run, parameters={}, best_parameters={})  # as large as all the rest
        FOLDER.mkdir(parents=True, exist_ok=True)
        save_run(runs[arm], file_of(config, study.seeds))
    return runs


def _trained(study: Study, config: Config, progress: bool) -> Run:
    from dqnlib.staying import watch
    from dqnlib.training import train

    if not study.looks:
        return train(config, study.seeds, progress=progress)
    return watch(
        config, study.seeds, final_episodes=FRESH, true_values=study.true_values, progress=progress
    )


def main(names: list[str]) -> int:
    """Compute studies, or list them; return an exit code."""
    if not names:
        for name, study in STUDIES.items():
            print(f"{name:20} {len(study.arms)} arms × {len(study.seeds)} seeds: {study.about}")
    for name in names:
        compute(name)
    return 0
