"""The priorities lab: transitions as bars, drawn by their TD errors, and the value they teach."""

from typing import ClassVar

from dqnlib import pictures
from dqnlib.arguments import check_count, check_number
from dqnlib.classics.rare_reward import RareReward
from dqnlib.labs.frame import Lab
from dqnlib.labs.priorities_picture import paint
from dqnlib.labs.texts import HALF, WIDTH, in_lines
from dqnlib.pictures import Card

_HEIGHT = 300  # CSS pixels of the picture
_KEPT = 5_000  # batches whose values are shown


class PrioritiesLab(Lab):
    """A memory of 24 rewards live: how α makes some come more often, and what β makes of that.

    21 of the transitions have the reward 0 and three have 8, so the right value is 1. Bars show
    P(i) at this moment, lines what share of all draws each transition has had, the curve the value
    that is learned from the weighted batches.

    What was seen (5 seeds, mean over the second half of 2,000 batches): with α = 0.6 the value is
    1.83 at β = 0, 1.46 at ½ and 1.00 at 1; with α = 0 it is 1 whatever β is.

    alpha, beta: 0 to 1; batch_size: 1 to 16. All act in flight. own: your own functions, find and
    weights, see `dqnlib.classics.rare_reward.RareReward`. seed: of the draws. name: a second lab of
    the same name replaces the first. Raises ValueError at once for a setting out of range.
    """

    title = "Priorities lab"
    hint = "Press Step: one batch is drawn. Or Play, and move α and β."
    period, speed = 1 / 12, 20
    speeds: ClassVar = {f"{v} batches/s": v for v in (1, 2, 5, 20, 50, 200, 1_000)}

    def __init__(
        self,
        *,
        alpha: float = 0.6,
        beta: float = 0.0,
        batch_size: int = 8,
        seed: int = 0,
        name: str = "priorities",
        **own,
    ):
        self.settings = {
            "alpha": check_number("alpha", alpha, 0, 1),
            "beta": check_number("beta", beta, 0, 1),
            "batch_size": check_count("batch_size", batch_size, 1, 16),
        }
        self.seed, self._own = check_count("seed", seed, 0), own
        self._card = Card(WIDTH, _HEIGHT)
        self.begin()
        super().__init__(name)

    def begin(self) -> None:
        self.memory = RareReward(seed=self.seed, **self._own)
        self.values = [0.0]

    def advance(self) -> bool:
        self._one(self.memory, self.values)
        return True

    def _one(self, memory: RareReward, values: list[float]) -> None:
        s = self.settings
        memory.step(s["alpha"], s["beta"], batch_size=s["batch_size"])
        values.append(memory.value)
        del values[: -_KEPT - 1]

    def change(self, key: str, value) -> None:
        self.settings[key] = value
        if key == "alpha":  # what was drawn with another α says nothing of this one
            self.memory.draws[:] = 0

    # -- showing -------------------------------------------------------------------------------

    def show(self) -> None:
        paint(self._card, self.memory, self.settings["alpha"], self.values)
        quick = self.playing and self.speed > 20  # a series: smaller pictures
        self.put("bars", self._card.png(1 if quick else 2))
        self.put("status", in_lines(self._words()))

    def _words(self) -> list[str]:
        batch, weights, rewards = self.memory.batch, self.memory.batch_weights, self.memory.rewards
        if not len(batch):
            return ["Nothing is drawn yet: every transition has the largest priority.", ""]
        large = rewards[batch] > 0
        parts = [f"{large.sum()} of the {len(batch)} drawn have the large reward"]
        for word, which in (("large", large), ("small", ~large)):
            if which.any():
                parts.append(f"mean weight of the {word} ones {weights[which].mean():.2f}")
        s = self.settings
        told = "the value is drawn upward"
        if s["alpha"] == 0 or s["beta"] == 1:
            told = "uniform draws" if s["alpha"] == 0 else "β = 1 undoes the priorities"
        return [" · ".join(parts), f"α = {s['alpha']:.2f}, β = {s['beta']:.2f}: {told}"]

    def still(self) -> bytes:
        if not hasattr(self, "_still"):
            memory, values = RareReward(seed=self.seed), [0.0]
            for _ in range(600):
                self._one(memory, values)
            card = Card(WIDTH, _HEIGHT)
            paint(card, memory, self.settings["alpha"], values)
            self._still = pictures.png_bytes(card.image.reduce(2), level=9)
        return self._still

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        w, s = self._w, self.settings
        buttons = self.buttons(
            step="Draw one batch",
            play="Draw batch after batch",
            pause="Stop for a moment; Play goes on",
            reset="Begin anew with a value of 0",
        )
        return w.VBox(
            [
                self.row(*buttons, self.speed_slider(200)),
                self.row(
                    self.slider("alpha", "α", s["alpha"], 0, 1, layout=HALF),
                    self.slider("beta", "β", s["beta"], 0, 1, layout=HALF),
                    self.whole("batch_size", "batch size", s["batch_size"], 1, 16),
                ),
                self.text("message", 42),
                self.picture("bars", WIDTH, _HEIGHT),
                self.text("status", 46),
            ]
        )
