"""The quick pictures: what is redrawn, what the colors and numbers say, and the files."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from dqnlib import pictures
from dqnlib.pictures import CLIFF, Curve, CurvePicture, Grid, GridPicture, PairPicture


def random_q(seed: int = 0) -> np.ndarray:
    return -12 * np.random.default_rng(seed).random((48, 4))


def same(a: Image.Image, b: Image.Image) -> bool:
    return np.array_equal(np.asarray(a), np.asarray(b))


def cell(picture: GridPicture, s: int) -> np.ndarray:
    """Return the pixels [P, P, 3] of one cell."""
    x, y = (round(v * picture.card.scale) for v in picture.board._corner(s))
    p = picture.board.pixels
    return np.asarray(picture.image)[y : y + p, x : x + p]


# -- redrawing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [72, 34])
def test_only_changed_cells_are_redrawn_and_the_result_equals_a_full_redraw(size):
    q = random_q()
    kept = GridPicture(cell=size)
    assert kept.update(q, agent=36) == 38  # all but the ten cells of the cliff
    assert kept.update(q, agent=36) == 0
    q[5, 1] = q[20, 3] = -60.0
    assert kept.update(q, agent=24) == 4  # two values, and the agent's old and new cell
    assert kept.update(q, agent=24, mark=(20, 3)) == 1
    fresh = GridPicture(cell=size)
    fresh.update(q, agent=24, mark=(20, 3))
    assert same(kept.image, fresh.image)


def test_many_updates_equal_a_full_redraw():
    rng = np.random.default_rng(1)
    q, kept = random_q(), GridPicture(scale=1)
    for _ in range(60):
        q[rng.integers(48), rng.integers(4)] = -rng.choice([0, 0.5, 3, 30, 113])
        agent = int(rng.choice([*range(37), 47]))
        mark = (int(rng.integers(37)), int(rng.integers(4)))
        kept.update(q, agent, mark)
    fresh = GridPicture(scale=1)
    fresh.update(q, agent, mark)
    assert same(kept.image, fresh.image)


def test_a_change_too_small_to_see_redraws_nothing():
    q, kept = random_q(), GridPicture()
    kept.update(q)
    q[3, 0] += 1e-9
    assert kept.update(q) == 0


def test_update_does_not_keep_the_table_it_was_given():
    q, kept = random_q(), GridPicture()
    kept.update(q)
    q[3, 0] = -99.0
    assert kept.update(q) == 1


def test_pair_shows_both_sides_apart():
    q, share, pair = random_q(), np.full(48, 1 / 48), PairPicture()
    assert pair.update("A", q, share) == 2 * 38
    assert pair.update("A", q, share) == 0
    assert pair.update("B", q, share) == 2 * 38
    left, right = np.split(np.asarray(pair.image), 2, axis=1)
    assert not np.array_equal(left, right)  # the legends differ
    assert pair.image.size == GridPicture().image.size  # so that a lab does not jump


def test_heading_is_replaced_not_overwritten():
    a, b = GridPicture(title="A long title that leaves its traces"), GridPicture(title="B")
    a.head("B")
    assert same(a.image, b.image)


# -- what a cell shows -------------------------------------------------------------------------


def greedy_of(row) -> tuple:
    """Return the greedy actions that a cell with these values shows by arrows."""
    q = np.zeros((48, 4))
    q[0] = row
    picture = GridPicture(cell=34)
    picture.update(q)
    return picture.board._keys[0][2]


def test_arrows_show_all_ties_and_none_while_all_are_equal():
    assert greedy_of([-1, -2, -3, -4]) == (0,)
    assert greedy_of([-1, -2, -3, -0.5]) == (3,)
    assert greedy_of([-1, 0, 0, -2]) == (1, 2)
    assert greedy_of([0, 0, 0, 0]) == greedy_of([-7, -7, -7, -7]) == ()


def test_arrows_point_where_the_action_goes():
    """Dark pixels of the arrow's head lie up, right, down and left of the middle."""
    for action, (dx, dy) in enumerate([(0, -1), (1, 0), (0, 1), (-1, 0)]):
        ink = np.asarray(pictures._arrows(144, (action,), 0.62, pictures.INK))
        dark = (ink[..., 3] > 200) & (ink[..., :3].sum(2) < 200)
        y, x = np.nonzero(dark)
        across = np.ptp(x) if dx == 0 else np.ptp(y)
        wide = [(x == v).sum() if dx else (y == v).sum() for v in range(144)]
        middle = int(np.argmax(wide)) - 71.5  # the widest part is the head's base
        assert middle * (dx + dy) > 3
        assert across > 30


