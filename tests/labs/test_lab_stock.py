"""The Stock lab without a browser: messages go in, pictures and texts come out.

`tests/mutants/labs/test_lab_stock.toml` lists the mutants that these tests kill.
"""

import numpy as np
import pytest
from lab_helpers import close_labs, picture, say, status, steps, widget  # noqa: F401

from dqnlib.labs import StockLab
from dqnlib.warehouse import profit

BEST = np.array([8, 7] + [0] * 11)
THREE = np.full(13, 3)


def game(lab):
    return {who: list(player.totals) for who, player in lab.players.items()}


def test_all_meet_the_same_demand():
    lab = StockLab({"best": BEST, "three": THREE})
    widget(lab, "your order").value = 3
    stock, total = dict.fromkeys(lab.players, 6), dict.fromkeys(lab.players, 0.0)
    for day in range(1, 8):
        steps(lab, 1)
        for who, player in lab.players.items():
            order = BEST[stock[who]] if who == "best" else 3
            earned, stock[who] = profit(stock[who], int(order), lab.demand)
            total[who] += earned
            assert player.stock == stock[who]
            assert player.totals[-1] == pytest.approx(total[who])
        assert lab.days == day
    assert game(lab)["you"] == game(lab)["three"]
    assert "level with three" in status(lab)
    gap = game(lab)["you"][-1] - game(lab)["best"][-1]
    assert f"you are {abs(gap):.1f} {'ahead of' if gap > 0 else 'behind'} best" in status(lab)


def test_what_a_player_sold_and_missed():
    lab = StockLab({"best": BEST})
    lab.order = 8
    player = lab.players["you"]
    player.day(8, 4)  # six of the eight fit in
    assert (player.order, player.sold, player.missed, player.stock) == (6, 4, 0, 8)
    player.stock = 2
    player.day(0, 6)
    assert (player.order, player.sold, player.missed, player.stock) == (0, 2, 4, 0)


def test_a_game_has_fifty_days_and_reset_draws_the_next():
    lab = StockLab({"best": BEST})
    steps(lab, 50)
    first = game(lab)
    steps(lab, 1)
    assert lab.days == 50
    assert "Press Reset" in say(lab)
    lab.reset()
    steps(lab, 50)
    assert lab.games == 2
    assert "game 2" in status(lab)
    assert game(lab)["best"] != first["best"]
    lab.close()
    again = StockLab({"best": BEST})
    steps(again, 50)
    assert game(again) == first


def test_pictures():
    lab = StockLab({"best": BEST, "three": THREE})
    widget(lab, "your order").value = 5
    steps(lab, 10)
    image = picture(lab, "stock")
    assert image.size == (1820, 660)
    pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for color in ((194, 0, 107), (0, 114, 178), (213, 94, 0)):
        assert (pixels == color).all(1).sum() > 100
    assert lab.still()[:4] == b"\x89PNG"


@pytest.mark.parametrize("orders", [[3] * 12, [3.0] * 13, [9] * 13, [-1] * 13, "three", [[3] * 13]])
def test_bad_orders_are_refused(orders):
    with pytest.raises(ValueError, match="the orders of 'mine' must be 13 whole numbers"):
        StockLab({"mine": orders})


def test_bad_settings_of_the_lab():
    with pytest.raises(ValueError, match="one to 3 players"):
        StockLab({})
    with pytest.raises(ValueError, match="seed must be"):
        StockLab({"best": BEST}, seed=-1)
