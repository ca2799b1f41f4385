"""Lesson 07: dueling heads, distributions of returns, noisy layers. Expected values by hand."""

from collections.abc import Callable

import numpy as np

from dqnlib.course.messages import during, mistaken, show
from dqnlib.course.types import Case, Check, Mistake, Part, Problem

TITLE = "07 Parts of Rainbow"

# -- dueling -------------------------------------------------------------------------------


def _heads(value, advantage, expected, story) -> Case:
    args = {"value": np.array(value, np.float32), "advantage": np.array(advantage, np.float32)}
    return Case(args, np.array(expected, np.float32), story)


DUELING = Check(
    path="dqnlib.networks.dueling",
    tensors=True,
    returns="a tensor [B, A]",
    cases=(
        # means 1 and 2: 4 + 1 − 1, 4 + 3 − 1, 4 − 1 − 1; −1 + 0 − 2, −1 + 6 − 2, −1 + 0 − 2
        _heads(
            [[4], [-1]],
            [[1, 3, -1], [0, 6, 0]],
            [[4, 6, 2], [-3, 3, -3]],
            "two observations, three actions",
        ),
        # means 3 and −3: 1 + 2 − 3, 1 + 4 − 3; 10 − 6 + 3, 10 + 0 + 3
        _heads([[1], [10]], [[2, 4], [-6, 0]], [[0, 2], [7, 13]], "two observations, two actions"),
        # mean −4: 2 − 5 + 4, 2 − 7 + 4, 2 − 1 + 4, 2 − 3 + 4
        _heads([[2]], [[-5, -7, -1, -3]], [[1, -1, 5, 3]], "one observation, four actions"),
        # mean 7: 3 + 7 − 7
        _heads([[3]], [[7]], [[3]], "a single action: it has nothing to be better than"),
    ),
    mistakes=(
        Mistake(
            "the two heads are only added",
            "A constant could wander between V and A. Take the mean of each row of A away, so that "
            "the advantages of a state are 0 on average.",
            lambda v, a: v + a,
        ),
        Mistake(
            "the largest advantage is taken away in place of the mean",
            "The paper gives this form, too (its equation 8), but learns with the mean, which "
            "changes more slowly: advantage.mean(dim=1, keepdim=True).",
            lambda v, a: v + a - a.amax(dim=1, keepdim=True),
        ),
        Mistake(
            "the smallest advantage is taken away in place of the mean",
            "Take the mean of each row: advantage.mean(dim=1, keepdim=True).",
            lambda v, a: v + a - a.amin(dim=1, keepdim=True),
        ),
        Mistake(
            "the median in place of the mean",
            "The median is another number: advantage.mean(dim=1, keepdim=True).",
            lambda v, a: v + a - a.median(dim=1, keepdim=True).values,
        ),
        Mistake(
            "the mean over the batch in place of the actions",
            "Axis 0 counts observations, axis 1 actions: the mean is over dim=1.",
            lambda v, a: v + a - a.mean(dim=0, keepdim=True),
        ),
        Mistake(
            "one mean for the whole batch",
            "Each observation has advantages of its own: mean(dim=1, keepdim=True).",
            lambda v, a: v + a - a.mean(),
        ),
        Mistake(
            "the sum of the advantages in place of their mean",
            "Divide by the number of actions: that is what mean does.",
            lambda v, a: v + a - a.sum(dim=1, keepdim=True),
        ),
        Mistake(
            "the mean has the wrong sign",
            "It is taken away, not added.",
            lambda v, a: v + a + a.mean(dim=1, keepdim=True),
        ),
        Mistake(
            "the state's value is missing",
            "An action value is the state's value plus what the action adds: begin with value.",
            lambda v, a: a - a.mean(dim=1, keepdim=True),
        ),
        Mistake(
            "the mean of the advantages alone is used",
            "Each action keeps its own advantage: value + advantage - mean.",
            lambda v, a: v + a.mean(dim=1, keepdim=True) + 0 * a,
        ),
        Mistake(
            "the advantages have the wrong sign",
            "A better action has the larger advantage and the larger value.",
            lambda v, a: v - a + a.mean(dim=1, keepdim=True),
        ),
        Mistake(
            "value and advantage are multiplied",
            "The advantage is what an action adds: a sum, not a product.",
            lambda v, a: v * (a - a.mean(dim=1, keepdim=True)),
        ),
        Mistake(
            "the advantages become shares",
            "No softmax: advantages are returns, and may be negative.",
            lambda v, a: v + a.softmax(dim=1),
        ),
        Mistake(
            "the advantages are scaled",
            "Only the mean is taken away. Dividing by their size would change what actions are "
            "worth.",
            lambda v, a: (
                v + (a - a.mean(dim=1, keepdim=True)) / (a.std(dim=1, keepdim=True) + 1e-8)
            ),
        ),
        Mistake(
            "a mean [B] meets a table [B, A]",
            "Without keepdim=True the mean of each row has the shape [B] and is taken for a row of "
            "actions: mean(dim=1, keepdim=True) gives [B, 1].",
            raises=("must match the size of tensor", "must match the existing size"),
        ),
    ),
    hints=(
        "What must be the mean over the actions of the advantages that really count? Subtract so "
        "that it is.",
        "Three terms: `value` [B, 1], `advantage` [B, A], and the mean of each row of `advantage`, "
        "which must keep its axis to be [B, 1]. Two of them are added, one is taken away.",
        "`return value + advantage - advantage.mean(dim=1, keepdim=True)`",
    ),
)