def test_triangles_have_the_colors_of_their_actions():
    q = np.zeros((48, 4))
    q[15] = [-1, -10, -50, -100]
    picture = GridPicture(cell=34)  # no numbers in the way
    picture.update(q)
    pixels, n = cell(picture, 15), 68
    at = {0: (5, n // 2), 1: (n // 2, n - 6), 2: (n - 6, n // 2), 3: (n // 2, 5)}
    for action, (y, x) in at.items():
        expected = pictures.VALUE_COLORS[pictures.value_color(q[15, action])]
        assert abs(pixels[y, x].astype(int) - expected).max() <= 1


def test_lighter_is_better_all_along_the_scale():
    luminance = pictures.VALUE_COLORS @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(luminance) <= 0.5).all()
    assert luminance[0] > 230
    assert luminance[-1] < 60


def test_color_scale():
    assert pictures.value_color(0.0) == 0
    assert pictures.value_color(-100.0) == 255
    assert pictures.value_color([5.0, -1000.0, np.nan]).tolist() == [0, 255, 0]
    levels = pictures.value_color([-1, -2, -5, -10, -13, -50])
    assert (np.diff(levels) > 5).all()


def test_numbers_can_be_read_on_every_color():
    """WCAG asks for a contrast of 4.5; black or white reaches it on every color."""

    def luminance(colors):
        c = np.asarray(colors) / 255
        linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)

    back = luminance(pictures.VALUE_COLORS)
    contrast = np.where(pictures._NEEDS_WHITE, 1.05 / (back + 0.05), (back + 0.05) / 0.05)
    assert contrast.min() >= 4.5


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.0, "0"), (-0.5, "−.50"), (-0.996, "−1.0"), (-1, "−1.0"), (-9.94, "−9.9"),
     (-9.96, "−10"), (-13, "−13"), (-112.6, "−113"), (0.25, ".25"), (-0.001, ".00"),
     (float("nan"), "nan"), (float("-inf"), "−inf")],
)  # fmt: skip
def test_short_number(value, text):
    assert pictures.short_number(value) == text


def test_number_has_a_true_minus_and_no_minus_zero():
    assert pictures.number(-1.5) == "−1.50"
    assert pictures.number(-0.001) == "0.00"


def test_strange_values_are_drawn():
    q = random_q()
    q[0] = [np.nan, np.inf, -np.inf, 1e9]
    picture = GridPicture()
    assert picture.update(q) == 38
    assert picture.update(q) == 0


def test_agent_and_goal_are_to_be_seen():
    picture = GridPicture()
    picture.update(np.zeros((48, 4)))
    goal, empty = cell(picture, 47).copy(), cell(picture, 20).copy()
    picture.update(np.zeros((48, 4)), agent=47)
    assert not np.array_equal(goal, cell(picture, 47))
    picture.update(np.zeros((48, 4)), agent=20)
    assert np.array_equal(goal, cell(picture, 47))  # it has left the goal
    hot = tuple(int(pictures.HOT[i : i + 2], 16) for i in (1, 3, 5))
    assert (cell(picture, 20) == hot).all(2).sum() > 100
    picture.update(np.zeros((48, 4)))
    assert np.array_equal(empty, cell(picture, 20))


def test_another_grid():
    grid = Grid((3, 5), start=10, goals=(14,), cliff=frozenset({6, 8}))
    picture = GridPicture(grid, cell=60, title="A small world")
    assert picture.update(np.zeros((15, 4)), agent=10) == 13
    assert picture.image.width >= 2 * 300


def test_grid_image():
    image = pictures.grid_image(random_q(), title="Q-learning", note="after 500 episodes")
    assert image.size == (910, 382)
    assert pictures.grid_image(random_q(), scale=2).size == (1820, 764)


# -- files -------------------------------------------------------------------------------------


