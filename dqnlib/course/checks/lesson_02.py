"""Lesson 02: function approximation. Expected values are worked by hand beside each case."""

import itertools
from contextlib import suppress

import numpy as np

from dqnlib.course.errors import NO_SUPER
from dqnlib.course.messages import during, mistaken, show
from dqnlib.course.types import Case, Check, Mistake, Part, Problem

TITLE = "02 Function approximation"

# torch is imported inside functions: the table of progress lists these checks and needs no torch.


def floats(rows) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


# -- QNetwork ------------------------------------------------------------------------------


def judge_q_network(cls) -> None:
    """Raise Problem unless the class is a network of layers with a nonlinearity in between."""
    import torch

    with torch.random.fork_rng(devices=[]):  # the lesson's own random numbers stay as they are
        torch.manual_seed(2)
        _judge_class(cls)
        net = _judge_outputs(cls, (4,), 2, (8, 6), sizes=(2, 1, 7))
        _judge_layers(net)
        _judge_widths(cls)
        _judge_several_axes(cls)
        _judge_rows(net)
        _judge_output_range(cls)
        _judge_nonlinearity(net)
        _judge_gradient(net)
        _judge_two_networks(cls)


def _call(shape, n_actions, hidden) -> str:
    return f"QNetwork(obs_shape={shape}, n_actions={n_actions}, hidden={hidden})"


def _make(cls, shape, n_actions, hidden):
    case = _call(shape, n_actions, hidden)
    with during(f"This case: {case}"):
        net = cls(shape, n_actions, hidden)
    if "_parameters" not in vars(net):
        name, advice = NO_SUPER
        want, got = "a network that knows its parameters", "a network that knows none"
        raise mistaken(case, want, got, name, advice)
    return net


def _judge_class(cls) -> None:
    """Raise Problem for layers that belong to the class and not to one network."""
    from torch import nn

    net = _make(cls, (4,), 2, (8, 6))
    for name, value in vars(cls).items():
        parts = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(part, nn.Module | nn.Parameter) for part in parts):
            raise mistaken(
                "two networks of this class",
                "layers of its own for each: self.layers = ... inside __init__",
                f"{name}, made in the body of the class, for all",
                "two networks share their layers",
                "The target network of lesson 04 must differ from the online network. Make the "
                "layers inside __init__ and store them under self.",
            )
    known = {id(part) for part in (*net.modules(), *net.parameters())}
    hidden = [
        name
        for name, value in vars(net).items()
        if isinstance(value, list | tuple | dict) and not name.startswith("_")
        for part in (value.values() if isinstance(value, dict) else value)
        if isinstance(part, nn.Module | nn.Parameter) and id(part) not in known
    ]
    if hidden:
        count = sum(1 for _ in net.parameters())
        raise mistaken(
            _call((4,), 2, (8, 6)),
            "6 parameters: a weight and a bias for each of 3 layers",
            f"{count} parameters in net.parameters()",
            "a plain list hides the layers",
            f"torch finds layers in self.{hidden[0]} only if it is an nn.ModuleList or an "
            "nn.Sequential. In a plain list the optimizer never sees them, and they never learn.",
        )


def _judge_outputs(cls, shape, n_actions, hidden, sizes):
    """Return a network whose outputs have the shape [B, A]; raise Problem for another."""
    import torch

    net = _make(cls, shape, n_actions, hidden)
    for size in sizes:
        obs = torch.randn(size, *shape)
        before = obs.clone()
        case = f"{_call(shape, n_actions, hidden)} on obs of shape {list(obs.shape)}"
        with during(f"This case: {case}"):
            out = net(obs)
        want = f"shape {[size, n_actions]}: one value an action for each observation"
        if out is None:
            raise Problem(
                f"This case: {case}", f"  expected  {want}", "  yours     None",
                "forward returned None.", diagnosis="returned None",
                mend="Is there a return in the last line of forward?",
            )  # fmt: skip
        if not isinstance(out, torch.Tensor):
            raise Problem(
                f"This case: {case}", f"  expected  {want}", f"  yours     {show(out)}",
                f"forward returned {type(out).__name__}, but a tensor is wanted.",
                diagnosis="wrong type",
            )  # fmt: skip
        if tuple(out.shape) != (size, n_actions):
            raise _wrong_shape(case, want, tuple(out.shape), size, n_actions, hidden)
        if not torch.equal(obs, before):
            raise Problem(
                f"This case: {case}",
                f"  obs before   {show(before[0])}, ...",
                f"  obs after    {show(obs[0])}, ...",
                "It changed its argument obs. The replay buffer still needs it.",
                diagnosis="arguments changed",
                mend="Take out what works in place: obs -= ..., relu_(obs) or inplace=True.",
            )
    return net


def _wrong_shape(case, want, shape, size, n_actions, hidden) -> Problem:
    got = f"shape {list(shape)}"
    if size == 1 and shape == (n_actions,):
        return mistaken(
            case, want, got, "the batch axis is lost",
            "squeeze() takes away every axis of length 1, and that of a batch of one as well; "
            "obs.flatten() joins all axes. Keep the first axis: nn.Flatten() does.",
        )  # fmt: skip
    if shape == (size, hidden[-1]):
        return mistaken(
            case, want, got, "the output layer is missing",
            "After the last hidden layer comes one more: from hidden[-1] units to n_actions, "
            "one value for each action.",
        )  # fmt: skip
    if shape in ((size,), (size, 1)):
        return mistaken(
            case, want, got, "one value in place of one for each action",
            "The output is the whole row of action values: choosing the largest comes later.",
        )  # fmt: skip
    text = "The first axis counts the observations, the second one the actions."
    lines = (f"This case: {case}", f"  expected  {want}", f"  yours     {got}", text)
    return Problem(*lines, diagnosis="wrong shape")


