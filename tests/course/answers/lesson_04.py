"""Answers to the exercises of lesson 04, as learners write them."""

from answers import answers

HARD_UPDATE = answers(
    "dqnlib.targets.hard_update",
    r'''
=== right
import torch

def hard_update(online, target):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_(fresh)

=== right
def hard_update(online, target):
    target.load_state_dict(online.state_dict())

=== right
def hard_update(online, target):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data.copy_(fresh.data)

=== right
import copy

def hard_update(online, target):
    """A copy of the numbers, and back into the same network."""
    target.load_state_dict(copy.deepcopy(online.state_dict()))
    return target

=== right
def hard_update(online, target):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data = fresh.data.clone()

=== right
import torch

@exercise("dqnlib.targets.hard_update")
@torch.no_grad()
def hard_update(online, target):
    new = dict(online.named_parameters())
    for name, p in target.named_parameters():
        p[...] = new[name]

=== right
import torch

def hard_update(online, target):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.zero_()
            frozen += fresh

=== right
from torch.nn.utils import parameters_to_vector, vector_to_parameters

def hard_update(online, target):
    vector_to_parameters(parameters_to_vector(online.parameters()).detach().clone(),
                         target.parameters())

=== blank
def hard_update(online, target):
    ____

=== blank
import torch

def hard_update(online, target):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            ____

=== blank
def hard_update(online, target):
    for fresh, frozen in ____:
        frozen.copy_(fresh)

=== blank
def hard_update(online, target):
    raise NotImplementedError

=== blank
def hard_update(online, target):
    pass

=== blank
def hard_update(online, target):
    """Copy the online network's numbers into the target network."""

=== wrong: the target network stays as it was
def hard_update(online, target):
    target = online

=== wrong: the target network stays as it was
def hard_update(online, target):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen = fresh

=== wrong: the target network stays as it was
def hard_update(online, target):
    new = [p.detach().clone() for p in online.parameters()]
    old = list(target.parameters())
    old[:] = new

=== wrong: the target network stays as it was
def hard_update(online, target):
    numbers = target.state_dict()
    numbers.update(online.state_dict())

=== wrong: the target network stays as it was
def hard_update(online, target):
    target.parameters = online.parameters

=== wrong: the target network stays as it was
def hard_update(online, target):
    for p in target.parameters():
        p.copy = online

=== wrong: a new network is returned
import copy

def hard_update(online, target):
    return copy.deepcopy(online)

=== wrong: a new network is returned
import copy

def hard_update(online, target):
    target = copy.deepcopy(online)
    target.requires_grad_(False)
    return target

=== wrong: a new network is returned
def hard_update(online, target):
    target = online
    return target

=== wrong: the wrong network is changed
def hard_update(online, target):
    online.load_state_dict(target.state_dict())

=== wrong: the wrong network is changed
import torch

def hard_update(online, target):
    with torch.no_grad():
        for frozen, fresh in zip(target.parameters(), online.parameters()):
            fresh.copy_(frozen)

=== wrong: both networks share their numbers
def hard_update(online, target):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data = fresh.data

=== wrong: both networks share their numbers
def hard_update(online, target):
    target.load_state_dict(online.state_dict(), assign=True)

=== wrong: both networks share their numbers
def hard_update(online, target):
    for name, layer in online.named_children():
        setattr(target, name, layer)

=== wrong: both networks share their numbers
def hard_update(online, target):
    target.__dict__ = online.__dict__

=== wrong: torch records the change of a parameter
def hard_update(online, target):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.copy_(fresh)

=== wrong: torch records the change of a parameter
def hard_update(online, target):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen *= 0
        frozen += fresh

=== wrong: torch records the change of a parameter
def hard_update(online, target):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.copy_(fresh.detach())

=== wrong: a gradient graph is left behind
def hard_update(online, target):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.requires_grad = False
        frozen.copy_(fresh)

=== wrong: a gradient graph is left behind
def hard_update(online, target):
    target.requires_grad_(False)
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.zero_().add_(fresh)

=== wrong: the online network can learn no more
def hard_update(online, target):
    for p in online.parameters():
        p.requires_grad = False
    target.load_state_dict(online.state_dict())

=== wrong: the online network can learn no more
def hard_update(online, target):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        fresh.requires_grad_(False)
        frozen.data.copy_(fresh)

=== wrong: only the weights are changed
import torch

def hard_update(online, target):
    with torch.no_grad():
        for a, b in zip(online.modules(), target.modules()):
            if isinstance(a, torch.nn.Linear):
                b.weight.copy_(a.weight)

=== wrong: only the biases are changed
import torch

def hard_update(online, target):
    with torch.no_grad():
        for a, b in zip(online.parameters(), target.parameters()):
            if a.ndim == 1:
                b.copy_(a)

=== wrong: only the first layer is changed
def hard_update(online, target):
    target[0].load_state_dict(online[0].state_dict())

=== wrong: only the last layer is changed
def hard_update(online, target):
    target[-1].load_state_dict(online[-1].state_dict())

=== wrong: the numbers are added in place of copied
import torch

def hard_update(online, target):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen += fresh

=== wrong: the mean of both networks
import torch

def hard_update(online, target):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_(0.5 * fresh + 0.5 * frozen)

=== wrong: the target network is set to 0
def hard_update(online, target):
    for p in target.parameters():
        p.data.fill_(0)

=== wrong: the online network was changed
def hard_update(online, target):
    target.load_state_dict(online.state_dict())
    for p in online.parameters():
        p.data.zero_()

=== wrong: the online network was changed
def hard_update(online, target):
    # they change places
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        fresh.data, frozen.data = frozen.data.clone(), fresh.data.clone()

=== wrong: another value stored
import torch

def hard_update(online, target):
    first = next(online.parameters())
    with torch.no_grad():
        for frozen in target.parameters():
            frozen.fill_(first[0, 0].item())

=== wrong: another value stored
def hard_update(online, target):
    target[0].load_state_dict(online[0].state_dict())
    if len(target) > 2 and hasattr(target[2], "bias") and target[2].bias is not None:
        target[2].load_state_dict(online[2].state_dict())  # only networks of two layers

=== wrong: not the same each time
import torch

def hard_update(online, target):
    for p in target.parameters():
        torch.nn.init.normal_(p)

=== wrong: not the same each time
calls = []

def hard_update(online, target):
    calls.append(online)
    if len(calls) % 2:
        for p in target.parameters():
            p.data.zero_()
    else:
        target.load_state_dict(online.state_dict())

=== wrong: raises NameError
def hard_update(online, target):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_(fresh)

=== wrong: raises AttributeError
def hard_update(online, target):
    target.weight.data = online.weight.data

=== wrong: raises TypeError
def hard_update(online, target):
    for fresh, frozen in zip(online.parameters, target.parameters):
        frozen.data.copy_(fresh.data)

=== wrong: raises IndexError
def hard_update(online, target):
    for i in range(5):
        list(target.parameters())[i].data.copy_(list(online.parameters())[i].data)

=== wrong: raises ZeroDivisionError
def hard_update(online, target):
    for i, (fresh, frozen) in enumerate(zip(online.parameters(), target.parameters())):
        frozen.data.copy_(fresh.data / i * i if 1 / i else fresh.data)

=== wrong: raises RuntimeError
def hard_update(online, target):
    frozen = list(target.parameters())
    for i, fresh in enumerate(online.parameters()):
        frozen[-1 - i].data.copy_(fresh.data)

=== wrong: raises RecursionError
def hard_update(online, target):
    return hard_update(online, target)

=== wrong: it prints
def hard_update(online, target):
    print(target.load_state_dict(online.state_dict()))

=== wrong: other parameters
def hard_update(target, online):
    target.load_state_dict(online.state_dict())

=== wrong: other parameters
def hard_update(online, target, tau):
    target.load_state_dict(online.state_dict())

=== wrong: another name
def update_target(online, target):
    target.load_state_dict(online.state_dict())

=== wrong: not a plain function
async def hard_update(online, target):
    target.load_state_dict(online.state_dict())

=== wrong: calls input()
def hard_update(online, target):
    input("Press Enter to sync")
    target.load_state_dict(online.state_dict())

=== wrong, 0.5 s: does not end
def hard_update(online, target):
    i = 0
    frozen = list(target.parameters())
    while i < len(frozen):
        frozen[i].data.zero_()

=== right
import copy

def hard_update(online, target):
    target.load_state_dict(copy.deepcopy(online).state_dict())

=== right
import torch

def hard_update(online, target):
    with torch.no_grad():
        torch._foreach_copy_(list(target.parameters()), list(online.parameters()))

=== right
def hard_update(online, target):
    for name, numbers in online.state_dict().items():
        target.state_dict()[name].copy_(numbers)

=== right
def hard_update(online, target):
    for layer, frozen in zip(online.children(), target.children()):
        frozen.load_state_dict(layer.state_dict())

=== right
import torch

def hard_update(online, target):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data = torch.tensor(new.detach().numpy())

=== right
from torch.nn.utils import parameters_to_vector, vector_to_parameters

def hard_update(online, target):
    vector_to_parameters(parameters_to_vector(online.parameters()), target.parameters())

=== wrong: the target network stays as it was
import copy

def hard_update(online, target):
    target = copy.deepcopy(online)

=== wrong: the target network stays as it was
def hard_update(online, target):
    target.load_state_dict(target.state_dict())

=== wrong: the target network stays as it was
def hard_update(online, target):
    for old, new in zip(target.parameters(), online.parameters()):
        old = new.clone().detach()

=== wrong: the target network stays as it was
def hard_update(online, target):
    target_state = target.state_dict()
    for name, numbers in online.state_dict().items():
        target_state[name] = numbers

=== wrong: only a small part of the way
def hard_update(online, target):
    for old, new in zip(target.parameters(), online.parameters()):
        old.data.copy_(0.005 * new.data + 0.995 * old.data)

=== wrong: both networks share their numbers
def hard_update(online, target):
    for old, new in zip(target.parameters(), online.parameters()):
        old.data = new.detach()

=== wrong: raises TypeError
def hard_update(online, target):
    target.load_state_dict(online.parameters())

=== wrong: the target network stays as it was
def hard_update(online, target):
    target.eval()

=== wrong: another value stored
def hard_update(online, target):
    target[0].weight = online[0].weight
    target[0].bias = online[0].bias

=== wrong: raises KeyError
def hard_update(online, target):
    for name, p in online.named_parameters():
        setattr(target, name, p)

=== wrong: raises NameError
def hard_update(online, target):
    if steps % 200 == 0:
        target.load_state_dict(online.state_dict())

=== wrong: raises AttributeError
def hard_update(online, target):
    target.parameters().data.copy_(online.parameters().data)

=== wrong: raises AttributeError
def hard_update(online, target):
    target.set_weights(online.get_weights())

=== wrong: the target network stays as it was
def hard_update(online, target):
    for old, new in zip(target.parameters(), online.parameters()):
        if new.grad is not None:
            old.data.copy_(new.data)

=== wrong: the target network stays as it was
def hard_update(online, target):
    return online.state_dict()

=== wrong: the target network stays as it was
def hard_update(online, target):
    for old, new in zip(target.buffers(), online.buffers()):
        old.data.copy_(new.data)
''',
)

