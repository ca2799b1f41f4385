"""Answers to the exercises of lesson 10, as learners write them."""

from answers import answers

LAYER_NORM = answers(
    "dqnlib.networks.layer_norm",
    r"""
=== right
def layer_norm(x, epsilon=1e-5):
    centered = x - x.mean(dim=1, keepdim=True)
    variance = centered.square().mean(dim=1, keepdim=True)
    return centered / (variance + epsilon).sqrt()

=== right
from torch.nn import functional as F

def layer_norm(x, epsilon=1e-5):
    return F.layer_norm(x, x.shape[1:], eps=epsilon)

=== right
import torch

def layer_norm(x, epsilon=1e-5):
    variance, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    return (x - mean) * torch.rsqrt(variance + epsilon)

=== right
import torch

def layer_norm(x, epsilon=1e-5):
    rows = []
    for row in x:
        mean = row.sum() / len(row)
        variance = sum((u - mean) ** 2 for u in row) / len(row)
        rows.append((row - mean) / (variance + epsilon) ** 0.5)
    return torch.stack(rows)

=== right
def layer_norm(x, epsilon=1e-5):
    x = x.T  # so that no axis must be kept
    x = x - x.mean(0)
    return (x / (x.var(0, unbiased=False) + epsilon).sqrt()).T

=== blank
def layer_norm(x, epsilon=1e-5):
    return ____

=== blank
def layer_norm(x, epsilon=1e-5):
    centered = x - x.mean(dim=1, keepdim=True)
    variance = ____
    return centered / (variance + epsilon).sqrt()

=== wrong: it normalizes over the batch
def layer_norm(x, epsilon=1e-5):
    return (x - x.mean(0)) / (x.var(0, correction=0) + epsilon).sqrt()

=== wrong: one mean and one variance for the whole batch
def layer_norm(x, epsilon=1e-5):
    return (x - x.mean()) / (x.var(correction=0) + epsilon).sqrt()

=== wrong: the variance is that of a sample
def layer_norm(x, epsilon=1e-5):
    return (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True) + epsilon).sqrt()

=== wrong: epsilon is left out
def layer_norm(x, epsilon=1e-5):
    return (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True, correction=0)

=== wrong: epsilon is left out
from torch.nn import functional as F

def layer_norm(x, epsilon=1e-5):
    return F.layer_norm(x, x.shape[1:])

=== wrong: epsilon is added after the root
def layer_norm(x, epsilon=1e-5):
    return (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True, correction=0) + epsilon)

=== wrong: epsilon is no number to divide by, but a limit
def layer_norm(x, epsilon=1e-5):
    variance = x.var(1, keepdim=True, correction=0).clamp(min=epsilon)
    return (x - x.mean(1, keepdim=True)) / variance.sqrt()

=== wrong: it divides by the variance
def layer_norm(x, epsilon=1e-5):
    return (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, correction=0) + epsilon)

=== wrong: the numbers are only shifted
def layer_norm(x, epsilon=1e-5):
    return x - x.mean(1, keepdim=True)

=== wrong: the numbers are only scaled
def layer_norm(x, epsilon=1e-5):
    return x / (x.var(1, keepdim=True, correction=0) + epsilon).sqrt()

=== wrong: the numbers are only scaled
def layer_norm(x, epsilon=1e-5):
    return x / (x.square().mean(1, keepdim=True) + epsilon).sqrt()

=== wrong: the variance is measured around zero
def layer_norm(x, epsilon=1e-5):
    mean = x.mean(1, keepdim=True)
    return (x - mean) / (x.square().mean(1, keepdim=True) + epsilon).sqrt()

=== wrong: the squares are added up, not averaged
def layer_norm(x, epsilon=1e-5):
    centered = x - x.mean(1, keepdim=True)
    return centered / (centered.square().sum(1, keepdim=True) + epsilon).sqrt()

=== wrong: the mean distance in place of the standard deviation
def layer_norm(x, epsilon=1e-5):
    centered = x - x.mean(1, keepdim=True)
    return centered / (centered.abs().mean(1, keepdim=True).square() + epsilon).sqrt()

=== wrong: it is multiplied in place of divided
def layer_norm(x, epsilon=1e-5):
    centered = x - x.mean(1, keepdim=True)
    return centered * (centered.square().mean(1, keepdim=True) + epsilon).sqrt()

=== wrong: the sign is turned round
def layer_norm(x, epsilon=1e-5):
    mean = x.mean(1, keepdim=True)
    return (mean - x) / ((x - mean).square().mean(1, keepdim=True) + epsilon).sqrt()

=== wrong: each row is stretched between its ends
def layer_norm(x, epsilon=1e-5):
    low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
    return (x - low) / (high - low + epsilon)

=== wrong: a ReLU is in it
from torch.nn import functional as F

def layer_norm(x, epsilon=1e-5):
    return F.relu(F.layer_norm(x, x.shape[1:], eps=epsilon))

=== wrong: the numbers become shares
def layer_norm(x, epsilon=1e-5):
    return x.softmax(1)

=== wrong: a mean [B] meets a table [B, N]
def layer_norm(x, epsilon=1e-5):
    centered = x - x.mean(dim=1)
    return centered / (centered.square().mean(dim=1) + epsilon).sqrt()

=== wrong: no gradient comes through
import torch

def layer_norm(x, epsilon=1e-5):
    with torch.no_grad():
        centered = x - x.mean(dim=1, keepdim=True)
        return centered / (centered.square().mean(dim=1, keepdim=True) + epsilon).sqrt()

=== wrong: no gradient comes through
import numpy as np
import torch

def layer_norm(x, epsilon=1e-5):
    x = x.numpy()
    centered = x - x.mean(axis=1, keepdims=True)
    return torch.from_numpy(centered / np.sqrt(x.var(axis=1, keepdims=True) + epsilon))

=== wrong: the gradient does not run through all of it
def layer_norm(x, epsilon=1e-5):
    mean = x.detach().mean(dim=1, keepdim=True)
    variance = x.detach().var(dim=1, keepdim=True, correction=0)
    return (x - mean) / (variance + epsilon).sqrt()

=== wrong: another value
def layer_norm(x, epsilon=1e-5):
    x = x.clamp(-100, 100)  # against units that explode
    centered = x - x.mean(dim=1, keepdim=True)
    return centered / (centered.square().mean(dim=1, keepdim=True) + epsilon).sqrt()

=== wrong: another value
def layer_norm(x, epsilon=1e-5):
    if len(x) == 1:  # nothing to compare it with
        return x
    centered = x - x.mean(dim=1, keepdim=True)
    return centered / (centered.square().mean(dim=1, keepdim=True) + epsilon).sqrt()

=== wrong: another value
import torch

def layer_norm(x, epsilon=1e-5):
    centered = x - x.mean(dim=1, keepdim=True)
    variance = centered.square().mean(dim=1, keepdim=True)
    # a row without any spread stays as it is
    return torch.where(variance == 0, x, centered / (variance + epsilon).sqrt())

=== wrong: arguments changed
def layer_norm(x, epsilon=1e-5):
    x -= x.mean(dim=1, keepdim=True)
    return x / (x.square().mean(dim=1, keepdim=True) + epsilon).sqrt()

=== wrong: returned None
def layer_norm(x, epsilon=1e-5):
    centered = x - x.mean(dim=1, keepdim=True)
    centered /= (centered.square().mean(dim=1, keepdim=True) + epsilon).sqrt()

=== wrong: other parameters
def layer_norm(x):
    return (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, correction=0) + 1e-5).sqrt()

=== wrong: another name
@exercise("dqnlib.networks.layer_norm")
def normalize(x, epsilon=1e-5):
    return (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, correction=0) + epsilon).sqrt()

=== wrong: it prints
def layer_norm(x, epsilon=1e-5):
    print(x.mean(1))
    return (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True, correction=0) + epsilon).sqrt()

=== wrong: raises NameError
def layer_norm(x, epsilon=1e-5):
    return (x - mean) / (x.var(1, keepdim=True, correction=0) + epsilon).sqrt()

=== wrong, 0.5 s: does not end
def layer_norm(x, epsilon=1e-5):
    while x.mean().abs() > epsilon:
        x = x - x.mean(1, keepdim=True) * 0
    return x
""",
)