def _judge_layers(net) -> None:
    """Raise Problem if a second call with the same observations gives something else."""
    import torch

    obs = torch.randn(2, 4)
    first, second = net(obs), net(obs)
    if torch.equal(first, second):
        return
    case = "the same network called twice with the same obs"
    got = f"{show(first[0])} and then {show(second[0])}"
    if sum(p.numel() for p in net.parameters()) < 4 * 8 + 8 * 6 + 6 * 2:
        raise mistaken(
            case, "the same values twice", got, "layers are made anew in each call",
            "A layer that is made inside forward starts at random each time and never learns. "
            "Make it inside __init__, store it under self, and use it in forward.",
        )  # fmt: skip
    raise mistaken(
        case, "the same values twice", got, "chance inside forward",
        "Leave out dropout and other random numbers: the values of one network on one "
        "observation are always the same.",
    )  # fmt: skip


def _judge_widths(cls) -> None:
    """Raise Problem unless every hidden width makes a layer, by the sizes of the weights."""
    for hidden in ((8, 6), (5,), (7, 5, 3)):
        net = _judge_outputs(cls, (4,), 2, hidden, sizes=(2,))
        _expect_widths(net, hidden)


def _expect_widths(net, hidden) -> None:
    widths = (4, *hidden, 2)
    want = sorted(tuple(sorted(pair)) for pair in itertools.pairwise(widths))
    got = sorted(tuple(sorted(p.shape)) for p in net.parameters() if p.ndim == 2)
    if got == want:
        return
    case = _call((4,), 2, hidden)
    shown = f"weights of the sizes {', '.join(f'{a} × {b}' for a, b in want)}"
    yours = f"weights of the sizes {', '.join(f'{a} × {b}' for a, b in got) or '(none)'}"
    if any(64 in pair for pair in got):
        raise mistaken(
            case, shown, yours, "hidden is not used",
            "64 is only what stands there if nobody says otherwise: build each layer from "
            "the widths in hidden.",
        )  # fmt: skip
    if len(got) < len(want):
        raise mistaken(
            case, shown, yours, "a layer is missing",
            "There is one layer for each width in hidden, and the output layer after them. "
            "Are all of them stored under self, and used?",
        )  # fmt: skip
    raise mistaken(
        case, shown, yours, "other widths than those in hidden",
        "Each layer takes as many numbers as the one before it gives: begin with the size "
        "of an observation, go through hidden in its order, and end with n_actions.",
    )  # fmt: skip


def _judge_several_axes(cls) -> None:
    import torch

    case = f"{_call((2, 3), 5, (8, 6))} on obs of shape [4, 2, 3]"
    name = "observations with several axes are not flattened"
    advice = (
        "Such an observation holds 2 · 3 = 6 numbers: math.prod(obs_shape). Flatten it first, "
        "but keep the first axis: nn.Flatten() or obs.flatten(1)."
    )
    try:
        net = _make(cls, (2, 3), 5, (8, 6))
        with torch.no_grad():
            got = f"shape {list(net(torch.randn(4, 2, 3)).shape)}"
    except (RuntimeError, TypeError, ValueError) as error:
        got = f"{type(error).__name__}: {str(error)[:70]}"
    if got != "shape [4, 5]":
        raise mistaken(case, "shape [4, 5]", got, name, advice)


def _judge_rows(net) -> None:
    """Raise Problem if the values of one observation depend on the others of its batch."""
    import torch

    obs = torch.randn(5, 4)
    together, alone = net(obs)[:1], net(obs[:1])
    if not torch.allclose(together, alone, atol=1e-5):
        raise mistaken(
            "the same observation in a batch of 5, and alone",
            f"{show(alone[0])} both times",
            f"{show(together[0])} in the batch",
            "an observation's values depend on the rest of the batch",
            "Work along the last axis only. A mean, a norm or a softmax over dim=0 mixes the rows.",
        )


