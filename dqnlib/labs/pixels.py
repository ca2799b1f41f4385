"""The pixel lab: an agent plays Catch, and you see what it sees, expects and attends to."""

import functools

import numpy as np
import torch

from dqnlib import pictures
from dqnlib.arguments import check_choice, check_count, check_number
from dqnlib.attention import flip_effects
from dqnlib.catch import LIVES, Catch
from dqnlib.device import compute_threads
from dqnlib.games import catch_agent
from dqnlib.labs.frame import Lab
from dqnlib.labs.pixels_picture import ACTIONS, HEIGHT, paint
from dqnlib.labs.texts import WIDTH, in_lines, named_speeds
from dqnlib.pictures import Card
from dqnlib.replay import as_input
from dqnlib.stacking import FrameStack

VIEWS = {  # what the network gets in place of two frames, older first
    "both frames": (0, 1),
    "the newest twice": (1, 1),
    "in the wrong order": (1, 0),
}
KEPT = 40  # moments in the chart


class PixelLab(Lab):
    """A saved agent plays Catch (lesson 08).

    At the left the game; then the two frames that the network sees, with the pixels that matter
    most for the value of its action in orange; at the right the values of its three actions. It
    learns nothing here. A menu changes what the network sees: two frames, the newest one twice, or
    both in the wrong order.

    view: a name of `VIEWS`; epsilon: 0 to 1, of random actions; seed: of the games; name: a second
    lab of the same name replaces the first. Raises ValueError for a setting out of range.
    """

    title = "Pixel lab"
    hint = "Press Play. Then change what the network sees."
    period, speed = 1 / 12, 6
    speeds = named_speeds((2, 6, 20, 100), "steps")

    def __init__(
        self, *, view: str = "both frames", epsilon: float = 0.0, seed: int = 0,
        name: str = "pixels",
    ):  # fmt: skip
        self.settings = {
            "view": check_choice("view", view, tuple(VIEWS)),
            "epsilon": check_number("epsilon", epsilon, 0, 1),
        }
        self.seed = check_count("seed", seed, 0)
        self.network = catch_agent()
        self.release()
        self.begin()
        super().__init__(name)

    def release(self) -> None:
        self._card = Card(WIDTH, HEIGHT)

    # -- playing -------------------------------------------------------------------------------

    def begin(self) -> None:
        self.env, self.rng = FrameStack(Catch(), 2), np.random.default_rng(self.seed)
        self.steps, self.games = 0, []
        self.values: list[np.ndarray] = []
        self.balls: list[bool | None] = []
        self._start(self.seed)

    def _start(self, seed: int | None = None) -> None:
        self.obs, info = self.env.reset(seed=seed)
        self.caught, self.lives = 0, info["lives"]
        self._note(None)

    def seen(self) -> np.ndarray:
        """Return the stack [2, 8, 8] that the network gets now."""
        return self.obs[list(VIEWS[self.settings["view"]])]

    def q(self) -> np.ndarray:
        """Return the action values [3] of what it sees now."""
        with torch.no_grad():
            return self.network(as_input(self.seen())[None])[0].numpy()

    def _note(self, ball: bool | None) -> None:
        self.values = [*self.values[-KEPT:], self.q()]
        self.balls = [*self.balls[-KEPT:], ball]

    @compute_threads(1)
    def advance(self) -> bool:
        chance = self.rng.random() < self.settings["epsilon"]
        action = int(self.rng.integers(3)) if chance else int(self.values[-1].argmax())
        before = self.lives
        self.obs, reward, terminated, _, info = self.env.step(action)
        self.steps, self.lives, self.caught = self.steps + 1, info["lives"], self.caught + reward
        down = reward > 0 or self.lives < before
        if terminated:
            self.games.append(int(self.caught))
            self._start()
            self.balls[-1] = False
        else:
            self._note(bool(reward) if down else None)
        return True

    def change(self, key: str, value) -> None:
        self.settings = self.settings | {key: value}
        if key == "view":
            self.values[-1] = self.q()
            self.say(f"The network now sees: {value}.")
        else:
            self.say(f"It goes on with ε = {value:g}.")

    # -- showing -------------------------------------------------------------------------------

    @compute_threads(1)
    def show(self) -> None:
        quick = self.playing and self.speed > 20  # a series: smaller pictures
        effects = flip_effects(self.network, self.seen())
        note = f"{self.lives} of {LIVES} lives"
        paint(self._card, self.obs[-1], self.seen(), effects, self.values, self.balls, note)
        # exact: the palette of quick pictures has no shades of dark orange, and shows them as red
        self.put("picture", self._card.png(1 if quick else 2, exact=True))
        self.put("status", in_lines(self._status()))

    def _status(self) -> list[str]:
        q, best = self.values[-1], int(self.values[-1].argmax())
        games = ", ".join(f"{n}" for n in self.games[-10:]) or "none yet"
        return [
            f"step {self.steps:,} · caught in this game: {self.caught:.0f} · values: "
            + ", ".join(f"{name} {x:.2f}" for name, x in zip(ACTIONS, q, strict=True))
            + f" · greedy: {ACTIONS[best]}",
            f"balls caught in the last lost games: {games}",
        ]

    def still(self) -> bytes:
        return _still(self.settings["view"], self.seed)

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        s = self.settings
        buttons = self.buttons(
            step="Take one step in the game",
            play="Take step after step",
            pause="Stop for a moment; Play goes on",
            reset="Begin anew, with the settings of now",
        )
        views = [(name, name) for name in VIEWS]
        return self._w.VBox(
            [
                self.row(*buttons, self.speed_slider()),
                self.row(
                    self.choice("view", "it sees", views, s["view"]),
                    self.slider("epsilon", "ε", s["epsilon"], 0, 1, step=0.05),
                ),
                self.text("message", 42),
                self.picture("picture", WIDTH, HEIGHT),
                self.text("status", 46),
            ]
        )


@functools.lru_cache(4)
def _still(view: str, seed: int) -> bytes:
    """Return what is seen after some play: more than a lab at its start."""
    played = _Played(view, seed)
    card = Card(WIDTH, HEIGHT)
    paint(card, played.obs[-1], played.seen(), flip_effects(played.network, played.seen()),
          played.values, played.balls, "after 45 steps")  # fmt: skip
    return pictures.png_bytes(card.image.reduce(2), exact=True, level=9)


class _Played(PixelLab):
    """The lab after some steps, without its worker and its controls."""

    def __init__(self, view: str, seed: int):
        self.settings, self.seed = {"view": view, "epsilon": 0.0}, seed
        self.network = catch_agent()
        self.begin()
        for _ in range(45):
            self.advance()