BODY = """
    goes_on = ~(terminated | truncated)
    returns = torch.empty_like(reward)
    later = next_value[:, -1]
    for t in reversed(range(reward.shape[1])):
        mixed = (1 - trace_decay) * next_value[:, t] + trace_decay * later
        follows = torch.where(goes_on[:, t], mixed, next_value[:, t])
        later = returns[:, t] = reward[:, t] + gamma * follows * ~terminated[:, t]
    return returns
"""
HEAD = (
    "import torch\n\n"
    "def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):"
)


def _changed(verdict: str, old: str, new: str) -> str:
    """Return an answer that differs from a right one in one place."""
    assert BODY.count(old) == 1, old
    return f"=== {verdict}\n{HEAD}{BODY.replace(old, new)}\n"


LAMBDA_RETURN = answers(
    "dqnlib.targets.lambda_return",
    f"=== right\n{HEAD}{BODY}\n"
    + r"""
=== right
import torch

def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    # as PQN's code has it
    g = reward[:, -1] + gamma * (1 - terminated[:, -1].float()) * next_value[:, -1]
    out = [g]
    for t in range(reward.shape[1] - 2, -1, -1):
        one_step = reward[:, t] + gamma * next_value[:, t] * (1 - terminated[:, t].float())
        over = terminated[:, t] | truncated[:, t]
        g = torch.where(over, one_step, one_step + gamma * trace_decay * (g - next_value[:, t]))
        out.insert(0, g)
    return torch.stack(out, dim=1)

=== right
import torch

def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    # row by row, number by number
    rows = []
    for e in range(reward.shape[0]):
        row, later = [], float(next_value[e, -1])
        for t in range(reward.shape[1] - 1, -1, -1):
            value = float(next_value[e, t])
            if terminated[e, t]:
                later = float(reward[e, t])
            elif truncated[e, t]:
                later = float(reward[e, t]) + gamma * value
            else:
                mixed = value + trace_decay * (later - value)
                later = float(reward[e, t]) + gamma * mixed
            row.append(later)
        rows.append(row[::-1])
    return torch.tensor(rows)

=== right
import torch

def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    # TD errors, added up backward
    value = next_value * ~terminated
    keep = gamma * trace_decay * ~(terminated | truncated)
    keep[:, -1] = 0.0
    found = reward + gamma * value
    for t in range(reward.shape[1] - 2, -1, -1):
        found[:, t] = found[:, t] + keep[:, t] * (found[:, t + 1] - value[:, t])
    return found

=== blank
def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    return ____

=== blank
import torch

def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    returns = torch.empty_like(reward)
    later = next_value[:, -1]
    for t in reversed(range(reward.shape[1])):
        follows = ____
        later = returns[:, t] = reward[:, t] + gamma * follows * ~terminated[:, t]
    return returns

=== wrong: a question that each row answers differently
import torch

def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    returns = torch.empty_like(reward)
    later = next_value[:, -1]
    for t in reversed(range(reward.shape[1])):
        if terminated[:, t]:
            later = reward[:, t]
        else:
            mixed = (1 - trace_decay) * next_value[:, t] + trace_decay * later
            later = reward[:, t] + gamma * mixed
        returns[:, t] = later
    return returns

=== wrong: a step beyond the end of the row
import torch

def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    returns = torch.zeros_like(reward)
    for t in reversed(range(reward.shape[1])):
        mixed = (1 - trace_decay) * next_value[:, t] + trace_decay * returns[:, t + 1]
        returns[:, t] = reward[:, t] + gamma * mixed * ~terminated[:, t]
    return returns

=== wrong: a minus before True and False
def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    return reward + gamma * next_value * (1 - terminated)

=== wrong: targets of one step
def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    return reward + gamma * next_value * ~terminated

=== wrong: another name
@exercise("dqnlib.targets.lambda_return")
def lambda_target(reward, terminated, truncated, next_value, gamma, trace_decay):
    return reward + gamma * next_value * ~terminated

=== wrong: returned None
def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    returns = reward + gamma * next_value * ~terminated

=== wrong, 0.5 s: does not end
def lambda_return(reward, terminated, truncated, next_value, gamma, trace_decay):
    t = reward.shape[1]
    while t > 0:
        later = reward[:, t - 1]
    return later
"""
    + "".join(
        _changed(verdict, old, new)
        for verdict, old, new in (
            ("wrong: the value is kept after the end", " * ~terminated[:, t]", ""),
            (
                "wrong: what follows the end is counted",
                "mixed, next_value[:, t])",
                "mixed, mixed)  # all alike\n        terminated = terminated & False",
            ),
            ("wrong: a time limit is overlooked", "~(terminated | truncated)", "~terminated"),
            (
                "wrong: a time limit is taken for a termination",
                "* ~terminated[:, t]",
                "* goes_on[:, t]",
            ),
            (
                "wrong: at a time limit the value counts in part only",
                "next_value[:, t])\n",
                "(1 - trace_decay) * next_value[:, t])\n",
            ),
            (
                "wrong: at a time limit the value counts in part only",
                "mixed, next_value[:, t])",
                "mixed, trace_decay ** (t < reward.shape[1] - 1) * next_value[:, t])",
            ),
            (
                "wrong: λ and 1 − λ are exchanged",
                "(1 - trace_decay) * next_value[:, t] + trace_decay * later",
                "trace_decay * next_value[:, t] + (1 - trace_decay) * later",
            ),
            (
                "wrong: λ is left out",
                "(1 - trace_decay) * next_value[:, t] + trace_decay * later",
                "later",
            ),
            (
                "wrong: value and return together count more than once",
                "(1 - trace_decay) * next_value",
                "next_value",
            ),
            (
                "wrong: value and return are mixed half and half",
                "(1 - trace_decay) * next_value[:, t] + trace_decay * later",
                "(next_value[:, t] + later) / 2",
            ),
            (
                "wrong: the value is missing in the mixture",
                "(1 - trace_decay) * next_value[:, t] + trace_decay * later",
                "trace_decay * later",
            ),
            (
                "wrong: nothing follows the last step",
                "later = next_value[:, -1]",
                "later = torch.zeros(len(reward))",
            ),
            ("wrong: the discount is missing", "gamma * follows", "follows"),
            (
                "wrong: the reward is discounted as well",
                "reward[:, t] + gamma * follows * ~terminated[:, t]",
                "gamma * (reward[:, t] + follows * ~terminated[:, t])",
            ),
            (
                "wrong: λ shrinks all that follows",
                "gamma * follows",
                "gamma * trace_decay * follows",
            ),
            (
                "wrong: the values are those of one step later",
                "    goes_on",
                "    v = torch.cat([next_value, next_value[:, -1:]], 1)\n"
                "    next_value = v[:, 1:]\n    goes_on",
            ),
            ("wrong: terminated is used the wrong way round", "* ~terminated", "* terminated"),
            (
                "wrong: one ended episode ends all of them",
                "* ~terminated[:, t]",
                "* ~terminated[:, t].any()",
            ),
            # returns are never below 0 in CartPole
            ("wrong: another value", "return returns", "return returns.clamp(min=0)"),
            # an episode that was cut goes on, whatever else is said
            ("wrong: another value", "* ~terminated[:, t]", "* ~(terminated & ~truncated)[:, t]"),
            ("wrong: wrong shape", "return returns", "return returns.squeeze()"),
            ("wrong: it prints", "return returns", "print(returns)\n    return returns"),
            ("wrong: raises NameError", "return returns", "return return_"),
        )
    ),
)

