"""The relabel lab: an episode of bit flipping, and its steps stored again with other goals."""

from collections.abc import Callable
from typing import ClassVar

from dqnlib import pictures
from dqnlib.arguments import check_choice, check_count
from dqnlib.labs.frame import Lab
from dqnlib.labs.relabel_episode import Tale
from dqnlib.labs.relabel_picture import HEIGHT, paint
from dqnlib.labs.texts import WIDTH, in_lines
from dqnlib.pictures import Card
from dqnlib.seeds.learner import name_of
from dqnlib.transitions import STRATEGIES
from dqnlib.transitions import relabel as librarys

NAMES = tuple(STRATEGIES)


class RelabelLab(Lab):
    """Hindsight replay, a step at a time: first an episode, then each of its steps relabeled.

    On the left the episode as it was: the row of bits after each step, the goal, the reward. On the
    right copies of one step, each with the row that a later step reached as its goal. The bits are
    flipped at random; nothing is learned here. The text counts what is stored, and how much of it
    is rewarded.

    bits: 3 to 8; strategy: "final" or "future"; k: copies of each step, 1 to 8 (future). New bits
    begin anew; strategy and k act at once, and the copies of the episode are made anew. relabel,
    future_steps: your own, see `dqnlib.transitions`. seed: of all chance. name: a second lab of the
    same name replaces the first. Raises ValueError at once for a setting out of range.
    """

    title = "Relabel lab"
    hint = "Press Step: one step of the episode; at its end, one step relabeled. Or Relabel."
    period, speed = 1 / 12, 2
    speeds: ClassVar = {f"{v} steps/s": v for v in (1, 2, 5, 10, 30, 100, 500)}

    def __init__(
        self,
        *,
        bits: int = 6,
        strategy: str = "future",
        k: int = 4,
        relabel: Callable | None = None,
        future_steps: Callable | None = None,
        seed: int = 0,
        name: str = "relabel",
    ):
        self.settings = {
            "bits": check_count("bits", bits, 3, 8),
            "strategy": check_choice("strategy", strategy, NAMES),
            "k": check_count("k", k, 1, 8),
        }
        given = {"relabel": relabel, "future_steps": future_steps}
        for what, function in given.items():
            if function is not None and not callable(function):
                raise ValueError(f"{what} must be a function, but it is {function!r}")
        self._relabel, self._future = relabel or librarys, future_steps or STRATEGIES["future"]
        self.seed = check_count("seed", seed, 0)
        self._card = Card(WIDTH, HEIGHT)
        self.begin()
        super().__init__(name)

    # -- the episode ---------------------------------------------------------------------------

    def begin(self) -> None:
        self.tale = self._told(self._relabel, self._future)

    def _told(self, relabel: Callable, future: Callable) -> Tale:
        """Return a new tale."""
        return Tale(self.settings, self._chooser(future), relabel, self.seed)

    def _chooser(self, future: Callable) -> Callable:
        return future if self.settings["strategy"] == "future" else STRATEGIES["final"]

    def advance(self) -> bool:
        self.tale.step()
        return True

    def change(self, key: str, value) -> None:
        if key == "relabel":
            self.playing = False
            self.tale.relabel_all()
            self.say("The whole episode is relabeled. Step or Relabel goes on to the next.")
            return
        self.settings[key] = value
        if key == "bits":
            self.begin()
            self.say(f"Begins anew: {value} bits, and {value} steps an episode.")
            return
        self.tale.choose_by(self._chooser(self._future))
        self.say("The copies are made anew: press Step or Relabel.")

    # -- showing -------------------------------------------------------------------------------

    def show(self) -> None:
        paint(self._card, self.tale)
        quick = self.playing and self.speed > 10  # a series: smaller pictures
        self.put("episode", self._card.png(1 if quick else 2))
        self.put("status", self._status())

    def _status(self) -> str:
        t = self.tale
        own = [f for f, librarys_own in self._functions() if f is not librarys_own]
        yours = f" · your {' and '.join(map(name_of, own))}" if own else ""
        kept = f"{t.kept:,} steps as they were, {_share(t.rewarded, t.kept)} of them rewarded"
        made = f"{t.copied:,} copies, {_share(t.rewarded_copies, t.copied)} of them rewarded"
        return in_lines([f"episode {t.episodes:,} · stored so far: {kept}{yours}", made])

    def _functions(self):
        return ((self._relabel, librarys), (self._future, STRATEGIES["future"]))

    def still(self) -> bytes:
        if not hasattr(self, "_still"):
            tale = self._told(librarys, STRATEGIES["future"])
            while tale.now < 1:  # an episode of one step has but one to relabel
                tale.step()
            card = Card(WIDTH, HEIGHT)
            paint(card, tale)
            self._still = pictures.png_bytes(card.image.reduce(2), level=9)
        return self._still

    # -- controls ------------------------------------------------------------------------------

    def build(self):
        w, s = self._w, self.settings
        buttons = self.buttons(
            step="One step of the episode; after it, one step relabeled",
            play="Go on by itself",
            pause="Stop for a moment; Play goes on",
            reset="Forget everything and begin anew",
        )
        buttons.insert(1, self.button("relabel", "tags", "Relabel the whole episode at once"))
        buttons[1].layout.width = "104px"
        strategy = self.control("strategy", w.ToggleButtons(
            options=[(f"goals: {name}", name) for name in NAMES], value=s["strategy"],
            style={"button_width": "110px"},
            tooltips=["rows that any later step reached", "the last row of the episode"],
        ))  # fmt: skip
        return w.VBox(
            [
                self.row(*buttons, self.speed_slider(200)),
                self.row(
                    self.whole("bits", "bits", s["bits"], 3, 8),
                    self.whole("k", "copies k", s["k"], 1, 8),
                    self.row(strategy),
                ),
                self.text("message", 42),
                self.picture("episode", WIDTH, HEIGHT),
                self.text("status", 46),
            ]
        )


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.0%})" if whole else "none"
