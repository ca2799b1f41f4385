"""Arms without replay, without a target network or without both, normalized and not (lesson 10)."""

from dqnlib.config import Config

NO_REPLAY = {"capacity": 1, "batch_size": 1}
NO_TARGET = {"sync_every": 1}
NEITHER = NO_REPLAY | NO_TARGET
NORMALIZED = {"layer_norm": True}
SOFT = {"target_epsilon": 0.5}  # the soft target of lesson 04b
TRACE = {"trace_decay": 0.8}  # λ as in Elsayed, Vasan & Mahmood 2024
BOUNDED = TRACE | {"optimizer": "obgd", "learning_rate": 1.0, "final_learning_rate": 1.0}
EIGHT = {"environments": 8, "capacity": 8, "batch_size": 8} | NO_TARGET
RETURNS = {"update_every": 4, "capacity": 32, "batch_size": 32, "trace_decay": 0.65}  # of λ
FEWER = {  # of eight environments make 50,000 transitions
    "steps": 6_250, "warmup": 125, "epsilon_steps": 1_250, "eval_every": 250, "record_every": 125,
}  # fmt: skip


def two_by_two(config: Config) -> dict[str, Config]:
    """Return the four arms of Mnih et al. 2015, Extended Data Table 3."""
    return {
        "replay and target": config,
        "replay": config.replace(**NO_TARGET),
        "target": config.replace(**NO_REPLAY),
        "neither": config.replace(**NEITHER),
    }


def twice(arms: dict[str, Config]) -> dict[str, Config]:
    """Return each arm with a plain and with a normalized network."""
    return {
        f"{name}, {kind}": config.replace(**more)
        for name, config in arms.items()
        for kind, more in (("plain", {}), ("normalized", NORMALIZED))
    }


def replay_alone(sgd: Config, adam: Config) -> dict[str, Config]:
    """Return agents with replay and no target network whose target is not the one-step maximum."""
    return twice(
        {
            f"{target}, {optimizer}": base.replace(**NO_TARGET, **more)
            for optimizer, base in (("SGD", sgd), ("Adam", adam))
            for target, more in (("three steps", {"n_step": 3}), ("soft", SOFT))
        }
    )


def streams(sgd: Config, adam: Config) -> dict[str, Config]:
    """Return agents with neither idea that learn from the newest step, or window, alone."""
    online = sgd.replace(**NEITHER)
    ways = {
        "trace, SGD": online.replace(**TRACE),
        "bounded trace": online.replace(**BOUNDED),
        "three steps, SGD": online.replace(n_step=3),
        "soft, SGD": online.replace(**SOFT),
        "trace, Adam": adam.replace(**NEITHER, **TRACE),
    }
    return twice(ways)


def many(sgd: Config, adam: Config) -> dict[str, Config]:
    """Return agents with neither idea that step eight environments at once.

    After as many updates as the others, which are eight times as many transitions, and after as
    many transitions, which are an eighth of the updates.
    """
    ways = {
        "eight, SGD": sgd.replace(**EIGHT),
        "eight, Adam": adam.replace(**EIGHT),
        "eight, as many transitions, SGD": sgd.replace(**EIGHT | FEWER),
        "eight, as many transitions, Adam": adam.replace(**EIGHT | FEWER),
        "eight, λ-returns, SGD": sgd.replace(**EIGHT | RETURNS),
        "eight, λ-returns, Adam": adam.replace(**EIGHT | RETURNS),
    }
    return twice(ways)
