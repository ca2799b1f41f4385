"""Games that take hours: trained by one command, which may be stopped and given again.

    python3 -m dqnlib train breakout            # five seeds of MinAtar's Breakout
    python3 -m dqnlib train pong --seeds 1      # Atari's Pong
    python3 -m dqnlib train                     # the list

The folder ``runs`` then holds a checkpoint, from which the same command goes on, and the results
(`saved.load_run`). The settings of MinAtar are those of Young & Tian 2019, those of Atari those of
Mnih et al. 2015 (Extended Data Table 1), but for these: Adam in place of RMSProp, on Atari with a
rate of 1e-4; a fifth of the paper's 50 million steps; and the target network is copied every 10,000
environment steps, where the paper counts 10,000 updates, four times as long.
"""

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from dqnlib.config import Config
from dqnlib.networks import AtariNetwork, ConvNetwork
from dqnlib.saved import save_run
from dqnlib.storage import SavedRunError
from dqnlib.training import Trainer

FOLDER = Path("runs")
AGENT = Path(__file__).parents[1] / "assets" / "catch_agent.pt"
EVERY = 600.0  # seconds between checkpoints


@dataclass(frozen=True)
class Game:
    """One game: its settings, how many seeds it gets by default, and its network if its own."""

    about: str  # one line
    config: Config
    seeds: int
    network: type | None = None

    @property
    def slots(self) -> dict:
        """What a trainer takes beside the settings."""
        return {"network": self.network} if self.network else {}


_MINATAR = Config(
    steps=5_000_000, channels=(16,), hidden=(128,), batch_size=32, capacity=100_000, warmup=5_000,
    learning_rate=2.5e-4, final_learning_rate=2.5e-4, loss="huber", sync_every=1_000,
    epsilon_steps=100_000, eval_every=250_000, eval_episodes=10, record_every=10_000,
)  # fmt: skip
_ATARI = Config(
    steps=10_000_000, frame_stack=4, reward_clip=1.0, life_loss=True, batch_size=32,
    capacity=1_000_000, warmup=50_000, update_every=4, learning_rate=1e-4,
    final_learning_rate=1e-4, loss="huber", sync_every=10_000, epsilon_steps=1_000_000,
    eval_every=250_000, eval_episodes=3, record_every=10_000,
)  # fmt: skip


def _minatar(name: str) -> Game:
    config = _MINATAR.replace(env_id=f"dqnlib/MinAtar{name}-v0")
    return Game(f"MinAtar's {name} (extra minatar)", config, 5)


def _atari(name: str) -> Game:
    config = _ATARI.replace(env_id=f"dqnlib/Atari{name}-v0")
    return Game(f"Atari's {name} (extra atari; 7 GiB of memory a seed)", config, 1, AtariNetwork)


CATCH = Config(  # lesson 08 trains it live: three seeds in half a minute
    env_id="dqnlib/Catch-v0", frame_stack=2, channels=(8,), hidden=(64,), steps=12_000, n_step=3,
    gamma=0.9, final_learning_rate=1e-3, batch_size=32, capacity=12_000, warmup=500, update_every=2,
    final_epsilon=0.05, epsilon_steps=3_000, eval_every=1_000, eval_episodes=20, record_every=500,
)  # fmt: skip
GAMES = {
    "asterix": _minatar("Asterix"),
    "breakout": _minatar("Breakout"),
    "freeway": _minatar("Freeway"),
    "seaquest": _minatar("Seaquest"),
    "space_invaders": _minatar("SpaceInvaders"),
    "pong": _atari("Pong"),
    "atari_breakout": _atari("Breakout"),
}


def catch_agent() -> ConvNetwork:
    """Return an agent that has learned Catch, from a file of numbers: no code in it is run.

    It sees the newest two frames, [B, 2, 8, 8] -> [B, 3]: `CATCH` with 20,000 steps, seed 0.
    """
    network = ConvNetwork((CATCH.frame_stack, 8, 8), 3, CATCH.channels, CATCH.hidden)
    network.load_state_dict(torch.load(AGENT, weights_only=True))
    return network


def game_of(name: str) -> Game:
    """Return a game; ValueError if there is none of that name."""
    if name not in GAMES:
        raise ValueError(f"there is no game {name!r}; there are {', '.join(GAMES)}")
    return GAMES[name]


def train_game(
    name: str, seeds: int | None = None, *, folder: str | Path = FOLDER, progress: bool = True,
    every: float = EVERY, **changes,
) -> Path:  # fmt: skip
    """Train a game, or go on with it where a checkpoint lies; return the file of the results.

    seeds: the seeds 0 to seeds − 1; every: seconds between checkpoints; changes: of the config, as
    in steps=1_000_000. A checkpoint of other settings or seeds is not gone on with: SavedRunError
    says so. Interrupted, it writes a checkpoint before it stops. Raises ValueError for an unknown
    name and for a game that is not installed.
    """
    game = game_of(name)
    config, rows = game.config.replace(**changes), tuple(range(seeds or game.seeds))
    kept, results = Path(folder) / f"{name}.checkpoint", Path(folder) / f"{name}.npz"
    trainer = _resumed(kept, game, config, rows) or Trainer(config, rows, **game.slots)
    last = time.monotonic()
    with _bar(trainer, name, progress) as bar:
        try:
            for steps in trainer:
                bar.update(1)
                if time.monotonic() - last > every:
                    trainer.save(kept)
                    last = time.monotonic()
                if steps % 1_000 == 0:
                    bar.set_postfix_str(_lately(trainer.last_returns), refresh=False)
        except KeyboardInterrupt:
            trainer.save(kept)
            raise
    save_run(trainer.run(), results)
    kept.unlink(missing_ok=True)
    return results


def _resumed(kept: Path, game: Game, config: Config, seeds: tuple[int, ...]) -> Trainer | None:
    if not kept.exists():
        return None
    trainer = Trainer.load(kept, **game.slots)
    old = dataclasses.asdict(trainer.config)
    differ = [k for k, v in dataclasses.asdict(config).items() if old[k] != v]
    differ += ["seeds"] if trainer.seeds != seeds else []
    if differ:
        raise SavedRunError(
            f"✗ {kept} was trained with another {', '.join(differ)}: give the same again, or name "
            "another folder (--out), or delete the file to begin anew"
        )
    return trainer


def _bar(trainer: Trainer, name: str, progress: bool):
    from tqdm.auto import tqdm

    total = trainer.config.steps
    return tqdm(
        total=total, initial=trainer.steps, desc=name, unit=" steps", mininterval=0.5,
        disable=not progress, dynamic_ncols=True,
    )  # fmt: skip


def _lately(returns: np.ndarray) -> str:
    known = returns[np.isfinite(returns)]
    return f"last returns {', '.join(f'{x:.0f}' for x in known)}" if len(known) else ""


def main(name: str | None, seeds: int | None, folder: Path, changes: dict) -> int:
    """Train a game from the command line, or list the games; return an exit code."""
    if name is None:
        for key, game in GAMES.items():
            seeds = f"{game.seeds} seed{'s' * (game.seeds > 1)}"
            print(f"{key:16} {game.about}: {seeds} × {game.config.steps:,} steps")
        return 0
    try:
        path = train_game(name, seeds, folder=folder, **changes)
    except (ValueError, SavedRunError) as error:
        print(error)
        return 1
    print(f"The results are in {path}: dqnlib.saved.load_run({str(path)!r}) reads them.")
    return 0
