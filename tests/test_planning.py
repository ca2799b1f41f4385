"""Planning against values worked by hand and against other methods.

The oracles are not the library: small numbers by hand, the plain geometry of Cliff Walking, linear
programming, all policies of tiny models in turn, and a simulation of Cliff Walking by its rules.

`tests/mutants/test_planning.toml` lists the mutants that these tests kill.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from dqnlib import planning
from dqnlib.envs import TabularModel

UP, RIGHT, DOWN, LEFT = range(4)
START, GOAL = 36, 47
FEW = settings(max_examples=40, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def cliff() -> TabularModel:
    return TabularModel.from_env("CliffWalking-v1")


@pytest.mark.parametrize(
    ("q", "epsilon", "want"),
    [
        ([1, 3, 2, 0], 0.2, [0.05, 0.85, 0.05, 0.05]),
        ([3, 0, 3, 3], 0.4, [0.3, 0.1, 0.3, 0.3]),  # 0.6 / 3 + 0.4 / 4
        ([0, 0, 0, 0], 0.3, [0.25] * 4),
        ([2, 2, 0, 1], 0.0, [0.5, 0.5, 0, 0]),
        ([2, 2, 0, 1], 1.0, [0.25] * 4),
    ],
)
def test_soft_policy_by_hand(q, epsilon, want):
    rows = np.array([q, [9.0, 0, 0, 0]], float)
    policy = planning.soft_policy(rows, epsilon)
    assert policy.shape == (2, 4)
    assert policy[0] == pytest.approx(want)
    assert policy[1, 0] == pytest.approx(1 - epsilon + epsilon / 4)
    assert policy.sum(1) == pytest.approx(1)


# -- planning: tiny models, other methods --------------------------------------------------


def random_model(seed: int, n: int, a: int, k: int, stop: float) -> TabularModel:
    """A model with whole rewards from −4 to 4; some outcomes are unused, some end the episode."""
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet(np.ones(k), (n, a)) * (rng.random((n, a, k)) < 0.8)
    probability[..., 0] += 0.05
    probability /= probability.sum(-1, keepdims=True)
    return TabularModel(
        env_id="random",
        probability=probability,
        next_obs=rng.integers(n, size=(n, a, k)),
        reward=rng.integers(-4, 5, (n, a, k)).astype(float),
        terminated=rng.random((n, a, k)) < stop,
        initial=np.eye(n)[0],
        max_episode_steps=None,
    )


models = st.builds(
    random_model,
    st.integers(0, 2**32 - 1),
    n=st.integers(1, 4),
    a=st.integers(1, 3),
    k=st.integers(1, 3),
    stop=st.sampled_from([0.0, 0.2, 0.5]),
)
gammas = st.sampled_from([0.0, 0.5, 0.9])
epsilons = st.sampled_from([0.0, 0.1, 0.7, 1.0])


def plain_tables(model):
    """Return mean rewards [N, A] and P [N, A, N] of the moves that go on, by plain loops."""
    n, a, k = model.probability.shape
    reward, move = np.zeros((n, a)), np.zeros((n, a, n))
    for s, b, j in itertools.product(range(n), range(a), range(k)):
        p = model.probability[s, b, j]
        reward[s, b] += p * model.reward[s, b, j]
        if not model.terminated[s, b, j]:
            move[s, b, model.next_obs[s, b, j]] += p
    return reward, move


def value_of(model, policy, gamma):
    reward, move = plain_tables(model)
    system = np.eye(model.n_states) - gamma * np.einsum("sa,sat->st", policy, move)
    return np.linalg.solve(system, (policy * reward).sum(1))


@FEW
@given(models, gammas)
def test_value_iteration_agrees_with_linear_programming(model, gamma):
    # the smallest v with v(s) >= r(s, a) + gamma Σ P(s' | s, a) v(s') for all s, a is optimal
    reward, move = plain_tables(model)
    n, a = reward.shape
    above = (gamma * move - np.eye(n)[:, None]).reshape(n * a, n)
    found = linprog(np.ones(n), A_ub=above, b_ub=-reward.ravel(), bounds=(None, None))
    where = model.reachable()
    q = planning.value_iteration(model, gamma).q
    assert q[where].max(1) == pytest.approx(found.x[where], abs=1e-6)
    assert q[where] == pytest.approx((reward + gamma * move @ found.x)[where], abs=1e-6)
    assert not q[~where].any()


@FEW
@given(models, gammas, epsilons)
def test_value_iteration_agrees_with_the_best_of_all_policies(model, gamma, epsilon):
    n, a = model.n_states, model.n_actions
    handicapped = [
        (1 - epsilon) * np.eye(a)[list(intent)] + epsilon / a
        for intent in itertools.product(range(a), repeat=n)
    ]
    best = np.max([value_of(model, policy, gamma) for policy in handicapped], axis=0)
    reward, move = plain_tables(model)
    where = model.reachable()
    q = planning.value_iteration(model, gamma, epsilon=epsilon).q
    assert q[where] == pytest.approx((reward + gamma * move @ best)[where], abs=1e-6)


@FEW
@given(models, gammas, st.integers(0, 2**32 - 1))
def test_policy_evaluation_agrees_with_plain_equations_and_with_sweeps(model, gamma, seed):
    rng = np.random.default_rng(seed)
    policy = rng.dirichlet(np.ones(model.n_actions), model.n_states)
    where = model.reachable()
    v = planning.policy_evaluation(model, policy, gamma)
    assert v[where] == pytest.approx(value_of(model, policy, gamma)[where], abs=1e-8)
    assert not v[~where].any()
    reward, move = plain_tables(model)
    sweep = np.zeros(model.n_states)
    for _ in range(300):
        sweep = (policy * (reward + gamma * move @ sweep)).sum(1)
    assert v[where] == pytest.approx(sweep[where], abs=1e-6)


@FEW
@given(models, gammas, epsilons)
def test_each_sweep_shrinks_the_changes_by_gamma(model, gamma, epsilon):
    values = planning.value_iteration(model, gamma, epsilon=epsilon)
    assert (values.changes[1:] <= gamma * values.changes[:-1] + 1e-12).all()
    assert values.changes[-1] < 1e-10
    assert (values.changes[:-1] >= 1e-10).all()  # no sweep too many
    # the best policy's own value is the one that value iteration found
    soft = planning.soft_policy(np.round(values.q, 8), epsilon)
    v = planning.policy_evaluation(model, soft, gamma)
    assert v == pytest.approx((soft * values.q).sum(1) * model.reachable(), abs=1e-6)


def outcomes_of(model):
    """Return a model as Gymnasium shows it: [obs][action] -> (p, next_obs, reward, terminated)."""
    parts = (model.probability, model.next_obs, model.reward, model.terminated)
    return {
        s: {
            b: [tuple(part[s, b, j] for part in parts) for j in range(model.probability.shape[2])]
            for b in range(model.n_actions)
        }
        for s in range(model.n_states)
    }


@FEW
@given(models, gammas)
def test_sweeps_settle_where_value_iteration_does(model, gamma):
    q, outcomes = np.zeros((model.n_states, model.n_actions)), outcomes_of(model)
    for _ in range(300):
        before, q = q.copy(), planning.value_iteration_sweep(q, outcomes, gamma)
    assert q == pytest.approx(before, abs=1e-9)
    where = model.reachable()
    assert q[where] == pytest.approx(planning.value_iteration(model, gamma).q[where], abs=1e-9)


def test_a_sweep_by_hand():
    outcomes = {
        0: {0: [(0.75, 1, -1, False), (0.25, 0, 3, True)], 1: [(1.0, 0, -2, False)]},
        1: {0: [(1.0, 0, 5, True)], 1: [(1.0, 1, -1, False)]},
    }
    q = np.array([[1.0, 2.0], [4.0, -6.0]])
    # 0.75 (−1 + 0.5 · 4) + 0.25 · 3; −2 + 0.5 · 2; 5; −1 + 0.5 · 4
    assert planning.value_iteration_sweep(q, outcomes, 0.5).tolist() == [[1.5, -1], [5, 1]]
    assert q.tolist() == [[1, 2], [4, -6]]  # only read


def test_returns_of_greedy_paths_are_counted(cliff):
    best, loop = planning.value_iteration(cliff).q, np.zeros((48, 4))
    loop[START, UP] = loop[24, DOWN] = 1.0
    assert planning.greedy_returns([best, loop, best], cliff) == {-13.0: 2, "loops": 1}


def test_the_bound_on_the_changes_is_tight():
    model = random_model(0, 1, 1, 1, 0.0)  # one state forever, one reward
    changes = planning.value_iteration(model, 0.9).changes
    assert changes[0] == abs(model.reward.item()) > 0
    assert (changes[1:] / changes[:-1])[:100] == pytest.approx(0.9, abs=1e-6)


def two_states() -> TabularModel:
    """0: stay for 1, or go on for 0. 1: back for 0, or end for 10 (noted as leading to 0)."""
    return TabularModel(
        env_id="two",
        probability=np.ones((2, 2, 1)),
        next_obs=np.array([[[0], [1]], [[0], [0]]]),
        reward=np.array([[[1.0], [0]], [[0], [10]]]),
        terminated=np.array([[[False], [False]], [[False], [True]]]),
        initial=np.array([1.0, 0]),
        max_episode_steps=None,
    )


def test_value_iteration_by_hand():
    # v(1) = 10, since the end has no value; v(0) = max(1 + v(0) / 2, 10 / 2) = 5
    values = planning.value_iteration(two_states(), 0.5)
    assert values.q == pytest.approx(np.array([[3.5, 5.0], [2.5, 10.0]]))
    # from zero: (1, 0; 0, 10), (1.5, 5; 0.5, 10), (3.5, 5; 2.5, 10), the same again
    assert values.changes == pytest.approx([10, 5, 2, 0])


def test_endless_reward_is_an_error_in_words():
    with pytest.raises(RuntimeError, match=r"in 50 sweeps: .* by 1\. .*try gamma below 1"):
        planning.value_iteration(two_states(), 1.0, max_sweeps=50)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), True, "1", None])
def test_planning_refuses_bad_numbers(value):
    model = two_states()
    for name in ("gamma", "epsilon"):
        with pytest.raises(ValueError, match=f"^{name} must be"):
            planning.value_iteration(model, **{name: value})
    with pytest.raises(ValueError, match=r"^gamma must be"):
        planning.policy_evaluation(model, np.full((2, 2), 0.5), value)


def test_policy_evaluation_by_hand():
    # 0 stays or goes on by half; 1 always ends: v(1) = 10, v(0) = (1 + v(0)/2)/2 + (10/2)/2
    policy = np.array([[0.5, 0.5], [0.0, 1.0]])
    assert planning.policy_evaluation(two_states(), policy, 0.5) == pytest.approx([4.0, 10.0])
    # gamma = 1 is fine where the end comes with certainty: v(0) = (1 + v(0))/2 + 10/2
    assert planning.policy_evaluation(two_states(), policy) == pytest.approx([11.0, 10.0])


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (np.full((2, 3), 1 / 3), r"shape \(2, 2\).*but it has \(2, 3\)"),
        (np.full(2, 0.5), r"shape \(2, 2\)"),
        (np.full((2, 2), 0.4), "sum to 1"),
        ([[1.5, -0.5], [0.5, 0.5]], "probabilities"),
        ([[np.nan, 1.0], [0.5, 0.5]], "probabilities"),
    ],
)
def test_policy_evaluation_refuses_what_is_no_policy(policy, words):
    with pytest.raises(ValueError, match=words):
        planning.policy_evaluation(two_states(), policy, 0.5)


@pytest.mark.parametrize("env_id", ["CliffWalking-v1", "CliffWalkingSlippery-v1", "FrozenLake-v1"])
def test_an_endless_policy_has_no_value_at_gamma_one(env_id):
    # always left, or on the lake always up: the goal is never met. On slippery ground the
    # equations are singular only up to rounding, and would give −10¹⁶ without a word
    model = TabularModel.from_env(env_id)
    action = 3
    policy = np.tile(np.eye(4)[action], (model.n_states, 1))
    with pytest.raises(ValueError, match=r"may never end.*gamma below 1"):
        planning.policy_evaluation(model, policy)
    assert np.isfinite(planning.policy_evaluation(model, policy, 0.99)).all()


# -- Cliff Walking -------------------------------------------------------------------------


def test_optimal_values_of_cliff_walking_are_minus_the_steps_to_the_goal(cliff):
    values = planning.value_iteration(cliff)
    for state in range(48):
        row, column = divmod(state, 12)
        if row < 3:
            assert values.q[state].max() == -((11 - column) + (3 - row))
        elif state == START:
            assert values.q[state].tolist() == [-13, -113, -14, -14]
        else:
            assert not values.q[state].any()
    assert np.count_nonzero(values.q.any(1)) == 37
    assert values.q[25, DOWN] == -113  # off the cliff: −100, and then 13 from the start


def path_table(row: int) -> np.ndarray:
    """Go to the row, along it and down in the last column; come back to it when thrown off."""
    q = np.zeros((48, 4))
    for state in range(48):
        r, c = divmod(state, 12)
        q[state, DOWN if c == 11 or r < row else UP if r > row else RIGHT] = 1
    return q


PATHS = [(0, -17, -22.27), (1, -15, -21.05), (2, -13, -51.81)]  # row, greedy and 0.1-soft return


def simulate(row: int, epsilon: float, agents: int, seed: int) -> np.ndarray:
    """Walk by the rules of the game, without the model: returns of one episode each."""
    rng = np.random.default_rng(seed)
    r, c = np.full(agents, 3), np.zeros(agents, int)
    total, going = np.zeros(agents), np.ones(agents, bool)
    while going.any():
        intent = np.where((c == 11) | (r < row), DOWN, np.where(r > row, UP, RIGHT))
        explore = rng.random(agents) < epsilon
        action = np.where(explore, rng.integers(4, size=agents), intent)
        new_r = np.clip(r + (action == DOWN) - (action == UP), 0, 3)
        new_c = np.clip(c + (action == RIGHT) - (action == LEFT), 0, 11)
        fell = (new_r == 3) & (new_c > 0) & (new_c < 11)
        total -= going * np.where(fell, 100, 1)
        r, c = np.where(fell, 3, new_r), np.where(fell, 0, new_c)
        going &= (r != 3) | (c != 11)
    return total


@pytest.mark.parametrize(("row", "greedy", "soft"), PATHS)
def test_the_three_paths_of_cliff_walking(cliff, row, greedy, soft):
    q = path_table(row)
    path = planning.greedy_path(q, cliff)
    assert (path.total_reward, path.terminated) == (greedy, True)
    v = planning.policy_evaluation(cliff, planning.soft_policy(q, 0.1))
    assert v[START] == pytest.approx(soft, abs=0.005)
    assert planning.policy_evaluation(cliff, planning.soft_policy(q, 0.0))[START] == greedy
    played = simulate(row, 0.1, agents=20_000, seed=row)
    assert v[START] == pytest.approx(played.mean(), abs=6 * played.std() / 20_000**0.5)


def test_the_best_soft_policy_stays_away_from_the_edge_but_not_at_the_top(cliff):
    values = planning.value_iteration(cliff, epsilon=0.1)
    soft = planning.soft_policy(values.q, 0.1)
    assert (soft * values.q).sum(1)[START] == pytest.approx(-20.708, abs=0.005)
    assert planning.policy_evaluation(cliff, soft)[START] == pytest.approx(-20.708, abs=0.005)
    path = planning.greedy_path(values.q, cliff)
    assert (path.total_reward, path.terminated) == (-15, True)


# -- greedy paths --------------------------------------------------------------------------


def test_the_greedy_path_by_hand(cliff):
    path = planning.greedy_path(path_table(2), cliff)
    assert path.states == (36, *range(24, 36), 47)
    assert path.actions == (UP, *[RIGHT] * 11, DOWN)
    assert path.total_reward == -13
    assert path.terminated


@pytest.mark.parametrize(
    ("moves", "states", "total"),
    [
        ({36: LEFT}, (36, 36), -1),  # against the wall
        ({36: RIGHT}, (36, 36), -100),  # off the cliff, back to the start
        ({36: UP, 24: DOWN}, (36, 24, 36), -2),
        ({36: UP, 24: UP, 12: RIGHT, 13: LEFT}, (36, 24, 12, 13, 12), -4),
        ({36: UP, 24: RIGHT, 25: DOWN}, (36, 24, 25, 36), -102),
    ],
)
def test_a_greedy_path_that_goes_round_is_found_out(cliff, moves, states, total):
    q = np.zeros((48, 4))
    for state, action in moves.items():
        q[state, action] = 1
    path = planning.greedy_path(q, cliff)
    assert (path.states, path.total_reward, path.terminated) == (states, total, False)
    assert path.actions == tuple(moves.values())


def test_a_greedy_path_takes_the_first_of_ties_and_the_likeliest_outcome():
    model = TabularModel(
        env_id="likely",
        probability=np.array([[[0.3, 0.7], [1, 0]], [[1, 0], [1, 0]], [[1, 0], [1, 0]]]),
        next_obs=np.array([[[1, 2], [1, 0]], [[1, 0], [1, 0]], [[0, 0], [0, 0]]]),
        reward=np.array([[[5.0, -1], [9, 0]], [[0, 0], [0, 0]], [[4, 8], [0, 0]]]),
        terminated=np.array([[[False] * 2] * 2, [[False] * 2] * 2, [[True, False], [True, False]]]),
        initial=np.array([0.6, 0.4, 0]),
        max_episode_steps=None,
    )
    path = planning.greedy_path(np.zeros((3, 2)), model)
    assert path == planning.Path((0, 2, 0), (0, 0), 3.0, True)


# -- playing -------------------------------------------------------------------------------


def test_a_rollout_without_chance_is_the_greedy_path(cliff):
    q = path_table(1)
    before = q.copy()
    assert planning.rollout(q, cliff, 0.0, seed=0, steps=100) == planning.greedy_path(q, cliff)
    assert np.array_equal(q, before)


def test_a_rollout_stops_at_its_length_and_may_come_back(cliff):
    q = np.zeros((48, 4))
    q[:, LEFT] = 1
    path = planning.rollout(q, cliff, 0.0, seed=0, steps=7)
    assert path == planning.Path((36,) * 8, (LEFT,) * 7, -7.0, False)
    many = [planning.rollout(path_table(0), cliff, 0.1, seed, 1000) for seed in range(300)]
    assert all(p.terminated for p in many)
    returns = np.array([p.total_reward for p in many])  # exactly −22.27 on average, see above
    assert returns.mean() == pytest.approx(-22.27, abs=6 * returns.std() / 300**0.5)
    assert many[3] == planning.rollout(path_table(0), cliff, 0.1, 3, 1000)
