"""The distribution lab: what an agent expects of each action, not on average but all of it."""

import functools
import warnings

import numpy as np
import torch
from PIL import Image

from dqnlib import pictures
from dqnlib.arguments import check_count, check_number
from dqnlib.config import Config
from dqnlib.data import Moment
from dqnlib.device import compute_threads
from dqnlib.envs import SCALES
from dqnlib.labs.distribution_pictures import HEIGHT, paint
from dqnlib.labs.frame import Lab
from dqnlib.labs.texts import WIDTH, in_lines, named_speeds
from dqnlib.pictures import Card, number
from dqnlib.training import Trainer

ATOMS = (2, 5, 11, 21, 51, 101)
TOPS = (10, 20, 50, 100, 200)  # returns
GAMMA = 0.99
BOUND = 100  # 1 + γ + γ² + ..., the largest possible return


class DistributionLab(Lab):
    """An agent of CartPole learns the distribution of its returns, and you look on (lesson 07).

    At the left the cart, at the right what the network says of both actions where the cart is now:
    one bar an atom, and the mean, which is what the agent chooses by. It learns while it plays (one
    seed, categorical DQN, all else as in `Config`). A slider for the atoms or for v_max makes a new
    agent; ε acts at once.

    atoms: 2 to 101; v_max: 1 to 1,000, the highest return that there is an atom for (v_min is 0);
    epsilon: 0 to 1, of random actions; seed: of the run; name: a second lab of the same name
    replaces the first. Raises ValueError at once for a setting out of range.
    """

    title = "Distribution lab"
    hint = "Press Play and watch both distributions move. The sliders act at once."
    period, speed = 1 / 12, 20
    speeds = named_speeds((2, 20, 100, 400), "steps")
    warmup = 200  # environment steps before it learns

    def __init__(
        self, *, atoms: int = 51, v_max: float = 100, epsilon: float = 0.1, seed: int = 0,
        steps: int = 20_000, name: str = "distribution",
    ):  # fmt: skip
        self.settings = {
            "atoms": check_count("atoms", atoms, 2, 101),
            "v_max": check_number("v_max", v_max, 1, 1_000),
            "epsilon": check_number("epsilon", epsilon, 0, 1),
        }
        self.seed, self.steps = check_count("seed", seed, 0), check_count("steps", steps)
        self.release()
        self.begin()
        super().__init__(name)

    def release(self) -> None:
        self._card = Card(WIDTH, HEIGHT)

    # -- training ------------------------------------------------------------------------------

    def begin(self) -> None:
        s = self.settings
        self.support = np.linspace(0, s["v_max"], s["atoms"])  # [K]
        self.outside: float | None = None  # share of the last targets' mass above v_max
        self.trainer = _trainer(
            s["atoms"], s["v_max"], s["epsilon"], self.seed, self.steps,
            record={"outside": self._look_outside},
        )  # fmt: skip

    @compute_threads(1)
    def advance(self) -> bool:
        with warnings.catch_warnings():  # of returns outside the support: the lab counts them
            warnings.simplefilter("ignore")
            self.trainer.step()
        return not self.trainer.done

    def finish(self) -> None:
        self.playing = False
        self.say(f"All {self.steps:,} steps are done. Press Reset for a new agent.")

    def change(self, key: str, value) -> None:
        self.settings = self.settings | {key: value}
        if key == "epsilon":
            config = self.trainer.config.replace(epsilon=value, final_epsilon=value)
            self.trainer.config = config
            self.say(f"It goes on with ε = {value:g}.")
            return
        self.begin()
        self.say(f"A new agent, with {self._words()}.")

    # -- showing -------------------------------------------------------------------------------

    def probs(self) -> np.ndarray:
        """Return the distributions of both actions where the cart is now: [A, K]."""
        network = self.trainer.network(self.seed)
        with torch.no_grad():
            return torch.softmax(network(torch.from_numpy(self.trainer.obs))[0], -1).numpy()

    def _look_outside(self, moment: Moment) -> float:
        """Return how much of the mass that targets look for lies above v_max."""
        batch, support = moment.batch, torch.from_numpy(self.support).float()
        if batch is None:
            return float("nan")
        with torch.no_grad():
            probs = torch.softmax(moment.target(batch.next_obs), -1)  # [B, A, K]
        best = (probs * support).sum(2).argmax(1)
        probs = probs[torch.arange(len(best)), best]  # [B, K]
        landed = batch.reward[:, None] + GAMMA * support * ~batch.terminated[:, None]
        self.outside = float((probs * (landed > support[-1] + 1e-4)).sum(1).mean())
        return self.outside

    @compute_threads(1)
    def show(self) -> None:
        quick = self.playing and self.speed > 20  # a series: smaller pictures
        paint(self._card, self.trainer.obs[0] / SCALES["CartPole-v1"], self.probs(), self.support,
              self._cart_text())  # fmt: skip
        self.put("picture", self._card.png(1 if quick else 2))
        self.put("status", in_lines(self._status()))

    def _cart_text(self) -> str:
        last = self.trainer.last_returns[0]
        return "first episode" if np.isnan(last) else f"last episode: {last:.0f} steps"

    def _words(self) -> str:
        s = self.settings
        return f"{s['atoms']} atoms from 0 to {s['v_max']:g}"

    def _status(self) -> list[str]:
        done, outside = self.trainer.steps, self.outside
        lines = [f"step {done:,} of {self.steps:,} · {self._words()}, "
                 f"ε = {self.settings['epsilon']:g}"]  # fmt: skip
        if outside is None:
            lines.append(f"it learns from step {self.warmup:,} on")
        else:
            lines.append(
                f"mass of the last targets that lay above v_max: {outside:.1%} · the largest "
                f"possible return is {BOUND}"
            )
        return lines

    def still(self) -> bytes:
        return _still(self.settings["atoms"], self.settings["v_max"], self.seed)

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        s = self.settings
        buttons = self.buttons(
            step="Take one step in the environment, and learn from it",
            play="Take step after step",
            pause="Stop for a moment; Play goes on",
            reset="Begin anew, with the settings of now",
        )
        atoms = [(f"{k}", k) for k in sorted({*ATOMS, s["atoms"]})]
        tops = [(number(v, 0), v) for v in sorted({*TOPS, s["v_max"]})]
        return self._w.VBox(
            [
                self.row(*buttons, self.speed_slider()),
                self.row(
                    self.choice("atoms", "atoms", atoms, s["atoms"]),
                    self.choice("v_max", "v_max", tops, s["v_max"]),
                    self.slider("epsilon", "ε", s["epsilon"], 0, 1, step=0.05),
                ),
                self.text("message", 42),
                self.picture("picture", WIDTH, HEIGHT),
                self.text("status", 46),
            ]
        )