def _judge_nonlinearity(net) -> None:
    import torch

    obs = 3 * torch.randn(64, 4)
    with torch.no_grad():
        low, lower = net(-obs.abs()), net(-2 * obs.abs())
        other, zero = torch.randn(64, 4), torch.zeros(64, 4)
        bend = net(obs) + net(other) - net(obs + other) - net(zero)  # 0 for a straight line
        steps, out = _layer_steps(net, obs), net(obs)
    case = "a network with the hidden layers (8, 6)"
    if torch.allclose(low, lower, atol=1e-6):
        raise mistaken(
            "two observations with negative numbers",
            "different values for [-1, -2, ...] and [-2, -4, ...]", "the same values",
            "a nonlinearity before the first layer",
            "relu makes every negative number 0, so the network cannot tell them apart. First "
            "a layer, then relu; the observation itself goes into the first layer as it is.",
        )  # fmt: skip
    if bend.abs().max() < 1e-3:
        raise mistaken(
            case, "a curve: values that bend as the observation grows",
            "a straight line in every direction",
            "no nonlinearity between the layers",
            "Layers alone, however many, make one linear function. Put a ReLU after each "
            "hidden layer: nn.ReLU() or torch.relu(x).",
        )  # fmt: skip
    for k, ((_, gave), (got, _)) in enumerate(itertools.pairwise(steps), 1):
        if gave.shape == got.shape and torch.equal(gave, got):
            raise mistaken(
                case, "a ReLU after each hidden layer", f"none after hidden layer {k}",
                "a hidden layer without a nonlinearity",
                "Two layers with nothing in between are no more than one: put a ReLU after each "
                "hidden layer, inside the loop if there is one.",
            )  # fmt: skip

    last = steps[-1][1] if steps else out
    if last.shape == out.shape and not torch.allclose(last, out, atol=1e-5):
        raise mistaken(
            case, f"the numbers of the last layer as they are: {show(last[0])}", show(out[0]),
            "a nonlinearity after the last layer", FREE,
        )  # fmt: skip


def _layer_steps(net, obs) -> list:
    """Return what each nn.Linear got and what it gave, in the order of the calls."""
    from torch import nn

    seen = []

    def keep(layer, given, out):
        seen.append((given[0].clone(), out.clone()))

    layers = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
    hooks = [layer.register_forward_hook(keep) for layer in layers]
    net(obs)
    for hook in hooks:
        hook.remove()
    return seen


FREE = "A Q-value can be −300 or 500: nothing follows the last layer."


def _judge_output_range(cls) -> None:
    """Raise Problem if the values are cut, squashed or made to shares."""
    import torch

    rows = []
    with torch.no_grad():
        for _ in range(8):
            net = _make(cls, (4,), 3, (8, 6))
            net(torch.randn(32, 4))
            for p in net.parameters():
                p.mul_(30)  # so that layers that end in a tanh can reach far as well
            rows.append(net(torch.randn(32, 4)))
    out = torch.cat(rows)
    case, want = "many networks with large weights", "values of any size, also below 0"
    got = f"values from {out.min():.4g} to {out.max():.4g}"
    ones = torch.ones(len(out))
    shares = [out.sum(1), out.exp().sum(1)]
    if any(torch.allclose(total, ones, atol=1e-3) for total in shares):
        raise mistaken(
            case, want, got, "a softmax at the output",
            "Softmax makes shares that add up to 1. Q-values are returns, no probabilities: "
            "nothing follows the last layer.",
        )  # fmt: skip
    if out.abs().max() <= 1:
        raise mistaken(case, want, got, "the output is squashed", FREE)
    if out.min() >= 0:
        raise mistaken(
            case, want, got, "a nonlinearity after the last layer",
            f"No value below 0 ever comes out: is there a ReLU at the output? {FREE}",
        )  # fmt: skip


def _judge_gradient(net) -> None:
    import torch

    obs = torch.randn(64, 4)
    net.zero_grad()
    with suppress(RuntimeError):  # no gradient at all
        net(obs).square().mean().backward()
    without = [
        name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum()
    ]
    net.zero_grad()
    if without:
        raise mistaken(
            "the gradient of the values, for each parameter of the network",
            "a gradient for every parameter",
            f"none for {show(', '.join(without))}",
            "no gradient reaches a parameter",
            "Is there a no_grad, a detach or a .data in forward? Or a layer that is made, but "
            "not used?",
        )


def _judge_two_networks(cls) -> None:
    import torch

    one, two = (_make(cls, (4,), 2, (8, 6)) for _ in range(2))
    obs = torch.randn(2, 4)
    same = torch.equal(one(obs), two(obs))
    shared = {p.data_ptr() for p in one.parameters()} & {p.data_ptr() for p in two.parameters()}
    if shared:
        raise mistaken(
            "two networks of this class", "parameters of its own for each",
            f"{len(shared)} parameters that belong to both",
            "two networks share their parameters",
            "The target network of lesson 04 must differ from the online network. Make the "
            "layers inside __init__, not outside of the class.",
        )  # fmt: skip
    if same:
        raise mistaken(
            "two new networks on the same obs", "different values: each starts at random",
            f"{show(one(obs)[0])} for both",
            "every network starts with the same parameters",
            "Take a manual_seed or a fixed start out of the class. The experiment sets the "
            "seed outside, so that each run has its own.",
        )  # fmt: skip


# What can be judged of the class while `forward` is still blank.
def judge_init(cls) -> None:
    """Raise Problem unless each network has layers of its own, as wide as hidden says."""
    import torch

    with torch.random.fork_rng(devices=[]):
        _judge_class(cls)
        _judge_sizes(cls)


def _judge_sizes(cls) -> None:
    import torch

    for hidden in ((8, 6), (5,), (7, 5, 3)):
        net = _make(cls, (4,), 2, hidden)
        if any(map(torch.nn.parameter.is_lazy, net.parameters())):
            return  # made with the first observation
        if not any(True for _ in net.parameters()):
            raise mistaken(
                _call((4,), 2, hidden), "a weight and a bias for each layer", "no parameters",
                "no layer is stored in the network",
                "Make the layers inside __init__ and store them under self, as in self.layers.",
            )  # fmt: skip
        _expect_widths(net, hidden)