# -- project_distribution ------------------------------------------------------------------


def _moved(next_probs, reward, terminated, discount, support, expected, story) -> Case:
    args = {
        "next_probs": np.array(next_probs, np.float32),
        "reward": np.array(reward, np.float32),
        "terminated": np.array(terminated),
        "discount": discount,
        "support": np.array(support, np.float32),
    }
    return Case(args, np.array(expected, np.float32), story)


def _land(r, t, g, z):
    return r + g * z * (not t)


def _share(place: float, last: int):
    """Return what of an atom goes where: pairs (atom, share); place: 0 to last."""
    below = min(int(place // 1), last)
    return (below, 1 - (place - below)), (min(below + 1, last), place - below)


def _slow(
    *,
    land: Callable = _land,
    share: Callable = _share,
    outside: Callable = lambda place, last: min(max(place, 0.0), last),
    gap: Callable = lambda z: (z[-1] - z[0]) / (len(z) - 1),
    low: Callable = lambda z: z[0],
    weight: Callable = lambda p, g: p,
    add: bool = True,
    over: Callable = lambda t, b: t[b],
) -> Callable:
    """Make a projection, atom by atom, that differs in one thing, as a mistake does."""

    def wrong(next_probs, reward, terminated, discount, support):
        import torch

        z, last = support.tolist(), len(support) - 1
        target = torch.zeros_like(next_probs)
        for b in range(len(reward)):
            for j in range(len(z)):
                landed = land(float(reward[b]), bool(over(terminated, b)), discount, z[j])
                place = (landed - low(z)) / gap(z) if last else 0.0
                place = outside(place, last)
                if place is None:
                    continue
                for k, part in share(place, last):
                    mass = part * weight(float(next_probs[b, j]), discount)
                    if 0 <= k <= last:
                        target[b, k] = mass + (float(target[b, k]) if add else 0.0)
        return target

    return wrong


def _lost(place: float, last: int):
    return place if -1e-6 <= place <= last + 1e-6 else None


def _floor_and_ceil(place: float, last: int):
    below = int(place // 1)
    above = below if place == below else below + 1
    return (below, above - place), (above, place - below)


def _reward_by_atom(next_probs, reward, terminated, discount, support):
    landed = (reward + discount * support * ~terminated[:, None]).clamp(support[0], support[-1])
    gap = (support[-1] - support[0]) / max(len(support) - 1, 1)
    if gap == 0:
        return next_probs.clone()
    share = (1 - (landed[:, None, :] - support[:, None]).abs() / gap).clamp(min=0)
    return (share * next_probs[:, None, :]).sum(dim=2)


PROJECT_DISTRIBUTION = Check(
    path="dqnlib.targets.project_distribution",
    tensors=True,
    returns="a tensor [B, K]: one distribution a transition",
    cases=(
        # row 0 lands at 0.5, 1, 1.5: 0.1 + 0.1, 0.5, 0.15 + 0.15, so 0.1, 0.75, 0.15
        # row 1 is over: all lands at 1.25, a quarter of the way from 1 to 2
        # row 2 lands at −1, −0.5 and 0: all goes to the lowest atom
        _moved(
            [[0.2, 0.5, 0.3], [0.6, 0.1, 0.3], [0.2, 0.2, 0.6]],
            [0.5, 1.25, -1],
            [False, True, False],
            0.5,
            [0, 1, 2],
            [[0.1, 0.75, 0.15], [0, 0.75, 0.25], [1, 0, 0]],
            "three atoms 0, 1, 2; the second transition ended its episode",
        ),
        # row 0 lands at −1, 3 and 7, which is 6: 0.3 + 0.1, 0.3 + 0.1, 0.2
        # row 1 is over: all lands at 3
        _moved(
            [[0.4, 0.4, 0.2], [0.2, 0.7, 0.1]],
            [1, 3],
            [False, True],
            1.0,
            [-2, 2, 6],
            [[0.3, 0.4, 0.3], [0, 0.75, 0.25]],
            "three atoms −2, 2, 6; nothing is discounted",
        ),
        # all lands on atoms: as it is; at the upper end; at the lower end
        _moved(
            [[0.3, 0.7], [0.5, 0.5], [0.9, 0.1]],
            [0, 10, 0],
            [False, True, True],
            1.0,
            [0, 10],
            [[0.3, 0.7], [0, 1], [1, 0]],
            "two atoms, 0 and 10, and all mass lands on an atom",
        ),
        # 0.4 lands at 2 + 0.5 · 8 = 6, which is past 5; from −5 at −0.5, from 0 at 2, from 5 at 4.5
        # −0.5: 0.1 · 0.1 to −5 and 0.09 to 0; 2: 0.3 · 0.6 and 0.3 · 0.4; 4.5: 0.6 · 0.1 and 0.54
        _moved(
            [[0.1, 0.3, 0.6]],
            [2],
            [False],
            0.5,
            [-5, 0, 5],
            [[0.01, 0.09 + 0.18 + 0.06, 0.12 + 0.54]],
            "three atoms −5, 0, 5",
        ),
        # a single atom takes all
        _moved([[1.0], [1.0]], [3, -3], [False, True], 0.9, [5], [[1], [1]], "a single atom"),
    ),
    mistakes=(
        Mistake(
            "what follows is kept after the end",
            "After termination the return is the reward alone: every atom lands there. A product "
            "with ~terminated[:, None] does it.",
            _slow(land=lambda r, t, g, z: r + g * z),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts while the episode goes on.",
            _slow(land=lambda r, t, g, z: r + g * z * t),
        ),
        Mistake(
            "one ended episode ends all of them",
            "Each row has its own episode: terminated[:, None], without any().",
            _slow(over=lambda t, b: t.any()),
        ),
        Mistake(
            "mass that leaves the support is lost",
            "A distribution sums to 1. What lands outside goes to the nearest end: clamp the "
            "places to support[0] and support[-1].",
            _slow(outside=_lost),
        ),
        Mistake(
            "mass that lands on an atom is lost",
            "Where a place is a whole number, the atoms below and above are the same, and both "
            "shares are 0. Let the share of the lower one be 1 − (place − below).",
            _slow(share=_floor_and_ceil),
        ),
        Mistake(
            "all mass goes to the nearest atom",
            "Share it out between both neighbors, by how near it is to each: rounding would move "
            "the mean.",
            _slow(share=lambda place, last: ((round(place), 1.0),)),
        ),
        Mistake(
            "all mass goes to the atom below",
            "Share it out between both neighbors, by how near it is to each: rounding down would "
            "lower the mean.",
            _slow(share=lambda place, last: ((int(place), 1.0),)),
        ),
        Mistake(
            "the neighbors' shares are swapped",
            "The nearer atom gets more: one that is a quarter of the way up gives ¾ to the lower "
            "atom.",
            _slow(
                share=lambda place, last: tuple(
                    (k, s)
                    for (k, _), (_, s) in zip(
                        _share(place, last), _share(place, last)[::-1], strict=True
                    )
                )
            ),
        ),
        Mistake(
            "each neighbor gets half",
            "How much each neighbor gets depends on how near it is.",
            _slow(
                share=lambda place, last: (
                    ((int(place), 1.0),)
                    if place == int(place)
                    else ((int(place), 0.5), (int(place) + 1, 0.5))
                )
            ),
        ),
        Mistake(
            "shares that meet on an atom are not added up",
            "Several atoms may land beside the same one: scatter_add_, or index_add_, in place of "
            "an assignment.",
            _slow(add=False),
        ),
        Mistake(
            "the discount is missing",
            "What follows shrinks: reward + discount * support.",
            _slow(land=lambda r, t, g, z: r + z * (not t)),
        ),
        Mistake(
            "the reward is discounted as well",
            "Only what follows is discounted: reward + discount * support.",
            _slow(land=lambda r, t, g, z: g * (r + z * (not t))),
        ),
        Mistake(
            "the reward is missing",
            "The atoms are moved by the reward: reward + discount * support.",
            _slow(land=lambda r, t, g, z: g * z * (not t)),
        ),
        Mistake(
            "the probabilities are discounted in place of the atoms",
            "Probabilities still sum to 1. It is the returns that shrink: discount * support.",
            _slow(land=lambda r, t, g, z: r + z * (not t), weight=lambda p, g: g * p),
        ),
        Mistake(
            "the distance of the atoms is taken for 1",
            "Divide by the distance of two neighbors on the support before you look for the atoms "
            "beside a place.",
            _slow(gap=lambda z: 1.0),
        ),
        Mistake(
            "the lowest atom is taken for 0",
            "A place on the support is counted from support[0]: subtract it.",
            _slow(low=lambda z: 0.0),
        ),
        Mistake(
            "the next distribution is returned as it was",
            "It must be shrunk by the discount, moved by the reward, and put back on the atoms.",
            lambda p, r, t, g, z: p.clone(),
        ),
        Mistake(
            "the places are returned in place of their mass",
            "reward + discount * support is where the atoms land. What is wanted is how much mass "
            "each atom of the support gets.",
            lambda p, r, t, g, z: (r[:, None] + g * z * ~t[:, None]).clamp(z[0], z[-1]),
        ),
        Mistake(
            "a reward [B] meets the atoms [K]",
            "reward[:, None] has the shape [B, 1], and so one row of atoms a transition comes out: "
            "[B, K].",
            _reward_by_atom,
            raises=("must match the size of tensor",),
        ),
        Mistake(
            "places are used as an index before they are whole numbers",
            "floor() gives a float: .long() makes an index of it.",
            raises=(
                "expected scalar type Long",
                "must be long, int",
                "Expected dtype int32/int64 for index",
                "for index",
                "tensors used as indices",
            ),
        ),
    ),
    hints=(
        "Three movements: shrink and move the atoms, keep them inside the support, share each "
        "one's mass out between its two neighbors. Which of them depends on `terminated`?",
        "`landed = reward[:, None] + discount * support * ~terminated[:, None]` [B, K], clamped to "
        "the ends of the support. The share of atom k in what landed at x is "
        "1 − |x − z_k| / gap, and 0 where that is negative: a table [B, K to, K from].",
        "With `gap = (support[-1] - support[0]) / (len(support) - 1)`: "
        "`distance = (landed[:, None, :] - support[:, None]).abs() / gap`, "
        "`share = (1 - distance).clamp(min=0)`, "
        "`return (share * next_probs[:, None, :]).sum(dim=2)`. A single atom has no gap: it takes "
        "all.",
    ),
)

# -- NoisyLinear ---------------------------------------------------------------------------

NOISE = "f(x) = sign(x) · √|x| of draws from N(0, 1)"


def _made(cls, inputs: int, outputs: int):
    import torch

    with during(f"This case: NoisyLinear({inputs}, {outputs})"), torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return cls(inputs, outputs)


def _drawn(layer, seed: int, where: str) -> np.ndarray:
    """Return the noise [inputs + outputs] after reset_noise with a generator of this seed."""
    import torch

    with during(f"This case: {where}"):
        layer.reset_noise(torch.Generator().manual_seed(seed))
    noise = layer.noise
    got = list(noise.shape) if isinstance(noise, torch.Tensor) else type(noise).__name__
    if got != [layer.weight.shape[1] + layer.weight.shape[0]]:
        raise mistaken(
            where, "noise: one number an input and one an output, [inputs + outputs]",
            f"noise: {got}", "the noise has another shape",
            "Draw inputs + outputs numbers: those of the inputs, then those of the outputs. "
            "self.noise has that shape already: torch.randn(self.noise.shape, generator=rng).",
        )  # fmt: skip
    return noise.detach().clone().numpy()


def judge_reset_noise(cls) -> None:
    """Raise Problem unless noise is drawn anew, from the generator, with the paper's f."""
    import torch

    where = "a layer of 300 inputs and 700 outputs, reset_noise(rng)"
    layer = _made(cls, 300, 700)
    before = torch.random.get_rng_state()
    first, again, other = (_drawn(layer, seed, where) for seed in (0, 0, 1))
    if not first.any():
        raise mistaken(
            where, NOISE, "zeros, as before", "the noise stays as it was",
            "Store what is drawn: self.noise.copy_(...), or self.noise = ...",
        )  # fmt: skip
    if not torch.equal(before, torch.random.get_rng_state()) or not np.array_equal(
        first, again, equal_nan=True
    ):
        raise mistaken(
            where + ", twice, with generators of the same seed", "the same noise both times",
            f"{show(first[:3])} and {show(again[:3])}", "another generator than rng",
            "torch.randn(..., generator=rng) draws from the argument: only so can a run be "
            "repeated.",
        )  # fmt: skip
    if np.array_equal(first, other):
        raise mistaken(
            where + ", with generators of different seeds", "different noise",
            f"{show(first[:3])} both times", "the generator rng is not used",
            "torch.randn(..., generator=rng) draws from the argument.",
        )  # fmt: skip
    _judge_distribution(first, where)


def _no_roots_of_negative_numbers(noise: np.ndarray, where: str) -> None:
    if np.isnan(noise).any():
        raise mistaken(
            where, NOISE, "NaN among them", "the root of negative numbers",
            "Take the root of abs(), and put the sign back in front.",
        )  # fmt: skip


def _judge_distribution(noise: np.ndarray, where: str) -> None:
    rng = np.random.default_rng(0)
    draws = rng.standard_normal(200_000)
    known = {
        "the draws are not changed by f": draws,
        "the sign is lost": np.sqrt(np.abs(draws)),
        "f without its root": np.sign(draws),
        "the noise is drawn evenly in place of normally": rng.uniform(size=200_000),
        "a square in place of the root": np.sign(draws) * draws**2,
    }
    right = np.sign(draws) * np.sqrt(np.abs(draws))
    _no_roots_of_negative_numbers(noise, where)
    apart = {name: _apart(noise, values) for name, values in known.items()}
    if _apart(noise, right) < 0.08:
        return
    name = min(apart, key=apart.get)
    got = f"mean {noise.mean():.2f}, largest {noise.max():.2f}, smallest {noise.min():.2f}"
    if apart[name] > 0.08:
        lines = (f"This case: {where}", f"  expected  {NOISE}", f"  yours     {got}")
        raise Problem(
            *lines, "These numbers are spread in another way.", diagnosis="other noise",
            mend="Draw with torch.randn, then take f of it.",
        )  # fmt: skip
    raise mistaken(
        where, NOISE, got, name,
        "x = torch.randn(self.noise.shape, generator=rng), then x.sign() * x.abs().sqrt().",
    )  # fmt: skip


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest distance of two distribution functions (Kolmogorov and Smirnov)."""
    x = np.sort(np.concatenate([a, b[:2000]]))
    below = [np.searchsorted(np.sort(values), x, side="right") / len(values) for values in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


# two inputs, three outputs; noise of the inputs 2, −1, of the outputs 1, 0, −2
WEIGHT = [[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]]
WEIGHT_SIGMA = [[0.5, 1.0], [2.0, 1.0], [0.25, 0.5]]
BIAS, BIAS_SIGMA = [1.0, -2.0, 0.5], [0.5, 3.0, 1.0]
GIVEN = [2.0, -1.0, 1.0, 0.0, -2.0]
X = [[1.0, 1.0], [2.0, -1.0]]
# noise of the weights: (2, −1), (0, 0), (−4, 2)
# weights: (1 + 1, 2 − 1), (0, −1), (3 − 1, 1 + 1); biases 1 + 0.5, −2 + 0, 0.5 − 2
# x = (1, 1): 2 + 1 + 1.5, −1 − 2, 2 + 2 − 1.5; x = (2, −1): 4 − 1 + 1.5, 1 − 2, 4 − 2 − 1.5
NOISY = [[4.5, -3.0, 2.5], [4.5, -1.0, 0.5]]
# without noise: 1 + 2 + 1, −1 − 2, 3 + 1 + 0.5; 2 − 2 + 1, 1 − 2, 6 − 1 + 0.5
STILL = [[4.0, -3.0, 4.5], [1.0, -1.0, 5.5]]


def _filled(cls):
    import torch

    layer = _made(cls, 2, 3)
    numbers = {
        "weight": WEIGHT,
        "weight_sigma": WEIGHT_SIGMA,
        "bias": BIAS,
        "bias_sigma": BIAS_SIGMA,
    }
    with torch.no_grad():
        for name, value in numbers.items():
            getattr(layer, name).copy_(torch.tensor(value))
        layer.noise.copy_(torch.tensor(GIVEN))
    return layer


def _forward_versions() -> dict[str, tuple[list, str]]:
    """Return what mistakes give for X, by name, and how to mend them."""
    w, s, b, d = map(np.array, (WEIGHT, WEIGHT_SIGMA, BIAS, BIAS_SIGMA))
    x, noise = np.array(X), np.array(GIVEN)
    into, out = noise[:2], noise[2:]
    product = np.outer(out, into)
    other_into, other_out = noise[3:], noise[:3]  # outputs first
    bare = lambda weight, bias: x @ weight.T + bias  # noqa: E731
    both = "y = (μ + σ ∘ ε) x, for the weights and for the bias."
    return {
        "the noise is left out": (bare(w, b), both),
        "the bias is not noisy": (bare(w + s * product, b), "The bias has noise of its own: "
                                  "bias_sigma times that of the outputs."),
        "the weights are not noisy": (bare(w, b + d * out), "weight_sigma times the outer product "
                                      "of both noises is added to the weight."),
        "the noise is not scaled by sigma": (bare(w + product, b + out), "σ says how noisy each "
                                             "weight is, and is learned: σ times ε."),
        "the noise replaces the weight": (bare(s * product, d * out), "μ stays: μ + σ ∘ ε."),
        "sigma is used without noise": (bare(w + s, b + d), "σ alone is no noise: σ times ε."),
        "only the inputs' noise is used": (bare(w + s * into, b + d * out), "Each weight has the "
                                           "product of two noises, that of its output and that of "
                                           "its input."),
        "only the outputs' noise is used": (bare(w + s * out[:, None], b + d * out), "Each weight "
                                            "has the product of two noises, that of its output and "
                                            "that of its input."),
        "the noises are added in place of multiplied": (
            bare(w + s * (out[:, None] + into), b + d * out), "Factorised noise is a product: "
            "torch.outer(out, into)."),
        "inputs and outputs are swapped in the noise": (
            bare(w + s * np.outer(other_out, other_into), b + d * other_out), "The first numbers "
            "of the noise belong to the inputs, the others to the outputs."),
        "the noise is taken away": (bare(w - s * product, b - d * out), "μ + σ ∘ ε: it is added."),
        "the bias is missing": (x @ (w + s * product).T, "A layer adds its bias, which is noisy, "
                                "too."),
    }  # fmt: skip


def _output(layer, x, where: str):
    import torch

    with during(f"This case: {where}"):
        out = layer(x)
    if not isinstance(out, torch.Tensor):
        text = "None" if out is None else type(out).__name__
        raise Problem(
            f"This case: {where}", "  expected  a tensor [B, outputs]", f"  yours     {text}",
            f"forward returned {text}.",
            diagnosis="returned None" if out is None else "wrong type",
            mend="Is there a return in the last line of forward?",
        )  # fmt: skip
    return out


def judge_forward(cls) -> None:
    """Raise Problem unless the layer computes with noise in training, and without in evaluation."""
    import torch

    layer, x = _filled(cls), torch.tensor(X)
    case = f"2 inputs, 3 outputs, noise {show(np.array(GIVEN))}, x = {show(x[:1])}"
    kept = {name: p.detach().clone() for name, p in layer.named_parameters()}
    out = _output(layer, x, case)
    if list(out.shape) != [2, 3]:
        lines = (f"This case: {case}", "  expected  shape [2, 3]", f"  yours     {list(out.shape)}")
        raise Problem(
            *lines, "One row an observation, one column an output.", diagnosis="wrong shape",
            mend="functional.linear(x, weight, bias)",
        )  # fmt: skip
    if not np.allclose(out.detach(), NOISY, atol=1e-5):
        _raise_likely(out, case)
    changed = [n for n, p in layer.named_parameters() if not torch.equal(kept[n], p)]
    if changed:
        raise mistaken(
            f"{case}, and {changed[0]} afterwards", "as it was", "changed",
            "the layer changes its parameters",
            "Work out a new weight in each call; only the optimizer changes self.weight.",
        )  # fmt: skip
    layer.eval()
    still = _output(layer, x, "the same in evaluation, after layer.eval()")
    if not np.allclose(still.detach(), STILL, atol=1e-5):
        raise mistaken(
            "the same in evaluation, after layer.eval()", show(np.array(STILL[0])), show(still[0]),
            "noise in evaluation",
            "self.training is False there: compute with self.weight and self.bias alone.",
        )  # fmt: skip
    layer.train()
    if not np.allclose(_output(layer, x, case).detach(), NOISY, atol=1e-5):
        raise mistaken(
            case, "the same noise until reset_noise is called", "other noise in the next call",
            "forward draws noise",
            "The noise of a batch is one: only reset_noise draws.",
        )  # fmt: skip
    _judge_gradients(layer, x)


def _raise_likely(out, case: str) -> None:
    want, got = show(np.array(NOISY[0])), show(out[0])
    for name, (values, advice) in _forward_versions().items():
        if np.allclose(out.detach(), values, atol=1e-5):
            raise mistaken(case, want, got, name, advice)
    lines = (f"This case: {case}", f"  expected  {want}", f"  yours     {got}")
    raise Problem(*lines, diagnosis="another value")


def _judge_gradients(layer, x) -> None:
    layer.zero_grad()
    out = layer(x)
    if out.requires_grad:
        out.square().sum().backward()
    without = [n for n, p in layer.named_parameters() if p.grad is None or not p.grad.any()]
    if without:
        raise mistaken(
            "the gradient of the outputs", "one for μ and one for σ, of weights and bias",
            f"none for {', '.join(without)}", "a parameter cannot learn",
            "Is there a .data, a detach or a no_grad in forward? σ learns as μ does.",
        )  # fmt: skip


def judge_noisy_linear(cls) -> None:
    """Raise Problem unless noise is drawn as in the paper, and used as in the paper."""
    judge_reset_noise(cls)
    judge_forward(cls)


LAYER = """
class NoisyLinear(nn.Module):
    def __init__(self, inputs, outputs, sigma=0.5):
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.weight_sigma = nn.Parameter(torch.full((outputs, inputs), sigma * bound))
        self.bias_sigma = nn.Parameter(torch.full((outputs,), sigma * bound))
        self.register_buffer("noise", torch.zeros(inputs + outputs))  # f(ε): inputs, then outputs

    def reset_noise(self, rng):
        x = torch.randn(self.noise.shape, generator=rng)
        self.noise.copy_(x.sign() * x.abs().sqrt())

    def forward(self, x):  # [B, inputs] -> [B, outputs]
        if not self.training:
            return nn.functional.linear(x, self.weight, self.bias)
        outputs, inputs = self.weight.shape
        into, out = self.noise[:inputs], self.noise[inputs:]
        weight = self.weight + self.weight_sigma * torch.outer(out, into)
        return nn.functional.linear(x, weight, self.bias + self.bias_sigma * out)
"""

NOISY_LINEAR = Check(
    path="dqnlib.networks.NoisyLinear",
    judge=judge_noisy_linear,
    parts=(
        Part("reset_noise", ("__init__",), judge_reset_noise),
        Part("forward", ("__init__",), judge_forward),
    ),
    solution=LAYER,
    returns="a tensor [B, outputs]",
    mistakes=(
        Mistake(
            "the generator rng is not used",
            "torch.randn takes it by name: torch.randn(self.noise.shape, generator=rng).",
            raises=("received an invalid combination of arguments",),
        ),
        Mistake(
            "the noise of weights has the shape of their transpose",
            "weight has the shape [outputs, inputs]: torch.outer(out, into), the outputs first.",
            raises=("must match the size of tensor",),
        ),
    ),
    hints=(
        "Two parts. What does `reset_noise` draw, and how many numbers? And which of the two "
        "noises belongs to the rows of the weight, which to its columns?",
        "`reset_noise`: x = `torch.randn` of the shape of `self.noise`, with `generator=rng`, then "
        "sign times the root of the absolute value. `forward`: `into` are the first `inputs` "
        "numbers, `out` the others; the weight's noise is `torch.outer(out, into)`, the bias's is "
        "`out`; each is multiplied with its σ and added to its μ. Without `self.training`, μ "
        "alone.",
        "`self.noise.copy_(x.sign() * x.abs().sqrt())`; and `return nn.functional.linear(x, "
        "self.weight + self.weight_sigma * torch.outer(out, into), self.bias + self.bias_sigma * "
        "out)`, in evaluation `nn.functional.linear(x, self.weight, self.bias)`.",
    ),
)

CHECKS = (DUELING, PROJECT_DISTRIBUTION, NOISY_LINEAR)
