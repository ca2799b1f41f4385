"""The n-step lab: a window slides over the episodes of an agent on the cliff (lesson 06)."""

from typing import ClassVar

from dqnlib import envs, pictures, planning
from dqnlib.arguments import check_count, check_number
from dqnlib.classics.n_step_q import NStepQ
from dqnlib.envs import TabularModel
from dqnlib.labs.frame import Lab
from dqnlib.labs.texts import WIDTH, in_lines, named_speeds
from dqnlib.labs.windows_strip import MOST, Track, paint
from dqnlib.pictures import Card, GridPicture, number

_STRIP = 168  # CSS pixels of the picture of the window
_LIMIT = 60  # environment steps of an episode at the most


class NStepLab(Lab):
    """n-step Q-learning on Cliff Walking, live: which rewards a window sums up, and what it learns.

    The grid shows the action values and the agent. Below it lie the last steps of the episode,
    each with its reward; the frame is the window, with the factor of each reward. When the window
    is complete, the arithmetic of its update stands below. It is cut where the episode terminates,
    and dropped where the time limit of 60 steps ends it.

    n: steps of a window, 1 to 20; gamma, epsilon, alpha: 0 to 1; all act in flight, a new n begins
    a new window. transitions: your own class, as `dqnlib.transitions.NStep`. seed: of the
    environment and of all chance. name: a second lab of the same name replaces the first.

    Raises ValueError at once for a setting out of range.
    """

    title = "n-step lab"
    hint = "Press Step: one environment step, and what the window does with it. Or Play."
    period, speed = 1 / 12, 5
    speeds: ClassVar = named_speeds((1, 2, 5, 10, 50, 200, 1000), "steps")

    def __init__(
        self, *, n: int = 3, gamma: float = 1.0, epsilon: float = 0.1, alpha: float = 0.2,
        transitions=None, seed: int = 0, name: str = "n-step",
    ):  # fmt: skip
        self.settings = {"n": check_count("n", n, 1, MOST)}
        given = {"gamma": gamma, "epsilon": epsilon, "alpha": alpha}
        self.settings |= {k: check_number(k, v, 0, 1) for k, v in given.items()}
        self.seed = check_count("seed", seed, 0)
        self._own = {"transitions": transitions} if transitions else {}
        self.model = TabularModel.from_env("CliffWalking-v1")
        self._strip = Card(WIDTH, _STRIP)
        self.begin()
        self.release()
        super().__init__(name)

    def release(self) -> None:
        self._grid: GridPicture | None = None

    def begin(self) -> None:
        env = envs.make("CliffWalking-v1")
        self.agent = NStepQ(env, limit=_LIMIT, seed=self.seed, **self.settings, **self._own)
        self.track = Track(self.settings["n"])

    def advance(self) -> bool:
        self.track.add(self.agent.step())
        return True

    def change(self, key: str, value) -> None:
        self.settings[key] = value
        setattr(self.agent, key, value)
        if key == "n":
            self.track = Track(value)
            self.say(f"A new window, of {value} steps; the table stays.")

    # -- showing -------------------------------------------------------------------------------

    def show(self) -> None:
        self._grid = self._grid or GridPicture()
        quick = self.playing and self.speed > 5
        self._paint(self._grid, self._strip)
        self.put("grid", self._grid.card.png(1 if quick else 2))
        self.put("strip", self._strip.png(1 if quick else 2))
        self.put("status", self._status())

    def _paint(self, grid: GridPicture, strip: Card) -> None:
        s = self.settings
        grid.head(f"Q-learning with windows of {s['n']}", f"seed {self.seed}")
        first = self.track.first
        grid.update(self.agent.q, self.agent.obs, first and (first.obs, first.action))
        paint(strip, self.track, s["gamma"])

    def _status(self) -> str:
        a, t = self.agent, self.track
        path = planning.greedy_path(a.q, self.model)
        leads = f"earns {number(path.total_reward, 0)}" if path.terminated else "goes in a circle"
        facts = (
            f"step {a.steps:,} · {t.terminated} episodes terminated, {t.truncated} cut by the "
            f"limit of {_LIMIT} · {t.dropped} windows dropped · <b>the greedy path {leads}</b>"
        )
        return in_lines([facts, t.arithmetic(self.settings)])

    def still(self) -> bytes:
        if not hasattr(self, "_still"):
            from PIL import Image

            kept = self.agent, self.track
            self.begin()
            for step in range(8_000):  # with a long window an episode may never end in it
                if step >= 4_000 and len(self.track.last.updates) >= self.settings["n"]:
                    break
                self.advance()
            grid, strip = GridPicture(), Card(WIDTH, _STRIP)
            self._paint(grid, strip)
            self.agent, self.track = kept
            parts = [grid.card.image.reduce(2), strip.image.reduce(2)]
            both = Image.new("RGB", (WIDTH, sum(p.height for p in parts)), pictures.CARD)
            both.paste(parts[0], (0, 0))
            both.paste(parts[1], (0, parts[0].height))
            self._still = pictures.png_bytes(both, level=9)
        return self._still

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        s = self.settings
        buttons = self.buttons(
            step="Take one environment step",
            play="Take step after step",
            pause="Stop for a moment; Play goes on",
            reset="Forget everything and begin anew",
        )
        return self._w.VBox(
            [
                self.row(*buttons, self.speed_slider(220)),
                self.row(
                    self.whole("n", "window n", s["n"], 1, MOST),
                    self.slider("gamma", "discount γ", s["gamma"], 0, 1),
                ),
                self.row(
                    self.slider("epsilon", "explore ε", s["epsilon"], 0, 1),
                    self.slider("alpha", "step size α", s["alpha"], 0.01, 1),
                ),
                self.text("message", 42),
                self.picture("grid", WIDTH, 382),
                self.picture("strip", WIDTH, _STRIP),
                self.text("status", 46),
            ]
        )