NETWORK = """
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size, layers = math.prod(obs_shape), [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):  # [B, *O] -> [B, A]
        return self.layers(obs)
"""

Q_NETWORK = Check(
    path="dqnlib.networks.QNetwork",
    judge=judge_q_network,
    parts=(Part("__init__", (), judge_init),),
    solution=NETWORK,
    returns="a tensor [B, A]",
    mistakes=(
        Mistake(
            "obs_shape is used as a number",
            "obs_shape is a tuple such as (4,). A layer needs the number of inputs: "
            "math.prod(obs_shape).",
            raises="type must be tuple of ints,but got tuple",
        ),
        Mistake(
            "a list in place of single layers",
            "nn.Sequential takes the layers one by one: put a star before the list, "
            "nn.Sequential(*layers).",
            raises="list is not a Module subclass",
        ),
        Mistake(
            "the batch axis is lost",
            "obs.flatten() joins all axes, the first one too, which counts the observations. "
            "nn.Flatten() and obs.flatten(1) keep it.",
            raises="Dimension out of range (expected to be in range of [-1, 0]",
        ),
        Mistake(
            "a layer gets another number of inputs than it was made for",
            "Each layer takes as many numbers as the one before it gives. Count from the front: "
            "math.prod(obs_shape), then each width in hidden, then n_actions. And keep the first "
            "axis of obs, which counts the observations.",
            raises="shapes cannot be multiplied",
        ),
    ),
    hints=(
        "`__init__` makes the layers and stores them under `self`; `forward` sends the "
        "observations through them. What must stand between two layers, and what after the last?",
        "Begin with `super().__init__()`. Collect in a list `nn.Flatten()`, then for each width "
        "`nn.Linear(size, width)` and `nn.ReLU()`, and at the end `nn.Linear(size, n_actions)`. "
        "`self.layers = nn.Sequential(*layers)` makes one network of them.",
        "`size = math.prod(obs_shape)`, and in the loop over `hidden`: "
        "`layers += [nn.Linear(size, width), nn.ReLU()]` and `size = width`. "
        "`forward` is one line: `return self.layers(obs)`.",
    ),
)

# -- td_target -----------------------------------------------------------------------------


def _best(q):
    return q.max(dim=1).values


def _with_gamma(number):
    """Make the mistake of those who write a discount of their own."""
    return lambda r, t, q, g: r + number * _best(q) * ~t


def _at_the_end(value):
    """Make a mistake that has another target after termination: (reward, gamma) -> [B]."""
    return lambda r, t, q, g: (r + g * _best(q)).where(~t, value(r, g))