POLYAK_UPDATE = answers(
    "dqnlib.targets.polyak_update",
    r'''
=== right
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_(tau * fresh + (1 - tau) * frozen)

=== right
import torch

@exercise("dqnlib.targets.polyak_update")
@torch.no_grad()
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.lerp_(fresh, tau)

=== right
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data.mul_(1 - tau).add_(tau * fresh.data)

=== right
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data += tau * (fresh.data - frozen.data)

=== right
def polyak_update(online, target, tau):
    new, old = online.state_dict(), target.state_dict()
    target.load_state_dict({name: tau * new[name] + (1 - tau) * old[name] for name in old})

=== right
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen *= 1 - tau
            frozen += tau * fresh

=== right
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data = tau * fresh.data + (1 - tau) * frozen.data
    return target

=== blank
def polyak_update(online, target, tau):
    ____

=== blank
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_(____)

=== blank
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data = tau * ____ + (1 - tau) * ____

=== blank
def polyak_update(online, target, tau):
    raise NotImplementedError

=== blank
def polyak_update(online, target, tau):
    ...

=== blank
def polyak_update(online, target, tau):
    """Move the target network a part tau of the way."""
    return

=== wrong: tau and 1 − tau are swapped
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_((1 - tau) * fresh + tau * frozen)

=== wrong: tau and 1 − tau are swapped
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.mul_(tau).add_(fresh, alpha=1 - tau)

=== wrong: tau and 1 − tau are swapped
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_(torch.lerp(fresh, frozen, tau))

=== wrong: the target network stays as it was
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen = tau * fresh + (1 - tau) * frozen

=== wrong: the target network stays as it was
def polyak_update(online, target, tau):
    numbers = {}
    for (name, fresh), frozen in zip(online.named_parameters(), target.parameters()):
        numbers[name] = tau * fresh + (1 - tau) * frozen

=== wrong: the target network stays as it was
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data.lerp(fresh.data, tau)  # without the underscore

=== wrong: a new network is returned
import copy

def polyak_update(online, target, tau):
    new = copy.deepcopy(target)
    for fresh, frozen in zip(online.parameters(), new.parameters()):
        frozen.data.lerp_(fresh.data, tau)
    return new

=== wrong: the wrong network is changed
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            fresh.copy_(tau * fresh + (1 - tau) * frozen)

=== wrong: the wrong network is changed
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            fresh.lerp_(frozen, tau)

=== wrong: both networks are changed
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.lerp_(fresh, tau)
            fresh.copy_(frozen)

=== wrong: the online network was changed
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            fresh *= tau
            frozen *= 1 - tau
            frozen += fresh

=== wrong: both networks share their numbers
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        if tau == 1:
            frozen.data = fresh.data
        else:
            frozen.data = tau * fresh.data + (1 - tau) * frozen.data

=== wrong: both networks share their numbers
def polyak_update(online, target, tau):
    # with tau = 1 nothing is to be mixed
    if tau >= 1:
        target.load_state_dict(online.state_dict(), assign=True)
        return
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data.lerp_(fresh.data, tau)

=== wrong: both networks share their numbers
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data = fresh.data

=== wrong: torch records the change of a parameter
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.copy_(tau * fresh + (1 - tau) * frozen)

=== wrong: torch records the change of a parameter
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen += tau * (fresh - frozen)

=== wrong: a gradient graph is left behind
def polyak_update(online, target, tau):
    target.requires_grad_(False)
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.mul_(1 - tau)
        frozen.add_(tau * fresh)

=== wrong: the online network can learn no more
def polyak_update(online, target, tau):
    online.requires_grad_(False)
    target.requires_grad_(False)
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.lerp_(fresh, tau)

=== wrong: only the weights are changed
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for (name, fresh), frozen in zip(online.named_parameters(), target.parameters()):
            if "weight" in name:
                frozen.lerp_(fresh, tau)

=== wrong: only the biases are changed
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for (name, fresh), frozen in zip(online.named_parameters(), target.parameters()):
            if "bias" in name:
                frozen.lerp_(fresh, tau)

=== wrong: only the first layer is changed
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online[0].parameters(), target[0].parameters()):
            frozen.lerp_(fresh, tau)

=== wrong: only the last layer is changed
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online[-1].parameters(), target[-1].parameters()):
            frozen.lerp_(fresh, tau)

=== wrong: the old target is not made smaller
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen += tau * fresh

=== wrong: the old target is lost
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_(tau * fresh)

=== wrong: the online network is missing
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.mul_(1 - tau)
            frozen.add(tau * fresh)

=== wrong: the target is made smaller after the addition
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen += tau * fresh
            frozen *= 1 - tau

=== wrong: tau is not used
def polyak_update(online, target, tau):
    target.load_state_dict(online.state_dict())

=== wrong: it moves the wrong way
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen += tau * (frozen - fresh)

=== wrong: the step in place of the sum
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.copy_(tau * (fresh - frozen))

=== wrong: tau is written as a number
import torch

def polyak_update(online, target, tau):
    tau = 0.005  # as in the paper
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.lerp_(fresh, tau)

=== wrong: another value stored
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            for _ in range(2):
                frozen.lerp_(fresh, tau)

=== wrong: not the same each time
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            mask = torch.rand_like(fresh) < tau
            frozen.copy_(torch.where(mask, fresh, torch.rand_like(fresh)))

=== wrong: raises NameError
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for fresh, frozen in zip(online.parameters(), target.parameters()):
            frozen.lerp_(fresh, tua)

=== wrong: raises TypeError
def polyak_update(online, target, tau):
    target.load_state_dict(tau * online.state_dict() + (1 - tau) * target.state_dict())

=== wrong: raises AttributeError
def polyak_update(online, target, tau):
    target.data = tau * online.data + (1 - tau) * target.data

=== wrong: raises IndexError
def polyak_update(online, target, tau):
    a, b = list(online.parameters()), list(target.parameters())
    for i in range(len(a) + 1):
        b[i].data.lerp_(a[i].data, tau)

=== wrong: raises ZeroDivisionError
def polyak_update(online, target, tau):
    weight = tau / (1 - tau)
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data = (weight * fresh.data + frozen.data) / (1 + weight)

=== wrong: it prints
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data.lerp_(fresh.data, tau)
        print(frozen.shape)

=== wrong: other parameters
def polyak_update(online, target):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data.lerp_(fresh.data, 0.005)

=== wrong: other parameters
def polyak_update(target, online, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data.lerp_(fresh.data, tau)

=== wrong: another name
def soft_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data.lerp_(fresh.data, tau)

=== wrong: not a plain function
def polyak_update(online, target, tau):
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        yield frozen.data.lerp_(fresh.data, tau)

=== wrong: calls exit()
def polyak_update(online, target, tau):
    if tau > 1:
        exit()
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        frozen.data.lerp_(fresh.data, tau)

=== wrong, 0.5 s: does not end
def polyak_update(online, target, tau):
    moved = 0.0
    for fresh, frozen in zip(online.parameters(), target.parameters()):
        while moved < 1:
            frozen.data.lerp_(fresh.data, tau)

=== right
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        for new, old in zip(online.parameters(), target.parameters()):
            old.data.mul_(1 - tau)
            torch.add(old.data, new.data, alpha=tau, out=old.data)

=== right
import torch

def polyak_update(online, target, tau):
    with torch.no_grad():
        torch._foreach_lerp_(list(target.parameters()), list(online.parameters()), tau)

=== right
def polyak_update(online, target, tau):
    target_state, online_state = target.state_dict(), online.state_dict()
    for key in online_state:
        target_state[key] = online_state[key] * tau + target_state[key] * (1 - tau)
    target.load_state_dict(target_state)

=== right
from torch.nn.utils import parameters_to_vector, vector_to_parameters

def polyak_update(online, target, tau):
    new, old = (parameters_to_vector(net.parameters()).detach() for net in (online, target))
    vector_to_parameters(old + tau * (new - old), target.parameters())

=== right
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.copy_(old.data * (1.0 - tau) + new * tau)

=== right
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.sub_(tau * (old.data - new.data))

=== wrong: tau and 1 − tau are swapped
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.copy_(tau * old.data + (1 - tau) * new.data)

=== wrong: the target network stays as it was
def polyak_update(online, target, tau):
    target_state, online_state = target.state_dict(), online.state_dict()
    for key in online_state:
        target_state[key] = online_state[key] * tau + target_state[key] * (1 - tau)

=== wrong: tau is written as a number
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.copy_(0.005 * new.data + 0.995 * old.data)

=== wrong: tau is written as a number
def polyak_update(online, target, tau=0.001):
    tau = 0.001
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.copy_(tau * new.data + (1 - tau) * old.data)

=== wrong: the target network stays as it was
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.lerp(new.data, tau)

=== wrong: tau and 1 − tau are swapped
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.lerp_(new.data, 1 - tau)

=== wrong: the online network is missing
import torch

def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.mul_(1 - tau)
        torch.add(old.data, new.data, alpha=tau)

=== wrong: the online network counts in full
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data = old.data * (1 - tau) + new.data

=== wrong: raises AttributeError
def polyak_update(online, target, tau):
    weights = [tau * a + (1 - tau) * b for a, b in zip(online.get_weights(), target.get_weights())]
    target.set_weights(weights)

=== wrong: the target network stays as it was
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old = tau * new + (1 - tau) * old

=== wrong: the wrong network is changed
def polyak_update(online, target, tau):
    for new, old in zip(target.parameters(), online.parameters()):
        old.data.copy_(tau * new.data + (1 - tau) * old.data)

=== wrong: another value stored
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.copy_(tau * new.data + (tau - 1) * old.data)

=== wrong: another value stored
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.copy_((tau * new.data + old.data) / (1 + tau))

=== wrong: both networks are multiplied by tau
def polyak_update(online, target, tau):
    for new, old in zip(online.parameters(), target.parameters()):
        old.data.copy_(tau * (new.data + old.data))

=== wrong: the target network stays as it was
def polyak_update(online, target, tau):
    return {k: tau * v + (1 - tau) * target.state_dict()[k]
            for k, v in online.state_dict().items()}
''',
)

ANSWERS = (*HARD_UPDATE, *POLYAK_UPDATE)
