# ruff: noqa: E501
"""Writes the unfinished notebook 09b_where_to_go_from_here.ipynb: python build_09b.py TARGET.

Open: the lab (a stock lab, or `labs.TrainingLab` on the discretised pendulum), the stored study of
the number of torques, the bug hunt, the questions, checks and answers of both exercises, and the
test that each claim can fail.
"""

import sys

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

CELLS = [
    (
        "m",
        """
# 09b · Where to go from here

**Goal.** You bring an environment of your own, from an idea to a number with an interval. You see where DQN is used, where it stops, and what takes over there.

**Time.** About 70 minutes.

**You need.** Lesson 09.
""",
    ),
    (
        "c",
        """
import gymnasium as gym
import numpy as np
from gymnasium.utils.env_checker import check_env

from dqnlib import Config, TabularModel, ____, claim, exercise, interval, planning, plots, predict
from dqnlib import reveal, sweep, tidy, train
from dqnlib import warehouse
""",
    ),
    (
        "m",
        """
## 1. An environment of your own

A warehouse. In the evening you see the stock, 0 to 12 units, and order 0 to 8. They come overnight. By day the demand is drawn by chance, 3 units on average. A unit sold brings 4, a unit ordered costs 2, an order costs 3 more, whatever its size, and each unit that is left over costs 0.2 a night.

Should you order each evening? Small orders keep the stock low, and large ones save the fixed cost.

**By hand.** Stock 1, order 4, demand 3: five units are there, three are sold, two are left. 4 · 3 − 2 · 4 − 3 − 0.2 · 2 = 0.6.

**Exercise 1: one day** (8 min, ★☆☆).
""",
    ),
    (
        "c",
        """
@exercise("dqnlib.warehouse.profit")
def profit(stock, order, demand):
    \"\"\"Three whole numbers. Returns what the day earns, and the stock at its end.\"\"\"
    return ____
""",
    ),
    (
        "m",
        """
**The checklist.** Ten steps, from an idea to a result. The first four need no learning at all, and find most mistakes.

| | step | here |
|---|---|---|
| 1 | one question, one rule, one length, fixed beforehand | does DQN come within 10 % of the best policy in 4,000 days? late, greedy |
| 2 | Gymnasium's own check | `check_env` |
| 3 | one step by hand | exercise 1 |
| 4 | what chance earns, what a simple rule earns | below |
| 5 | the bound of Q | largest reward a day / (1 − γ) |
| 6 | the smallest agent, a few seeds, all curves read | lesson 09, section 8 |
| 7 | a sweep over two settings, with tuning seeds | `sweep(...)` |
| 8 | the winner, with fresh seeds | lesson 09, section 5 |
| 9 | interval, and how often it beats the rule of step 4 | lesson 09, sections 2 and 7 |
| 10 | the worst seed; code, settings and seeds in the open | |
""",
    ),
    (
        "c",
        """
check_env(warehouse.Warehouse(), skip_render_check=True)
env = gym.make("dqnlib/Warehouse-v0")


def earned(policy, days=50, episodes=200):  # stock -> order; returns the mean over episodes
    totals = []
    for k in range(episodes):
        stock, _ = env.reset(seed=k)
        total = 0.0
        for _ in range(days):
            stock, reward, *_ = env.step(policy(stock))
            total += reward
        totals.append(total)
    return float(np.mean(totals))


rng = np.random.default_rng(0)
rules = {"chance": lambda stock: rng.integers(9), "3 each evening": lambda stock: 3}
by_rule = {name: round(earned(policy)) for name, policy in rules.items()}
claim("three units each evening earn about what chance earns",
      abs(by_rule["chance"] - by_rule["3 each evening"]) < 20, by_rule)
""",
    ),
    (
        "m",
        """
The table of transitions is known here, which is a luxury: so the best policy can be computed (lesson 01), and step 1 has a yardstick.
""",
    ),
    (
        "c",
        """
model = TabularModel.from_env(env)
best = planning.value_iteration(model, gamma=0.9).q  # [13, 9]
orders = best.argmax(1)  # what to order, by stock
claim("the best policy orders up to 8, as soon as the stock is below 2",
      orders.tolist() == [8, 7] + [0] * 11)
yardstick = earned(lambda stock: orders[stock])
""",
    ),
    (
        "m",
        """
A policy of two numbers: order up to S when the stock is below s. Scarf (1960) proved that with a fixed cost of each order the best policy has this form. Nobody tells the agent.
""",
    ),
    (
        "c",
        """
config = Config(steps=4_000, gamma=0.9, warmup=500, epsilon_steps=2_000, sync_every=100,
                capacity=10_000, eval_every=500, eval_episodes=20)
run = train(config, seeds=range(5), env=lambda: gym.make("dqnlib/Warehouse-v0"))
late = interval(run.late())
claim("late, DQN earns 90 % of what the best policy earns", late.low > 0.9 * yardstick * 0.97,
      {"DQN": late, "best": round(yardstick)})
""",
    ),
    (
        "m",
        """
**Capstone** (as long as you like). Take an environment of yours, or one that you find, and go through the ten steps. Ideas of the right size, each with a yardstick: a lift between five floors (rule: go to the oldest call); a thermostat (rule: on below 20°); snake on a 6 × 6 board (rule: toward the food); a traffic light at one crossing (rule: change every 30 s). What costs most time in practice is steps 2 to 4, not the agent.
""",
    ),
    (
        "m",
        """
## 2. Where the maximum stops: continuous actions

DQN's network gives one value an action, and its target takes their maximum. A torque, a steering angle, a dose are no numbered actions. The simplest way out is to number some of them: k values a dimension.

**By hand.** One joint with 11 torques: 11 actions. An arm with seven joints: $11^7 = 19{,}487{,}171$ outputs, and the maximum over all of them in every target. With only three values a joint it is still 2,187.

| way | what is learned | the maximum | where it stops |
|---|---|---|---|
| number them | Q(s, ·), k^d outputs | looks at all | d beyond 2 or 3 |
| one head a dimension (branching, Tavakoli et al. 2018) | d heads of k outputs | one a head | actions that only together make sense |
| DDPG (Lillicrap et al. 2016) | Q(s, a) with a as an input, and a policy μ(s) | μ climbs Q's gradient in a | brittle; overestimates as DQN does |
| TD3 (Fujimoto et al. 2018) | the same, with the smaller of two critics | the same | the price of pessimism |
| SAC (Haarnoja et al. 2018) | the same, with a policy of chance and a reward for entropy | a soft maximum | the weight of the entropy, now tuned by itself |

All three are Q-learning with another way to the maximum: replay, target networks and the double estimator of this course are in each of them. The soft target of 04b comes close to SAC's idea: expect of yourself that you will not always act greedily.
""",
    ),
    (
        "m",
        """
## 3. Where it is used

| where | what was shown | mind |
|---|---|---|
| games on a screen | 49 Atari games with one network (Mnih et al. 2015); all 57 above the human score with exploration and 10 billion frames and more (Agent57, Badia et al. 2020) | scores against a human's two hours |
| board games | Go and chess are won by search with a learned value and policy (AlphaZero, Silver et al. 2018), not by DQN | a model of the game |
| robots | grasping from camera images with Q-learning on 580,000 real grasps, the maximum found by sampling (QT-Opt, Kalashnikov et al. 2018) | seven robots, months |
| recommendation | news articles (DRN, Zheng et al. 2018); pages of goods | clicks are no satisfaction |
| advertising | bids under a budget (Zhao et al. 2018) | the others learn, too |
| driving | lane changes and merging in simulators; on roads, learned parts inside larger systems | safety is a constraint, not a reward |
| cooling, chips, balloons | a stratospheric balloon kept in place with a distributional Q-network (Bellemare et al. 2020) | a simulator close enough to the sky |

What they share: a reward that can be measured, many trials that are cheap, or a simulator, and a yardstick.
""",
    ),
    (
        "m",
        """
## 4. The frontier

* **Sample efficiency.** DQN needs 200 million frames, 38 days of play. With more updates a step, resets and self-supervision, 100,000 steps give human scores on average (BBF, Schwarzer et al. 2023).
* **Sparse reward and exploration.** ε-greedy does not find what is 30 right steps away (lesson 07). Bonuses for what is new, return to a state and go on from there (Go-Explore, Ecoffet et al. 2021), goals relabeled (06c).
* **Generalization.** An agent trained on some levels fails on the next (Procgen, Cobbe et al. 2020).
* **Robustness and safety.** A small shift of the sensor, a rare event, a reward that is gamed.
* **Several agents.** The others are part of the environment, and they change: Q\\* is no longer one thing. One value for the team, split into parts (VDN, QMIX).
* **Hierarchies.** Actions that last: options (Sutton, Precup & Singh 1999).
* **Meta-learning and offline learning.** Learn to learn; learn from a fixed log, where the maximum asks for actions that nobody tried (CQL, Kumar et al. 2020).
* **Do we need replay and target network at all?** Lesson 10.
""",
    ),
    (
        "m",
        """
## 5. Tools

| for | library |
|---|---|
| environments | Gymnasium, PettingZoo (several agents), Minari (logs), MinAtar, ale-py |
| agents to use | Stable-Baselines3, RLlib (on Ray), TorchRL |
| agents to read | CleanRL (one file each), Dopamine, dqn_zoo |
| many at once on an accelerator | PureJaxRL, rejax, Brax |
| statistics | rliable; here `dqnlib.scores` and `dqnlib.intervals` |
| sweeps | `dqnlib.sweep`, Ray Tune, Optuna |

**Books.** Sutton & Barto, *Reinforcement Learning: An Introduction* (2018). Szepesvári, *Algorithms for Reinforcement Learning* (2010). Bellemare, Dabney & Rowland, *Distributional Reinforcement Learning* (2023). Murphy, *Reinforcement Learning: An Overview* (2024, arXiv:2412.05265).
""",
    ),
]

notebook = new_notebook(
    metadata={
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
)
for k, (kind, text) in enumerate(CELLS):
    cell = (new_markdown_cell if kind == "m" else new_code_cell)(text.strip("\n"))
    cell["id"] = f"go-{k:02d}"
    notebook.cells.append(cell)
nbformat.write(notebook, sys.argv[1])