TD_TARGET = Check(
    path="dqnlib.targets.td_target",
    returns="a tensor [B]: one target a transition",
    tensors=True,
    cases=(
        # 1 + 0.5 · 4 = 3; the second episode is over: 2; −1 + 0.5 · (−3) = −2.5
        Case(
            {
                "reward": floats([1, 2, -1]),
                "terminated": np.array([False, True, False]),
                "next_q": floats([[-2, 4], [6, 3], [-3, -8]]),
                "gamma": 0.5,
            },
            [3.0, 2.0, -2.5],
            "three transitions; the second one ended its episode",
        ),
        # the first episode is over: 5; −1 + 0.9 · 4 = 2.6
        Case(
            {
                "reward": floats([5, -1]),
                "terminated": np.array([True, False]),
                "next_q": floats([[1, 7, 3], [2, 0, 4]]),
                "gamma": 0.9,
            },
            [5.0, 2.6],
            "two transitions, three actions; the first one ended its episode",
        ),
        # 2 + 0.5 · 3 = 3.5
        Case(
            {
                "reward": floats([2]),
                "terminated": np.array([False]),
                "next_q": floats([[1, 3, -2, 0]]),
                "gamma": 0.5,
            },
            [3.5],
            "a batch of one transition",
        ),
    ),
    mistakes=(
        Mistake(
            "the value of a terminal state was kept",
            "After termination no reward can follow: in those rows the target is the reward "
            "alone. A product with ~terminated does it.",
            lambda r, t, q, g: r + g * q.max(dim=1).values,
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts where the episode goes on, and is dropped where it has "
            "terminated: ~terminated turns it round.",
            lambda r, t, q, g: r + g * q.max(dim=1).values * t,
        ),
        Mistake(
            "the smallest value in place of the largest",
            "Q-learning supposes that the best action follows: take the max of each row.",
            lambda r, t, q, g: r + g * q.min(dim=1).values * ~t,
        ),
        Mistake(
            "the mean in place of the largest value",
            "Q-learning supposes that the best action follows: take the max of each row.",
            lambda r, t, q, g: r + g * q.mean(dim=1) * ~t,
        ),
        Mistake(
            "the sum in place of the largest value",
            "Q-learning supposes that the best action follows: take the max of each row.",
            lambda r, t, q, g: r + g * q.sum(dim=1) * ~t,
        ),
        Mistake(
            "the first action's value in place of the largest",
            "Q-learning supposes that the best action follows: take the max of each row.",
            lambda r, t, q, g: r + g * q[:, 0] * ~t,
        ),
        Mistake(
            "the number of the action in place of its value",
            "argmax says which action is best; the target needs how good it is: max.",
            lambda r, t, q, g: r + g * q.argmax(dim=1) * ~t,
        ),
        Mistake(
            "the largest value of the whole batch",
            "Each transition has its own next state: take the max of each row, max(dim=1).values.",
            lambda r, t, q, g: r + g * q.max() * ~t,
        ),
        *(
            Mistake(
                "one action for the whole batch",
                "Each transition has its own best action: take the max of each row, "
                "max(dim=1).values.",
                lambda r, t, q, g, pick=pick: r + g * q[:, pick(q)] * ~t,
            )
            for pick in (
                lambda q: q.argmax() % q.shape[1],
                lambda q: q.mean(dim=0).argmax(),
                lambda q: q[0].argmax(),
            )
        ),
        Mistake(
            "the largest value of the first row for all rows",
            "Each transition has its own next state: take the max of each row, max(dim=1).values.",
            lambda r, t, q, g: r + g * q[0].max() * ~t,
        ),
        Mistake(
            "the mean of the batch's largest values",
            "Each transition has its own target: nothing is averaged over the batch here.",
            lambda r, t, q, g: r + g * _best(q).mean() * ~t,
        ),
        *(
            Mistake(
                "a soft maximum in place of the largest value",
                "logsumexp and softmax mix all values, the bad ones too (soft Q-learning does). "
                "Q-learning supposes that the best action follows: take the max of each row.",
                lambda r, t, q, g, soft=soft: r + g * soft(q) * ~t,
            )
            for soft in (
                lambda q: q.logsumexp(dim=1),
                lambda q: (q.softmax(dim=1) * q).sum(dim=1),
                lambda q: q.softmax(dim=1).amax(dim=1),
            )
        ),
        Mistake(
            "one ended episode ends all of them",
            "Each row has its own episode: a product with ~terminated, row by row, without any() "
            "or all().",
            lambda r, t, q, g: r + g * _best(q) * ~t.any(),
        ),
        *(
            Mistake(
                "a penalty at the end of the episode",
                "A punishment for the end is a change of the task: at the last step the target is "
                "the reward that the environment gave, and nothing else.",
                _at_the_end(value),
            )
            for value in (lambda r, g: 0 * r - 1, lambda r, g: r - 1, lambda r, g: r - g)
        ),
        *(
            Mistake(
                "gamma is written as a number",
                "The argument gamma says how much the future counts, and it differs from run to "
                "run: write gamma in place of the number.",
                _with_gamma(number),
            )
            for number in (0.99, 0.95, 0.9, 0.5)
        ),
        Mistake(
            "the discount is missing",
            "What follows is multiplied by gamma.",
            lambda r, t, q, g: r + q.max(dim=1).values * ~t,
        ),
        Mistake(
            "gamma discounts the reward as well",
            "The reward of this step comes now, so it counts in full.",
            lambda r, t, q, g: g * (r + q.max(dim=1).values * ~t),
        ),
        Mistake(
            "gamma discounts the reward in place of what follows",
            "The reward of this step counts in full; what follows is multiplied by gamma.",
            lambda r, t, q, g: g * r + q.max(dim=1).values * ~t,
        ),
        Mistake(
            "the reward is dropped when the episode ends",
            "The last step gives its reward too; only what would follow is dropped.",
            lambda r, t, q, g: (r + g * q.max(dim=1).values) * ~t,
        ),
        Mistake(
            "the reward is missing",
            "The target is the reward plus the discounted value of what follows.",
            lambda r, t, q, g: g * q.max(dim=1).values * ~t,
        ),
        Mistake(
            "negative values are cut off at 0",
            "A value below 0 counts as well: take the max of the row as it is.",
            lambda r, t, q, g: r + g * q.max(dim=1).values.clamp(min=0) * ~t,
        ),
        Mistake(
            "both results of max(dim=...) at once",
            "With dim, max gives two things, the largest values and their places: take .values.",
            raises=("return_types", "multiply sequence", "only integer tensors of a single"),
        ),
        Mistake(
            "the largest value along the wrong axis",
            "next_q is [B, A]: dim=0 counts the transitions, dim=1 the actions. The best action "
            "of each row is max(dim=1).values.",
            raises="must match the size of tensor",
        ),
    ),
    hints=(
        "It is the target of lesson 01, for B transitions at once: no loop and no `if`. Which "
        "axis of `next_q` counts the actions?",
        "The `max` of a tensor along one axis gives two results, the largest values and their "
        "places. A truth value counts as 1 or 0 in a product, and `~` turns it round.",
        "`return reward + gamma * next_q.max(dim=1).values * ~terminated`.",
    ),
)

# -- mse_loss ------------------------------------------------------------------------------

Q = floats([[1, 4], [2, -1], [0, 3]])  # best: actions 1, 0, 1
ACTION = np.array([0, 1, 1])  # taken: values 1, −1, 3
TARGET = floats([3, -2, -1])  # errors (value − target): −2, 1, 4


def _taken(q, action):
    return q.gather(1, action[:, None]).squeeze(1)


def _huber(error):
    size = error.abs()
    return (0.5 * size.square()).where(size < 1, size - 0.5)


