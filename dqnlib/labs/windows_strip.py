"""The strip of the n-step lab: the last steps of an episode, and the window over them."""

from dqnlib.classics.n_step_q import Seen, Update
from dqnlib.data import Transition
from dqnlib.pictures import ACTIONS, CARD, EDGE, FAINT, HOT, INK, MUTED, SIDE_COLORS, Card, number

MOST = 20  # steps of a window
_SHOWN = 12  # steps in the picture where the window is not longer


class Track:
    """What has happened in the episode so far, and what became of the windows; n: their length."""

    def __init__(self, n: int):
        self.n, self.steps, self.last = n, [], None
        self.terminated = self.truncated = self.dropped = 0

    def add(self, seen: Seen) -> None:
        """Note one environment step."""
        if self.ended:
            self.steps = []
        self.steps.append(seen.transition)
        self.last = seen
        self.terminated += seen.transition.terminated
        self.truncated += seen.truncated
        if seen.truncated:
            self.dropped += min(self.n - 1, len(self.steps))

    @property
    def ended(self) -> bool:
        """True if the episode is over with the last step."""
        return bool(self.last) and (self.last.truncated or self.last.transition.terminated)

    @property
    def update(self) -> Update | None:
        """What the oldest window that was complete with the last step taught."""
        return self.last.updates[0] if self.last and self.last.updates else None

    @property
    def first(self) -> Transition | None:
        """The pair that was moved last; None if none was."""
        return self.update and self.update.transition

    @property
    def inside(self) -> int:
        """Steps in the window: in the complete one, or in what it holds so far."""
        return min(self.n, len(self.steps))

    def arithmetic(self, settings: dict) -> str:
        """Return the update of the oldest complete window in numbers, or why there is none."""
        if self.last is None:
            return "No step so far."
        if self.last.truncated and not self.update:
            return (
                "The time limit: what the window holds is dropped, for γ would need another power."
            )
        if not self.update:
            return f"The window holds {self.inside} of {self.n} steps: nothing to learn from yet."
        u, n = self.update, self.n
        pair = f"Q({u.transition.obs}, {ACTIONS[u.transition.action]})"
        value = "nothing follows" if u.transition.terminated else f"γ<sup>{n}</sup> max Q"
        rewards = number(u.transition.reward)
        target = f"{rewards} ({value})"
        if not u.transition.terminated:
            target = f"{rewards} + {number(u.value)} ({value})"
        line = (
            f"{pair} ← {number(u.old)} + {settings['alpha']:g} × [{target} − ({number(u.old)})] = "
            f"<b>{number(u.new)}</b>"
        )
        more = len(self.last.updates) - 1
        if more:
            line += f" · and {more} shorter windows, cut by the end"
        if self.last.truncated:
            line += " · the time limit drops the rest"
        return line


def paint(card: Card, track: Track, gamma: float) -> None:
    """Draw the last steps as boxes with their rewards, and the window around the newest."""
    card.box(2, 2, card.width - 2, card.height - 2)
    shown = max(_SHOWN, track.n)
    pitch = (card.width - 48 - 150) / shown
    steps = track.steps[-shown:]
    card.text(
        24, 20, "The last steps, each with its reward; framed: the window", 13, INK, bold=True
    )
    top, bottom, inside = 70, 112, min(track.inside, len(steps))
    for i in range(shown):
        left = 24 + i * pitch
        card.box(left + 1, top, left + pitch - 1, bottom, CARD, FAINT)
        if i >= len(steps):
            continue
        within = i >= len(steps) - inside
        step, k = steps[i], i - (len(steps) - inside)
        if within:
            card.box(left + 1, top, left + pitch - 1, bottom, "#e6eef7", SIDE_COLORS["A"])
            _factor(card, left + pitch / 2, k, gamma, pitch)
        size = 13 if pitch > 40 else 10
        color = HOT if step.reward < -1 else INK
        middle = (left + pitch / 2, (top + bottom) / 2)
        card.text(*middle, number(step.reward, 0), size, color, bold=within, align="center")
        arrow = f"{step.obs} {ACTIONS[step.action]}" if pitch > 40 else str(step.obs)
        card.text(left + pitch / 2, bottom + 12, arrow, 10, MUTED, align="center")
    if inside:
        left, right = 24 + (len(steps) - inside) * pitch, 24 + len(steps) * pitch
        color = SIDE_COLORS["A"] if track.update else MUTED
        for x0, y0, x1, y1 in (
            (left, top - 4, right, top - 1), (left, bottom + 1, right, bottom + 4),
            (left - 1, top - 4, left + 2, bottom + 4), (right - 2, top - 4, right + 1, bottom + 4),
        ):  # fmt: skip
            card.box(x0, y0, x1, y1, color)
        _what_follows(card, track, right + 12, (top + bottom) / 2)
    card.text(24, card.height - 18, "below: the state, and the action taken there", 10, MUTED)
    if gamma < 1:
        card.text(24, 46, "counts times", 10, MUTED)


def _factor(card: Card, x: float, k: int, gamma: float, pitch: float) -> None:
    text = number(gamma**k, 2) if gamma < 1 else "1"
    card.text(x, 58, text, 11 if pitch > 40 else 8, SIDE_COLORS["A"], align="center")


def _what_follows(card: Card, track: Track, x: float, y: float) -> None:
    """Say at the right of the window what the target adds to the rewards."""
    if track.last.transition.terminated:
        card.box(x - 8, y - 26, x - 4, y + 26, INK)
        card.text(x + 2, y - 9, "the end:", 12, INK, bold=True)
        card.text(x + 2, y + 9, "no value", 12, INK)
    elif track.last.truncated:
        card.text(x, y - 9, "time limit:", 12, HOT, bold=True)
        card.text(x, y + 9, "rest is dropped", 12, HOT)
    elif track.update:
        card.box(x - 2, y - 20, x + 104, y + 20, CARD, EDGE)
        card.text(x + 51, y - 8, "+ γⁿ max Q", 11, MUTED, align="center")
        card.text(x + 51, y + 9, number(track.update.value), 13, INK, bold=True, align="center")
    else:
        card.text(x, y, "not full yet", 12, MUTED)
