"""Does a solved agent stay solved? Runs on CartPole that are looked into while they train."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from dqnlib.agents import evaluate
from dqnlib.arguments import check_seeds
from dqnlib.config import Config
from dqnlib.device import compute_threads
from dqnlib.envs import make_for
from dqnlib.results import Run
from dqnlib.seeds.balance import Looker, in_buffers
from dqnlib.training import Trainer

AT_ONCE = 25  # seeds side by side: more are no quicker


def watch(
    config: Config,
    seeds: Iterable[int] = range(10),
    *,
    look_every: int = 2_500,
    final_episodes: int = 0,
    true_values: bool = False,
    progress: bool = False,
    **slots,
) -> Run:
    """Train on CartPole-v1 as `train` does, and look into the agents every `look_every` steps.

    The run's ``looks`` hold, by name, arrays [S, K] at ``look_steps`` [K]: the shares of ten greedy
    episodes that end at the "edge", with the "pole", at the "limit"; "cart", its distance from the
    middle after 100 steps in meters; what the network says at placed states, as "says rest 1.5" and
    "says gap out 2", and with true_values what the actions are worth there, played out; and what
    the buffer holds: "fallen", "off" (transitions), "leaning", "outside" (shares). final_episodes:
    so many greedy returns on fresh starts at the end, as ``final_returns`` [S, E].
    """
    seeds = check_seeds(seeds)
    parts = [
        _watch(config, seeds[i : i + AT_ONCE], look_every, final_episodes, true_values, progress, slots)
        for i in range(0, len(seeds), AT_ONCE)
    ]
    return joined(parts)


def _watch(config, seeds, look_every, final_episodes, true_values, progress, slots) -> Run:
    trainer = Trainer(config, seeds, **slots)
    cartpole = config.env_id == "CartPole-v1" and "env" not in slots
    scale = np.broadcast_to(make_for(config).scale, 4) if cartpole else None
    looker = Looker(seeds, scale, config.gamma, true_values=true_values) if cartpole else None
    steps, looks = [], {}
    moments = iter(trainer)
    if progress:
        from tqdm.auto import tqdm

        moments = tqdm(moments, total=config.steps, unit=" steps", mininterval=0.3)
    for step in moments:
        if looker is None or step % look_every:
            continue
        steps.append(step)
        with compute_threads(1):
            found = looker.look(trainer._networks.online)
        if hasattr(trainer._replay, "_rows"):
            found |= in_buffers(trainer._replay._rows[:, : len(trainer._replay)], scale)
        for name, values in found.items():
            looks.setdefault(name, []).append(values)
    run = trainer.run()
    final = evaluate(run, final_episodes, env=slots.get("env"), network=slots.get("network")) if final_episodes else None
    return replace(
        run,
        final_returns=final,
        look_steps=np.array(steps, np.int64),
        looks={name: _small(np.stack(values, 1)) for name, values in looks.items()},
    )


def _small(x: np.ndarray) -> np.ndarray:
    """Return numbers as they are stored: three digits after the point."""
    return np.round(x, 3).astype(np.float32)


def joined(parts: list[Run]) -> Run:
    """Return runs of the same settings and other seeds as one."""
    first = parts[0]
    if len(parts) == 1:
        return first

    def rows(name):
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], tuple):
            return sum(values, ())
        if isinstance(values[0], dict):
            return {key: np.concatenate([v[key] for v in values]) for key in values[0]}
        return None if values[0] is None else np.concatenate(values)

    by_seed = (
        "seeds", "returns", "ends", "records", "eval_returns", "diverged", "parameters",
        "best_parameters", "best_steps", "final_returns", "looks",
    )  # fmt: skip
    return replace(first, **{name: rows(name) for name in by_seed})