def judge_gradient(function) -> None:
    """Raise Problem unless the gradient reaches the taken values, and only these."""
    import torch

    q = torch.tensor(Q, requires_grad=True)
    target = torch.tensor(TARGET, requires_grad=True)
    case = "q and td_target both carry a gradient"
    with during(f"This case: {case}"):
        loss = function(q, torch.tensor(ACTION), target)
        if loss.requires_grad:
            loss.backward()
    if q.grad is None:
        raise mistaken(
            case, "a gradient for q", "none",
            "no gradient reaches q",
            "The network learns through q. Only the target stands still: leave q without "
            "detach, no_grad, .data and torch.tensor(...).",
        )  # fmt: skip
    if target.grad is not None and target.grad.abs().sum() > 0:
        raise mistaken(
            case, "no gradient for td_target", f"{show(target.grad)}",
            "a gradient flows into the target",
            "The value moves toward the target, not the target toward the value. Cut it off: "
            "td_target.detach().",
        )  # fmt: skip
    # the derivative of ½ · mean of squares is error / B, at the taken action: −2/3, 1/3, 4/3
    want = torch.tensor([[-2, 0], [0, 1], [0, 4]]) / 3
    if not torch.allclose(q.grad, want, atol=1e-5):
        raise Problem(
            f"This case: {case}",
            f"  expected  the gradient {show(want)}",
            f"  yours     the gradient {show(q.grad)}",
            "The loss has the right value, but another gradient.",
            diagnosis="another gradient",
            mend="Compute it from q, action and td_target in one go, without changing q.",
        )


MSE_LOSS = Check(
    path="dqnlib.targets.mse_loss",
    returns="a tensor with one number",
    tensors=True,
    also=judge_gradient,
    cases=(
        # errors −2, 1, 4; squares 4 + 1 + 16 = 21; mean 7; half 3.5
        Case(
            {"q": Q, "action": ACTION, "td_target": TARGET},
            3.5,
            "three transitions; the actions taken are 0, 1 and 1, not always the best ones",
        ),
        # values −4 and 1, errors −1 and −2; squares 1 + 4 = 5; mean 2.5; half 1.25
        Case(
            {
                "q": floats([[0, 2, -4], [5, 1, 3]]),
                "action": np.array([2, 1]),
                "td_target": floats([-3, 3]),
            },
            1.25,
            "two transitions, three actions",
        ),
    ),
    mistakes=(
        Mistake(
            "the factor ½ is missing",
            "It is right up to a factor 2. The loss here is ½ (value − target)²: then its gradient "
            "is the TD error itself. F.mse_loss has no ½.",
            lambda q, a, y: (_taken(q, a) - y).square().mean(),
        ),
        Mistake(
            "the Huber loss",
            "It grows like the distance where errors are large, and lesson 04 comes to it. Here "
            "each error is squared, whatever its size.",
            lambda q, a, y: _huber(_taken(q, a) - y).mean(),
        ),
        Mistake(
            "the sum in place of the mean",
            "The mean keeps the size of a step the same for every batch size.",
            lambda q, a, y: 0.5 * (_taken(q, a) - y).square().sum(),
        ),
        Mistake(
            "the sum of the squares, without ½ and mean",
            "The loss is ½ times the mean of (value − target)².",
            lambda q, a, y: (_taken(q, a) - y).square().sum(),
        ),
        Mistake(
            "the best action in place of the one taken",
            "What was tried is `action`: take its value from each row of q, "
            "q.gather(1, action[:, None]).squeeze(1).",
            lambda q, a, y: 0.5 * (q.max(dim=1).values - y).square().mean(),
        ),
        Mistake(
            "a column [B, 1] met a row [B]",
            "gather gives [B, 1]. With a td_target [B], torch makes [B, B] of them: every value "
            "against every target. Take the axis away first: .squeeze(1).",
            lambda q, a, y: 0.5 * (q.gather(1, a[:, None]) - y).square().mean(),
        ),
        Mistake(
            "a column [B, 1] met a row [B], and the ½ is missing",
            "gather gives [B, 1]. With a td_target [B], torch makes [B, B] of them: every value "
            "against every target. Take the axis away first: .squeeze(1). And F.mse_loss has no ½.",
            lambda q, a, y: (q.gather(1, a[:, None]) - y).square().mean(),
        ),
        Mistake(
            "one action for the whole batch",
            "Each row has its own action: q.gather(1, action[:, None]).squeeze(1) takes one value "
            "from each.",
            lambda q, a, y: 0.5 * (q[:, a[0]] - y).square().mean(),
        ),
        Mistake(
            "the means of the batch in place of its rows",
            "Each value meets its own target: first the error of each row, then its square, and "
            "the mean last.",
            lambda q, a, y: 0.5 * (_taken(q, a).mean() - y).square().mean(),
        ),
        Mistake(
            "one target for the whole batch",
            "Each value meets its own target: first the error of each row, then its square, and "
            "the mean last.",
            lambda q, a, y: 0.5 * (_taken(q, a) - y.mean()).square().mean(),
        ),
        Mistake(
            "every row is asked for every action",
            "q[:, action] takes whole columns and gives [B, B]. For one value a row: "
            "q.gather(1, action[:, None]).squeeze(1), or q[torch.arange(len(q)), action].",
            lambda q, a, y: 0.5 * (q[:, a] - y).square().mean(),
        ),
        Mistake(
            "the distance in place of its square",
            "A large error counts more than twice a half as large one: square the error.",
            lambda q, a, y: 0.5 * (_taken(q, a) - y).abs().mean(),
        ),
        Mistake(
            "the half is squared as well",
            "½ (value − target)²: the half stands outside of the square.",
            lambda q, a, y: (0.5 * (_taken(q, a) - y)).square().mean(),
        ),
        Mistake(
            "the error is not squared",
            "Errors above and below 0 would cancel out: square each of them.",
            lambda q, a, y: 0.5 * (_taken(q, a) - y).mean(),
        ),
        Mistake(
            "the mean is squared in place of the errors",
            "First square every error, then take the mean: else they cancel out.",
            lambda q, a, y: 0.5 * (_taken(q, a) - y).mean().square(),
        ),
        Mistake(
            "all actions are moved to the target",
            "Only the action that was taken has been tried: pick its value from each row first.",
            lambda q, a, y: 0.5 * (q - y[:, None]).square().mean(),
        ),
        Mistake(
            "the mean runs over the other actions too",
            "Zeros for the actions that were not taken make the mean smaller: divide by B only.",
            lambda q, a, y: 0.5 * (_taken(q, a) - y).square().sum() / q.numel(),
        ),
        Mistake(
            "the sign is turned round",
            "The optimizer makes the loss smaller: it is never below 0.",
            lambda q, a, y: -0.5 * (_taken(q, a) - y).square().mean(),
        ),
        Mistake(
            "a loss for each transition in place of their mean",
            "backward() needs a single number: take the mean of the batch.",
            lambda q, a, y: 0.5 * (_taken(q, a) - y).square(),
        ),
        Mistake(
            "all actions against all targets",
            "Pick the value of the taken action from each row first: it has the shape of "
            "td_target, [B].",
            raises="must match the size of tensor",
        ),
    ),
    hints=(
        "Three steps: pick one value from each row of `q`, take its distance from the target, "
        "and make one number of all. Through which of the two may the gradient flow?",
        "`gather` along axis 1 picks by an index of the shape [B, 1], and gives [B, 1]: `squeeze` "
        "takes that axis away again. `detach` cuts a tensor off from its gradient.",
        "With `taken = q.gather(1, action[:, None]).squeeze(1)`: "
        "`return 0.5 * (taken - td_target.detach()).square().mean()`.",
    ),
)

