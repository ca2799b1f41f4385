"""Boards and pictures of a grid world: what is redrawn, and what a cell shows."""

import numpy as np
import pytest
from picture_helpers import random_q, same

from dqnlib import pictures
from dqnlib.pictures import CLIFF, Grid, GridPicture, PairPicture
from dqnlib.pictures.cells import arrows


def cell(picture: GridPicture, s: int) -> np.ndarray:
    """Return the pixels [P, P, 3] of one cell."""
    x, y = (round(v * picture.card.scale) for v in picture.board._corner(s))
    p = picture.board.pixels
    return np.asarray(picture.image)[y : y + p, x : x + p]


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
        ink = np.asarray(arrows(144, (action,), 0.62, pictures.INK))
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
        expected = pictures.value_scale()[pictures.value_color(q[15, action])]
        assert abs(pixels[y, x].astype(int) - expected).max() <= 1


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


def test_grid_shape():
    assert CLIFF.n_states == 48
    assert len(CLIFF.cliff) == 10
