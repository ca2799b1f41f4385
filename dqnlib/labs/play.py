"""The Play lab: CartPole played by hand, beside an agent that has learned nothing (lesson 02)."""

import gymnasium as gym
import numpy as np
from PIL import Image

from dqnlib import pictures
from dqnlib.arguments import check_count, check_switch
from dqnlib.labs.frame import Lab
from dqnlib.labs.texts import WIDTH, in_lines, letter
from dqnlib.pictures import INK, MUTED, Card
from dqnlib.pictures.carts import cart_pole

STAGE = 172  # CSS pixels, height of the picture
LEFT, RIGHT = 0, 1  # the actions
_NAMES = ("position", "speed", "angle", "speed of the angle")
_SHOWN = 12  # returns that are listed


class PlayLab(Lab):
    """CartPole in your hands: push left or right, and see how long the pole stands.

    Left and Right take one step each while time stands still. Go lets it run, at a speed of your
    choice: then they turn the push, and so do the arrow keys on the slider. Beside you an
    untrained agent plays from the same start: it pushes at random. ``numbers only`` hides the
    picture: an agent sees no more than four numbers.

    seed: of the first start; each episode has the next one. numbers_only: what the lab begins
    with. name: a second lab of the same name replaces the first. Raises ValueError for a setting
    out of range.
    """

    title = "Play lab"
    hint = "Keep the pole up: press Left or Right for one step, or Go to let time run."
    go = "Go"
    period, speed = 1 / 20, 10
    speeds = {f"{v} steps/s": v for v in (3, 5, 10, 20)} | {"real time: 50 steps/s": 50}

    def __init__(self, *, seed: int = 0, numbers_only: bool = False, name: str = "play"):
        self.seed = check_count("seed", seed, 0)
        self.numbers_only = check_switch("numbers_only", numbers_only)
        self.push = RIGHT
        self._players = {side: gym.make("CartPole-v1") for side in "AB"}  # you, the agent
        self.begin()
        super().__init__(name)

    # -- playing -------------------------------------------------------------------------------

    def begin(self) -> None:
        """Forget all episodes."""
        self.returns: dict[str, list[int]] = {"A": [], "B": []}
        self._next_episode()

    def _next_episode(self) -> None:
        seed = self.seed + len(self.returns["A"])
        self._rng = np.random.default_rng((seed, 1))  # of the agent's pushes
        self.states = {side: env.reset(seed=seed)[0] for side, env in self._players.items()}
        self.lengths = {"A": 0, "B": 0}
        self.over = {"A": False, "B": False}
        self._why = ""

    def advance(self) -> bool:
        """Take one step; the first one after an episode's end begins the next."""
        if self.over["A"]:
            self._next_episode()
            return True
        self._step("A", self.push)
        if not self.over["B"]:
            self._step("B", int(self._rng.integers(2)))
        if self.over["A"]:
            while not self.over["B"]:  # its return counts as well
                self._step("B", int(self._rng.integers(2)))
        return not self.over["A"]

    def _step(self, side: str, action: int) -> None:
        obs, _, terminated, truncated, _ = self._players[side].step(action)
        self.states[side] = obs
        self.lengths[side] += 1
        self.over[side] = terminated or truncated
        if self.over[side]:
            self.returns[side].append(self.lengths[side])
        if self.over["A"] and side == "A":
            off = abs(obs[0]) > 2.4
            self._why = "the cart left the track" if off else "the pole leans more than 12°"
            self._why = "the time limit: well done" if truncated else self._why

    def finish(self) -> None:
        self.playing = False
        self.say(
            f"The end after {self.lengths['A']} steps ({self._why}); the agent: "
            f"{self.returns['B'][-1]}. Press Left, Right or Go for the next start."
        )

    def change(self, key: str, value) -> None:
        if key in ("left", "right"):
            self._steer(LEFT if key == "left" else RIGHT)
            self.put_back("push", 1 - self.push, self.push)  # the slider follows
            if not self.playing:
                going = self.advance()
                self.finish() if not going else self.say("Time stands still: one step a press.")
        elif key == "push":
            self._steer(value)
        elif key == "numbers_only":
            self.numbers_only = value

    def _steer(self, push: int) -> None:
        self.push = push

    # -- showing -------------------------------------------------------------------------------

    def show(self) -> None:
        frame = Image.new("RGB", (WIDTH, STAGE), pictures.CARD)
        frame.paste(self._your_stage(), (0, 0))
        frame.paste(self._stage("B", "an untrained agent"), (WIDTH // 2, 0))
        self.put("stage", pictures.png_bytes(frame))
        self.put("status", in_lines([self._numbers(), self._list("A"), self._list("B")]))

    def _stage(self, side: str, title: str) -> Image.Image:
        text = f"{title}, step {self.lengths[side]}" + (": the end" if self.over[side] else "")
        return cart_pole(self.states[side], text, side, WIDTH // 2, STAGE)

    def _your_stage(self) -> Image.Image:
        if not self.numbers_only:
            return self._stage("A", f"you, pushing {('left', 'right')[self.push]}")
        card = Card(WIDTH // 2, STAGE)
        text = f"step {self.lengths['A']}" + (": the end" if self.over["A"] else "")
        card.text(16, 18, f"what an agent sees of it, {text}", 12, MUTED)
        for k, (name, value) in enumerate(zip(_NAMES, self.states["A"], strict=True)):
            card.text(190, 46 + 26 * k, name, 13, MUTED, align="right")
            card.text(206, 46 + 26 * k, f"{value:+.3f}".replace("-", "−"), 15, INK, bold=True)
        return card.image.reduce(card.scale)

    def _numbers(self) -> str:
        x, speed, angle, turn = self.states["A"]
        return (
            f"position <b>{x:+.2f}</b> m (ends at ±2.4) · speed <b>{speed:+.2f}</b> m/s · "
            f"angle <b>{angle:+.3f}</b> rad (ends at ±0.209, which is 12°) · "
            f"its speed <b>{turn:+.2f}</b> rad/s"
        ).replace("-", "−")

    def _list(self, side: str) -> str:
        name, found = {"A": "you", "B": "the untrained agent"}[side], self.returns[side]
        if not found:
            return f"{letter(side)} {name}: no episode yet"
        listed = ", ".join(map(str, found[-_SHOWN:]))
        listed = f"..., {listed}" if len(found) > _SHOWN else listed
        return (
            f"{letter(side)} {name}: returns {listed} · mean <b>{np.mean(found):.0f}</b> · "
            f"best {max(found)}"
        )

    def still(self) -> bytes:
        """Return a picture of a game under way, for a page without the live lab."""
        frame = Image.new("RGB", (WIDTH, STAGE), pictures.CARD)
        for k, (text, state) in enumerate(_EXAMPLES.items()):
            picture = cart_pole(state, text, "AB"[k], WIDTH // 2, STAGE)
            frame.paste(picture, (k * (WIDTH // 2), 0))
        return pictures.png_bytes(frame, level=9)

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        w = self._w
        buttons = [
            self.button("left", "arrow-left", "Push left: one step while time stands still"),
            self.button("right", "arrow-right", "Push right: one step while time stands still"),
            self.button("play", "play", "Let time run", self.go),
            self.button("pause", "pause", "Let time stand still"),
            self.button("reset", "refresh", "Forget all episodes"),
        ]
        push = self.choice("push", "push", [("left", LEFT), ("right", RIGHT)], self.push,
                           max_width="300px")  # fmt: skip
        hide = w.Checkbox(value=self.numbers_only, description="numbers only", indent=False,
                          layout={"width": "130px"})  # fmt: skip
        return w.VBox(
            [
                self.row(*buttons, self.speed_slider()),
                self.row(push, self.control("numbers_only", hide)),
                self.text("message", 42),
                self.picture("stage", WIDTH, STAGE),
                self.text("status", 69),
            ]
        )


_EXAMPLES = {
    "you: run this cell in JupyterLab to play": (-0.3, 0.4, 0.06, -0.5),
    "an untrained agent, step 19: the end": (0.5, 1.1, -0.21, -1.9),
}