def test_png_bytes_is_exact():
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (37, 53, 3), np.uint8))
    assert same(Image.open(io.BytesIO(pictures.png_bytes(image))), image)


def test_card_png_in_two_sizes():
    card = GridPicture().card
    sizes = [Image.open(io.BytesIO(card.png(k))).size for k in (1, 2)]
    assert sizes == [(910, 382), (1820, 764)]


def frames(n: int = 12):
    picture, found = GridPicture(cell=34, scale=1), []
    for i in range(n):
        picture.update(random_q(), agent=24 + i)
        found.append(picture.image.copy())
    return found


def test_animations_hold_all_frames_and_are_small():
    stills = frames()
    for data, kind in ((pictures.animation(stills, 5), "WEBP"),
                       (pictures.animated_png(stills, 5), "PNG")):  # fmt: skip
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.n_frames, image.size) == (kind, 12, stills[0].size)
        image.seek(3)
        image.load()
        assert image.info["duration"] == 200
        assert len(data) < 60_000


def test_animated_png_looks_like_its_frames():
    stills = frames(4)
    image = Image.open(io.BytesIO(pictures.animated_png(stills, 5)))
    for i, still in enumerate(stills):
        image.seek(i)
        error = np.asarray(image.convert("RGB")).astype(int) - np.asarray(still)
        assert abs(error).mean() < 6


def test_frames_may_be_arrays_and_one_is_enough():
    one = pictures.animated_png([np.zeros((8, 9, 3), np.uint8)])
    assert Image.open(io.BytesIO(one)).size == (9, 8)


@pytest.mark.parametrize(
    ("bad", "fps", "said"),
    [([], 8, "at least one frame"), ([np.zeros((2, 2, 3), np.uint8)], 0, "fps must be"),
     ([np.zeros((2, 2, 3), np.uint8), np.zeros((3, 2, 3), np.uint8)], 8, "one size")],
)  # fmt: skip
def test_bad_animations_say_why(bad, fps, said):
    for make in (pictures.animation, pictures.animated_png):
        with pytest.raises(ValueError, match=said):
            make(bad, fps)


def test_shown_animation_has_a_fixed_text():
    shown = pictures.show_animation(frames(2), alt="Two steps along the cliff.", width=450)
    data, metadata = shown._repr_mimebundle_()
    assert data["text/plain"] == repr(shown) == "Two steps along the cliff."
    assert set(data) == {"text/plain", "image/png"}
    assert metadata["image/png"] == {"alt": "Two steps along the cliff.", "width": 450}


# -- curves ------------------------------------------------------------------------------------


def curve(label="A", color="#0072b2", n=200):
    x = np.arange(n)
    y = -20 - 60 * np.exp(-x / 40)
    return Curve(label, color, "-", x, y, y - 3, y + 3, y - 1)


def test_curves_drawn_again_equal_curves_drawn_once():
    def new():
        return CurvePicture((0, 200), (-100, 0), "episode", "return", note="band|one")

    kept = new()
    for n in (0, 5, 60, 199):
        kept.draw([curve(n=n), curve("B", "#d55e00", n)])
    last = kept.draw([curve(n=120), curve("B", "#d55e00", 120)])
    fresh = new().draw([curve(n=120), curve("B", "#d55e00", 120)])
    assert same(last, fresh)
    assert not same(last, kept.draw([curve(n=121), curve("B", "#d55e00", 120)]))
    assert last.size == (1820, 472)


def test_curves_without_an_interval():
    x = np.arange(5)
    picture = CurvePicture((0, 9), (-100, 0), "episode", "return")
    picture.draw([Curve("A", "#0072b2", "-", x, x - 50.0, np.full(5, np.nan), np.full(5, np.nan))])


def test_import_needs_neither_matplotlib_nor_ipywidgets():
    """A text in Pillow's own font is enough where matplotlib is missing."""
    code = """
import sys
sys.modules["matplotlib"] = sys.modules["ipywidgets"] = sys.modules["torch"] = None
import numpy as np
from dqnlib import pictures
pictures.grid_image(np.full((48, 4), -3.5), title="γ − ε")
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_grid_shape():
    assert CLIFF.n_states == 48
    assert len(CLIFF.cliff) == 10