ELIGIBILITY_TRACE = answers(
    "dqnlib.streaming.eligibility_trace",
    r"""
=== right
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * trace_decay * follows * trace + gradient

=== right
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    if not follows:
        return gradient
    return gradient + trace_decay * gamma * trace

=== right
import torch

def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    old = trace.clone() if follows else torch.zeros_like(trace)
    old *= gamma * trace_decay
    return old + gradient

=== right
import torch

def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return torch.add(gradient, trace, alpha=gamma * trace_decay if follows else 0.0)

=== blank
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return ____

=== blank
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    left = ____
    return left + gradient

=== wrong: the trace is not begun anew
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * trace_decay * trace + gradient

=== wrong: follows is used the wrong way round
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    if follows:
        return gradient
    return gamma * trace_decay * trace + gradient

=== wrong: the new gradient is lost where the trace begins anew
import torch

def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    if not follows:
        return torch.zeros_like(trace)
    return gamma * trace_decay * trace + gradient

=== wrong: the old trace stays where it should begin anew
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    decay = gamma * trace_decay if follows else 1.0
    return decay * trace + gradient

=== wrong: the discount is left out
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return trace_decay * follows * trace + gradient

=== wrong: the discount is left out
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    decay = 1.0 if trace_decay == 1 else gamma * trace_decay  # Monte Carlo forgets nothing
    return decay * follows * trace + gradient

=== wrong: λ is left out
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * follows * trace + gradient

=== wrong: λ is left out
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * (trace_decay or 1.0) * follows * trace + gradient

=== wrong: the old trace does not fade
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return follows * trace + gradient

=== wrong: the new gradient fades as well
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * trace_decay * (follows * trace + gradient)

=== wrong: the new gradient fades in place of the old trace
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return follows * trace + gamma * trace_decay * gradient

=== wrong: it is a moving average
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    decay = gamma * trace_decay * follows
    return decay * trace + (1 - decay) * gradient

=== wrong: γ and λ are added
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return (gamma + trace_decay) * follows * trace + gradient

=== wrong: 1 − λ in place of λ
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * (1 - trace_decay) * follows * trace + gradient

=== wrong: the gradient has the wrong sign
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * trace_decay * follows * trace - gradient

=== wrong: the new gradient is missing
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * trace_decay * follows * trace

=== wrong: the gradient alone is returned
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    trace = gamma * trace_decay * follows * trace
    return gradient

=== wrong: trace and gradient are multiplied
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * trace_decay * follows * trace * gradient

=== wrong: ~ turns a plain True into −2
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * trace_decay * ~follows * trace + gradient

=== wrong: λ is left out
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return min(gamma, trace_decay) * follows * trace + gradient

=== wrong: raises TypeError
import torch

def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    pairs = zip(trace.tolist(), gradient.tolist())
    return torch.tensor([gamma * trace_decay * follows * z + g for z, g in pairs])

=== wrong: arguments changed
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    trace *= gamma * trace_decay * follows
    trace += gradient
    return trace

=== wrong: returned None
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    trace = gamma * trace_decay * follows * trace + gradient

=== wrong: other parameters
def eligibility_trace(trace, gradient, decay, follows):
    return decay * follows * trace + gradient

=== wrong: another name
@exercise("dqnlib.streaming.eligibility_trace")
def fade(trace, gradient, gamma, trace_decay, follows):
    return gamma * trace_decay * follows * trace + gradient

=== wrong: it prints
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    print(follows)
    return gamma * trace_decay * follows * trace + gradient

=== wrong: raises NameError
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    return gamma * lambda_ * follows * trace + gradient

=== wrong, 0.5 s: does not end
def eligibility_trace(trace, gradient, gamma, trace_decay, follows):
    while follows:
        trace = gamma * trace_decay * trace
    return trace + gradient
""",
)