# -- fitted_q ------------------------------------------------------------------------------


def _fit(x, y):
    return np.linalg.lstsq(x, y, rcond=None)[0]


def _fitting(next_value=None, target=None, fit=None):
    """Make a mistake in one part of a round: the next value, the target, or the fit."""
    next_value = next_value or (lambda q, x, w, a: q.max(1))
    target = target or (lambda r, v, t, g: r + g * v * ~t)
    fit = fit or (lambda x, y, a, w, k: _fit(x[a == k], y[a == k]))

    def wrong(x, action, reward, terminated, next_x, weights, gamma):
        value = next_value(next_x @ weights, x, weights, action)
        y = target(reward, value, terminated, gamma)
        return np.stack([fit(x, y, action, weights, k) for k in range(weights.shape[1])], 1)

    return wrong


def _one_after_the_other(x, action, reward, terminated, next_x, weights, gamma):
    new = weights.copy()
    for k in range(weights.shape[1]):
        y = reward + gamma * (next_x @ new).max(1) * ~terminated
        new[:, k] = _fit(x[action == k], y[action == k])
    return new


FITTED_Q = Check(
    path="dqnlib.features.fitted_q",
    returns="an array [F, A]: the new weights",
    cases=(
        # next values: state 0 has max(2, 6) = 6, state 1 max(4, 1) = 4. Targets: 1 + 2, 3 + 2 and
        # 0 + 3 for action 0; 5 (terminated), 2 + 2 and −4 + 3 for action 1. With one feature a
        # state the fits are their means
        Case(
            {
                "x": np.eye(2)[[0, 0, 1, 0, 1, 1]],
                "action": np.array([0, 0, 0, 1, 1, 1]),
                "reward": np.array([1.0, 3, 0, 5, 2, -4]),
                "terminated": np.array([False, False, False, True, False, False]),
                "next_x": np.eye(2)[[1, 1, 0, 1, 1, 0]],
                "weights": np.array([[2.0, 6], [4, 1]]),
                "gamma": 0.5,
            },
            np.array([[4.0, 5.0], [3.0, 1.5]]),
            "two states with a feature each, six transitions: the fit is the mean of the targets",
        ),
        # values (x, −x), so the best next one is |x|. Targets 1 + 0.9 · 2 = 2.8 and
        # 3 + 0.9 · 2 = 4.8 for action 0; 0.5 + 0.9 = 1.4 and −5 (terminated) for action 1. Slopes
        # Σxy / Σx²: (2.8 + 9.6) / 5 and (1.4 − 15) / 10
        Case(
            {
                "x": np.array([[1.0], [2], [1], [3]]),
                "action": np.array([0, 0, 1, 1]),
                "reward": np.array([1.0, 3, 0.5, -5]),
                "terminated": np.array([False, False, False, True]),
                "next_x": np.array([[2.0], [-2], [1], [4]]),
                "weights": np.array([[1.0, -1.0]]),
                "gamma": 0.9,
            },
            np.array([[2.48, -1.36]]),
            "one feature: the fit of each action is a line through 0",
        ),
    ),
    mistakes=(
        Mistake(
            "the value of a terminal state was kept",
            "After termination no reward can follow: there the target is the reward alone.",
            _fitting(target=lambda r, v, t, g: r + g * v),
        ),
        Mistake(
            "terminated is used the wrong way round",
            "What follows counts where the episode goes on: ~terminated turns it round.",
            _fitting(target=lambda r, v, t, g: r + g * v * t),
        ),
        Mistake(
            "every action learns from all transitions",
            "A transition says something of the action that was taken, and nothing of the others: "
            "fit each action to the rows where action is its number.",
            _fitting(fit=lambda x, y, a, w, k: _fit(x, y)),
        ),
        Mistake(
            "the targets come from the fit that is being made",
            "All targets of a round come from the weights that were handed in: compute them once, "
            "before the first fit.",
            _one_after_the_other,
        ),
        Mistake(
            "the values of now in place of those of the next state",
            "What follows is worth what the next state says: next_x in place of x.",
            _fitting(next_value=lambda q, x, w, a: (x @ w).max(1)),
        ),
        Mistake(
            "the next value of the action that was taken",
            "Q-learning supposes that the best action follows: take the max of each row.",
            _fitting(next_value=lambda q, x, w, a: q[np.arange(len(q)), a]),
        ),
        Mistake(
            "the mean in place of the largest value",
            "Q-learning supposes that the best action follows: take the max of each row.",
            _fitting(next_value=lambda q, x, w, a: q.mean(1)),
        ),
        Mistake(
            "the smallest value in place of the largest",
            "Q-learning supposes that the best action follows: take the max of each row.",
            _fitting(next_value=lambda q, x, w, a: q.min(1)),
        ),
        Mistake(
            "the largest value of all transitions",
            "Each transition has its own next state: take the max along axis 1.",
            _fitting(next_value=lambda q, x, w, a: np.full(len(q), q.max())),
        ),
        Mistake(
            "the number of the action in place of its value",
            "argmax says which action is best; the target needs how good it is: max.",
            _fitting(next_value=lambda q, x, w, a: q.argmax(1)),
        ),
        Mistake(
            "the discount is missing",
            "What follows is multiplied by gamma.",
            _fitting(target=lambda r, v, t, g: r + v * ~t),
        ),
        Mistake(
            "gamma discounts the reward as well",
            "The reward of this step comes now, so it counts in full.",
            _fitting(target=lambda r, v, t, g: g * (r + v * ~t)),
        ),
        Mistake(
            "the reward is missing",
            "The target is the reward plus the discounted value of what follows.",
            _fitting(target=lambda r, v, t, g: g * v * ~t),
        ),
        *(
            Mistake(
                "gamma is written as a number",
                "The argument gamma says how much the future counts: write gamma in its place.",
                _fitting(target=lambda r, v, t, g, number=number: r + number * v * ~t),
            )
            for number in (0.99, 0.95, 0.9, 0.5)
        ),
        Mistake(
            "the mean of the targets in place of a fit",
            "A mean is the best fit only where a feature is 1 or 0. With other numbers the sum of "
            "weight times feature must come near to the targets: least squares does it.",
            _fitting(fit=lambda x, y, a, w, k: (x * y[:, None])[a == k].sum(0) / x[a == k].sum(0)),
        ),
        Mistake(
            "the rewards alone are fitted",
            "The target is the reward plus the discounted value of what follows.",
            _fitting(target=lambda r, v, t, g: r),
        ),
        Mistake(
            "the reward is dropped when the episode ends",
            "The last step gives its reward too; only what would follow is dropped.",
            _fitting(target=lambda r, v, t, g: (r + g * v) * ~t),
        ),
        Mistake(
            "the change of the weights in place of the new weights",
            "Fit to the targets themselves, and not to their distance from the present values: "
            "what is returned takes the place of the old weights.",
            _fitting(fit=lambda x, y, a, w, k: _fit(x[a == k], (y - x @ w[:, k])[a == k])),
        ),
        Mistake(
            "the fit is added to the old weights",
            "The new weights take the place of the old ones: the old ones are in the targets only.",
            _fitting(fit=lambda x, y, a, w, k: w[:, k] + _fit(x[a == k], y[a == k])),
        ),
        Mistake(
            "an action a row in place of an action a column",
            "weights is [F, A]: the weights of an action stand below each other, in a column.",
            lambda *args: _fitting()(*args).T,
        ),
        Mistake(
            "all that lstsq gives in place of the weights",
            "np.linalg.lstsq gives the weights, the residuals and two more: take the first, [0].",
            raises=("inhomogeneous shape", "setting an array element with a sequence"),
        ),
    ),
    hints=(
        "First the targets, as in lesson 01, for all transitions at once. Then, for each action "
        "by itself, weights for which `x @ weights` comes as near to them as can be.",
        "All next values are `next_x @ weights`, [N, A]. `action == a` picks the rows of one "
        "action out of `x` and out of the targets; they go into the least-squares fit together.",
        "`mine = action == a`, and in the loop over a: "
        "`new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]`. `new` is an array "
        "of its own: `np.zeros_like(weights)`.",
    ),
)

CHECKS = (FITTED_Q, Q_NETWORK, TD_TARGET, MSE_LOSS)