def _trainer(atoms: int, v_max: float, epsilon: float, seed: int, steps: int, **more) -> Trainer:
    config = Config(
        steps=steps, gamma=GAMMA, atoms=atoms, v_min=0.0, v_max=v_max, batch_size=32,
        warmup=DistributionLab.warmup, capacity=10_000, epsilon=epsilon, final_epsilon=epsilon,
        eval_every=0, sync_every=100, final_learning_rate=1e-3, record_every=20, device="cpu",
    )  # fmt: skip
    return Trainer(config, [seed], **more)


@functools.lru_cache(4)
def _still(atoms: int, v_max: float, seed: int) -> bytes:
    """Return what is seen after some learning: more than a lab at its start."""
    trainer = _trainer(atoms, v_max, 0.1, seed, 20_000)
    with compute_threads(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while trainer.steps < 700:
            trainer.step()
    with torch.no_grad():
        out = trainer.network(seed)(torch.from_numpy(trainer.obs))[0]
    card = Card(WIDTH, HEIGHT)
    paint(card, trainer.obs[0] / SCALES["CartPole-v1"], torch.softmax(out, -1).numpy(),
          np.linspace(0, v_max, atoms), "after 700 steps")  # fmt: skip
    image: Image.Image = card.image.reduce(2)
    return pictures.png_bytes(image, level=9)