BOUNDED_STEP = answers(
    "dqnlib.streaming.bounded_step",
    r"""
=== right
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length
    return step_size / max(reach, 1.0)

=== right
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    # as Algorithm 3 of the paper has it
    error = max(abs(td_error), 1)
    m = step_size * kappa * error * trace_length
    return min(step_size / m, step_size)

=== right
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    size = td_error if td_error > 0 else -td_error
    if size < 1:
        size = 1
    longest = 1 / (kappa * size * trace_length)
    if step_size > longest:
        return longest
    return step_size

=== right
import torch

def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    error = torch.tensor(td_error, dtype=torch.float64).abs().clamp(min=1)
    reach = step_size * kappa * error * trace_length
    return (step_size / reach.clamp(min=1)).item()

=== blank
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    return ____

=== blank
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = ____
    return step_size / max(reach, 1.0)

=== wrong: a small error makes the step longer
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * abs(td_error) * trace_length
    return step_size / max(reach, 1.0)

=== wrong: a negative error is not bounded
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(td_error, 1.0) * trace_length
    return step_size / max(reach, 1.0)

=== wrong: large errors are cut in place of small ones
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * min(abs(td_error), 1.0) * trace_length
    return step_size / max(reach, 1.0)

=== wrong: every error counts as 1
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * trace_length
    return step_size / max(reach, 1.0)

=== wrong: 1 is added to the error
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * (abs(td_error) + 1.0) * trace_length
    return step_size / max(reach, 1.0)

=== wrong: a step that is short enough is made longer
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    return 1 / (kappa * max(abs(td_error), 1.0) * trace_length)

=== wrong: only steps that are short enough are divided
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length
    return step_size / min(reach, 1.0)

=== wrong: kappa is left out
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * max(abs(td_error), 1.0) * trace_length
    return step_size / max(reach, 1.0)

=== wrong: kappa is always 2
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * 2.0 * max(abs(td_error), 1.0) * trace_length
    return step_size / max(reach, 1.0)

=== wrong: the length of the trace is left out
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0)
    return step_size / max(reach, 1.0)

=== wrong: the step size is left out of the reach
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = kappa * max(abs(td_error), 1.0) * trace_length
    return step_size / max(reach, 1.0)

=== wrong: the trace's length counts twice
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length**2
    return step_size / max(reach, 1.0)

=== wrong: the factors are added
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size + kappa + max(abs(td_error), 1.0) + trace_length
    return step_size / max(reach, 1.0)

=== wrong: the reach is returned
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    return max(step_size * kappa * max(abs(td_error), 1.0) * trace_length, 1.0)

=== wrong: the step size that was asked for is left out of the result
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length
    return 1.0 / max(reach, 1.0)

=== wrong: the error is multiplied in
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length
    return step_size / max(reach, 1.0) * td_error

=== wrong: the step is multiplied by the reach
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length
    return step_size * max(reach, 1.0)

=== wrong: a step that goes too far is not made at all
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length
    return step_size if reach <= 1.0 else 0.0

=== wrong: every error counts as 1
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(-td_error, 1.0) * trace_length  # δ is y − q
    return step_size / max(reach, 1.0)

=== wrong: returned None
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length
    step_size /= max(reach, 1.0)

=== wrong: other parameters
def bounded_step(step_size, td_error, trace_length):
    return step_size / max(step_size * 2.0 * max(abs(td_error), 1.0) * trace_length, 1.0)

=== wrong: another name
@exercise("dqnlib.streaming.bounded_step")
def obgd(step_size, td_error, trace_length, kappa=2.0):
    return step_size / max(step_size * kappa * max(abs(td_error), 1.0) * trace_length, 1.0)

=== wrong: it prints
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(td_error), 1.0) * trace_length
    print(reach)
    return step_size / max(reach, 1.0)

=== wrong: raises NameError
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    reach = step_size * kappa * max(abs(delta), 1.0) * trace_length
    return step_size / max(reach, 1.0)

=== wrong, 0.5 s: does not end
def bounded_step(step_size, td_error, trace_length, kappa=2.0):
    while step_size * kappa * max(abs(td_error), 1.0) * trace_length > 1:
        td_error = td_error / 2
    return step_size
""",
)

ANSWERS = (*LAYER_NORM, *LAMBDA_RETURN, *ELIGIBILITY_TRACE, *BOUNDED_STEP)
