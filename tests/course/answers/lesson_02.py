"""Answers to the exercises of lesson 02, as learners write them."""

from answers import answers

IMPORTS = "import math\nimport torch\nfrom torch import nn\n"

Q_NETWORK = answers(
    "dqnlib.networks.QNetwork",
    r'''
=== right
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = math.prod(obs_shape)
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        layers.append(nn.Linear(size, n_actions))
        self.layers = nn.Sequential(*layers)

    def forward(self, obs):
        return self.layers(obs)

=== right
import torch.nn.functional as F

class QNetwork(nn.Module):
    """Layers in a ModuleList, relu in forward."""

    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super(QNetwork, self).__init__()
        sizes = [math.prod(obs_shape), *hidden]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.out = nn.Linear(sizes[-1], n_actions)

    def forward(self, obs):
        x = obs.flatten(1)
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.out(x)

=== right
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        nn.Module.__init__(self)
        self.sizes = (math.prod(obs_shape), *hidden, n_actions)
        for k in range(len(self.sizes) - 1):
            setattr(self, f"layer{k}", self.make(self.sizes[k], self.sizes[k + 1]))

    def make(self, inputs, outputs):
        layer = nn.Linear(inputs, outputs)
        nn.init.orthogonal_(layer.weight)
        return layer

    def forward(self, obs):
        x = obs.reshape(obs.shape[0], -1)
        last = len(self.sizes) - 2
        for k in range(last + 1):
            x = getattr(self, f"layer{k}")(x)
            if k < last:
                x = torch.relu(x)
        return x

=== right
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        made = [nn.Flatten(start_dim=1)]
        for width in hidden:
            made.extend([nn.LazyLinear(width), nn.Tanh()])
        made.append(nn.LazyLinear(n_actions))
        self.parts = made  # the list itself may stay, as Sequential holds the layers as well
        self.net = nn.Sequential(*made)

    def forward(self, obs):
        return self.net(obs)

=== right
class QNetwork(nn.Module):
    """Matrices of its own in place of nn.Linear."""

    def __init__(self, shape, actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(shape), *hidden, actions]
        self.w = nn.ParameterList(
            nn.Parameter(torch.randn(a, b) / a**0.5) for a, b in zip(sizes, sizes[1:])
        )
        self.b = nn.ParameterList(nn.Parameter(torch.zeros(b)) for b in sizes[1:])

    def forward(self, x):
        x = x.flatten(start_dim=1)
        for k, (w, b) in enumerate(zip(self.w, self.b)):
            x = x @ w + b
            if k + 1 < len(self.w):
                x = x.clamp(min=0)
        return x

=== blank
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        ____

    def forward(self, obs):
        return ____

=== blank
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, obs):
        return ____

=== wrong: a layer is missing
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(math.prod(obs_shape), n_actions))

    def forward(self, obs):
        return ____

=== wrong: no layer is stored in the network
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
        model = nn.Sequential(*layers)

    def forward(self, obs):
        return ____

=== blank
class QNetwork(nn.Module):
    """One value an action."""

    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        pass

    def forward(self, obs):
        ...

=== wrong: nn.Module was never set up
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        size = math.prod(obs_shape)
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):
        return self.layers(obs)

=== wrong: nn.Module was never set up
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]

    def forward(self, obs):
        for layer in self.layers[:-1]:
            obs = torch.relu(layer(obs))
        return self.layers[-1](obs)

=== wrong: a plain list hides the layers
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        self.layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]

    def forward(self, obs):
        x = obs.flatten(1)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)

=== wrong: a plain list hides the layers
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = math.prod(obs_shape)
        self.hidden = {}
        for k, width in enumerate(hidden):
            self.hidden[k] = nn.Linear(size, width)
            size = width
        self.head = nn.Linear(size, n_actions)

    def forward(self, obs):
        x = obs.flatten(1)
        for layer in self.hidden.values():
            x = torch.relu(layer(x))
        return self.head(x)

=== wrong: two networks share their layers
class QNetwork(nn.Module):
    layers = []

    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        for a, b in zip(sizes, sizes[1:]):
            self.layers.append(nn.Linear(a, b))

    def forward(self, obs):
        x = obs.flatten(1)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)

=== wrong: two networks share their parameters
made = {}

class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = (math.prod(obs_shape), *hidden, n_actions)
        if sizes not in made:
            layers = [nn.Flatten()]
            for a, b in zip(sizes, sizes[1:]):
                layers += [nn.Linear(a, b), nn.ReLU()]
            made[sizes] = nn.Sequential(*layers[:-1])
        self.layers = made[sizes]

    def forward(self, obs):
        return self.layers(obs)

=== wrong: the batch axis is lost
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = math.prod(obs_shape)
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):
        return self.layers(obs).squeeze()

=== wrong: the batch axis is lost
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, obs):
        return self.layers(obs.flatten())

=== wrong: a nonlinearity after the last layer
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, obs):
        x = obs.flatten(1)
        for layer in self.layers:
            x = nn.functional.leaky_relu(layer(x))
        return x

=== wrong: the output layer is missing
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = math.prod(obs_shape)
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential(*layers)

    def forward(self, obs):
        return self.layers(obs)

=== wrong: one value in place of one for each action
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], n_actions))

    def forward(self, obs):
        return self.layers(obs).max(dim=1).values

=== wrong: wrong shape
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], n_actions))

    def forward(self, obs):
        return self.layers(obs).T

=== wrong: wrong type
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], n_actions))

    def forward(self, obs):
        return self.layers(obs).detach().numpy()

=== wrong: returned None
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], n_actions))

    def forward(self, obs):
        values = self.layers(obs)

=== wrong: layers are made anew in each call
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.sizes = [math.prod(obs_shape), *hidden]
        self.n_actions = n_actions

    def forward(self, obs):
        x = obs.flatten(1)
        for a, b in zip(self.sizes, self.sizes[1:]):
            x = torch.relu(nn.Linear(a, b)(x))
        return nn.Linear(self.sizes[-1], self.n_actions)(x)

=== wrong: chance inside forward
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = math.prod(obs_shape)
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU(), nn.Dropout(0.5)]
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):
        return self.layers(obs)

=== wrong: hidden is not used
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(math.prod(obs_shape), 64),
            nn.ReLU(),
            nn.Linear(64, 64),
            nn.ReLU(),
            nn.Linear(64, n_actions),
        )

    def forward(self, obs):
        return self.layers(obs)

=== wrong: a layer is missing
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(math.prod(obs_shape), hidden[0]),
            nn.ReLU(),
            nn.Linear(hidden[0], n_actions),
        )

    def forward(self, obs):
        return self.layers(obs)

=== wrong: raises IndexError
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.one = nn.Linear(math.prod(obs_shape), hidden[0])
        self.two = nn.Linear(hidden[0], hidden[1])
        self.out = nn.Linear(hidden[1], n_actions)

    def forward(self, obs):
        return self.out(torch.relu(self.two(torch.relu(self.one(obs.flatten(1))))))

=== wrong: other widths than those in hidden
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *sorted(hidden), n_actions]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, obs):
        return self.layers(obs)

=== wrong: observations with several axes are not flattened
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = obs_shape[0]
        layers = []
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):
        return self.layers(obs)

=== wrong: observations with several axes are not flattened
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        (size,) = obs_shape
        layers = []
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):
        return self.layers(obs)

=== wrong: obs_shape is used as a number
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = obs_shape
        layers = []
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):
        return self.layers(obs)

=== wrong: a list in place of single layers
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = math.prod(obs_shape)
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential([*layers, nn.Linear(size, n_actions)])

    def forward(self, obs):
        return self.layers(obs)

=== wrong: a layer gets another number of inputs than it was made for
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = math.prod(obs_shape)
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):
        return self.layers(obs)

=== wrong: a layer gets another number of inputs than it was made for
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = []
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, obs):
        return self.layers(obs.flatten())

=== wrong: an observation's values depend on the rest of the batch
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, obs):
        return self.layers(obs - obs.mean(dim=0))

=== wrong: no nonlinearity between the layers
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        self.layers = nn.Sequential(
            nn.Flatten(), *(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        )

    def forward(self, obs):
        return self.layers(obs)

=== wrong: a hidden layer without a nonlinearity
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.out = nn.Linear(sizes[-1], n_actions)

    def forward(self, obs):
        x = obs.flatten(1)
        for layer in self.hidden:
            x = layer(x)
        return self.out(torch.relu(x))

=== wrong: a nonlinearity before the first layer
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = math.prod(obs_shape)
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [nn.ReLU(), nn.Linear(size, width)]
            size = width
        self.layers = nn.Sequential(*layers, nn.ReLU(), nn.Linear(size, n_actions))

    def forward(self, obs):
        return self.layers(obs)

=== wrong: a nonlinearity after the last layer
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, obs):
        return self.layers(obs)

=== wrong: the output is squashed
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, obs):
        return self.layers(obs)

=== wrong: a softmax at the output
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1], nn.Softmax(dim=1))

    def forward(self, obs):
        return self.layers(obs)

=== wrong: no gradient reaches a parameter
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    @torch.no_grad()
    def forward(self, obs):
        return self.layers(obs)

=== wrong: every network starts with the same parameters
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        torch.manual_seed(0)
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, obs):
        return self.layers(obs)

=== wrong: arguments changed
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, obs):
        obs /= 2.4
        return self.layers(obs)

=== wrong: no method __init__
class QNetwork(nn.Module):
    def _init_(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.layers = nn.Linear(math.prod(obs_shape), n_actions)

    def forward(self, obs):
        return self.layers(obs)

=== wrong: no method forward
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.layers = nn.Linear(math.prod(obs_shape), n_actions)

    def foward(self, obs):
        return self.layers(obs)

=== wrong: no method forward
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.layers = nn.Linear(math.prod(obs_shape), n_actions)

        def forward(self, obs):
            return self.layers(obs)

=== wrong: other parameters
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.layers = nn.Linear(math.prod(obs_shape), n_actions)

    def forward(obs):
        return self.layers(obs)

=== wrong: other parameters
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions):
        super().__init__()
        self.layers = nn.Linear(math.prod(obs_shape), n_actions)

    def forward(self, obs):
        return self.layers(obs)

=== wrong: the base class is missing
class QNetwork:
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.layers = nn.Linear(math.prod(obs_shape), n_actions)

    def forward(self, obs):
        return self.layers(obs)

=== wrong: not a class
def QNetwork(obs_shape, n_actions, hidden=(64, 64)):
    size = math.prod(obs_shape)
    layers = [nn.Flatten()]
    for width in hidden:
        layers += [nn.Linear(size, width), nn.ReLU()]
        size = width
    return nn.Sequential(*layers, nn.Linear(size, n_actions))

=== wrong: another name
class Network(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        self.layers = nn.Linear(math.prod(obs_shape), n_actions)

    def forward(self, obs):
        return self.layers(obs)

=== wrong: raises NameError
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = math.prod(obs_shape)
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):
        return layers(obs)

=== wrong: raises AttributeError
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size = math.prod(obs_shape)
        layers = [nn.Flatten()]
        for width in hidden:
            layers += [nn.Linear(size, width), nn.ReLU()]
            size = width
        layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):
        return self.layers(obs)

=== wrong: it prints
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        sizes = [math.prod(obs_shape), *hidden, n_actions]
        layers = [nn.Flatten()]
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, obs):
        print(obs.shape)
        return self.layers(obs)

=== wrong, 0.3 s: does not end
class QNetwork(nn.Module):
    def __init__(self, obs_shape, n_actions, hidden=(64, 64)):
        super().__init__()
        size, layers, k = math.prod(obs_shape), [nn.Flatten()], 0
        while k < len(hidden):
            size = hidden[k]
        self.layers = nn.Sequential(*layers, nn.Linear(size, n_actions))

    def forward(self, obs):
        return self.layers(obs)
''',
    IMPORTS,
)

TD_TARGET = answers(
    "dqnlib.targets.td_target",
    r'''
=== right
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values * ~terminated

=== right
def td_target(reward, terminated, next_q, gamma):
    best, _ = next_q.max(dim=1)
    y = reward.clone()
    y[~terminated] += gamma * best[~terminated]
    return y

=== right
def td_target(reward, terminated, next_q, gamma):
    following = torch.where(terminated, 0.0, next_q.amax(dim=-1))
    return reward + gamma * following

=== right
def td_target(reward, terminated, next_q, gamma):
    """One transition after the other."""
    targets = []
    for r, t, q in zip(reward, terminated, next_q):
        targets.append(r if t else r + gamma * max(q))
    return torch.stack(targets)

=== right
def td_target(r, done, q, g):
    return r + (1 - done.float()) * g * torch.max(q, 1)[0]

=== right
def td_target(reward, terminated, next_q, gamma):
    # float64 in between does no harm
    value = next_q.double().gather(1, next_q.argmax(1, keepdim=True)).squeeze(1)
    return reward + gamma * value.masked_fill(terminated, 0.0)

=== blank
def td_target(reward, terminated, next_q, gamma):
    return ____

=== blank
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * ____ * ~terminated

=== right
import torch

def td_target(reward, terminated, next_q, gamma):
    best = [max(row) for row in next_q.tolist()]
    return reward + gamma * torch.tensor(best) * terminated.logical_not()

=== right
import torch

def td_target(reward, terminated, next_q, gamma):
    largest, _ = next_q.masked_fill(terminated[:, None], 0.0).topk(1, dim=1)
    return torch.addcmul(reward, largest[:, 0], torch.ones_like(reward), value=gamma)

=== wrong: one action for the whole batch
def td_target(reward, terminated, next_q, gamma):
    action = next_q.mean(0).argmax()
    return reward + gamma * next_q[:, action] * ~terminated

=== wrong: one action for the whole batch
def td_target(reward, terminated, next_q, gamma):
    action = next_q.argmax(dim=1)[0]
    return reward + gamma * next_q[:, action] * ~terminated

=== wrong: the largest value of the first row for all rows
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * max(next_q[0]) * ~terminated

=== wrong: the mean of the batch's largest values
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values.mean() * ~terminated

=== wrong: a soft maximum in place of the largest value
import torch

def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * torch.logsumexp(next_q, dim=1) * ~terminated

=== wrong: a soft maximum in place of the largest value
def td_target(reward, terminated, next_q, gamma):
    probability = next_q.softmax(dim=1)
    return reward + gamma * (probability * next_q).sum(dim=1) * ~terminated

=== wrong: one ended episode ends all of them
def td_target(reward, terminated, next_q, gamma):
    if terminated.any():
        return reward
    return reward + gamma * next_q.amax(dim=1)

=== wrong: the value of a terminal state was kept
def td_target(reward, terminated, next_q, gamma):
    if terminated.all():
        return reward
    return reward + gamma * next_q.amax(dim=1)

=== wrong: a penalty at the end of the episode
import torch

def td_target(reward, terminated, next_q, gamma):
    return torch.where(terminated, -1.0, reward + gamma * next_q.amax(dim=1))

=== wrong: a penalty at the end of the episode
def td_target(reward, terminated, next_q, gamma):
    best = next_q.amax(dim=1)
    best[terminated] = -1.0
    return reward + gamma * best

=== wrong: gamma is written as a number
def td_target(reward, terminated, next_q, gamma):
    return reward + 0.99 * next_q.max(dim=1).values * ~terminated

=== right
def td_target(reward, terminated, next_q, gamma):
    non_final = ~terminated  # as in PyTorch's own tutorial
    next_state_values = torch.zeros_like(reward)
    next_state_values[non_final] = next_q[non_final].max(1).values
    return (next_state_values * gamma) + reward

=== right
def td_target(reward, terminated, next_q, gamma):
    y = reward + gamma * torch.max(next_q, dim=-1)[0]
    y = torch.where(terminated, reward, y)
    return y.detach()

=== right
def td_target(rewards, dones, q_next, discount):
    dones = dones.unsqueeze(-1).float()
    best = q_next.max(dim=1, keepdim=True).values
    return (rewards.unsqueeze(-1) + discount * best * (1 - dones)).squeeze(-1)

=== right
def td_target(reward, terminated, next_q, gamma):
    discount = gamma * (1.0 - terminated.to(next_q.dtype))
    best = next_q.sort(dim=1, descending=True).values[:, 0]
    return torch.einsum("b,b->b", discount, best) + reward

=== right
def td_target(reward, terminated, next_q, gamma):
    best = torch.vmap(torch.max)(next_q)
    return torch.lerp(reward, reward + gamma * best, (~terminated).float())

=== wrong: the value of a terminal state was kept
def td_target(reward, terminated, next_q, gamma):
    target = reward + gamma * next_q.max(1)[0]
    if terminated is True:
        target = reward
    return target

=== wrong: terminated is used the wrong way round
def td_target(reward, terminated, next_q, gamma):
    return torch.where(terminated, reward + gamma * next_q.max(1)[0], reward)

=== wrong: the reward is dropped when the episode ends
def td_target(reward, terminated, next_q, gamma):
    y = reward + gamma * next_q.amax(dim=1)
    y[terminated] = 0.0
    return y

=== wrong: the largest value of the whole batch
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * torch.max(next_q) * (1 - terminated.float())

=== wrong: a column [B, 1] met a row [B]
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(1)[0].unsqueeze(1) * (1 - terminated.float())

=== wrong: gamma is written as a number
GAMMA = 0.99

def td_target(reward, terminated, next_q, gamma):
    return reward + GAMMA * next_q.max(1)[0] * (1 - terminated.float())

=== wrong: the number of the action in place of its value
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(1)[1] * (1 - terminated.float())

=== wrong: gamma discounts the reward as well
def td_target(reward, terminated, next_q, gamma):
    value = torch.where(terminated, reward, reward + next_q.amax(1))
    return gamma * value

=== wrong: one ended episode ends all of them
def td_target(reward, terminated, next_q, gamma):
    done = bool(torch.max(terminated))
    return reward if done else reward + gamma * next_q.amax(1)

=== wrong: a penalty at the end of the episode
def td_target(reward, terminated, next_q, gamma):
    reward = torch.where(terminated, torch.full_like(reward, -1.0), reward)
    return reward + gamma * next_q.amax(1) * ~terminated

=== wrong: negative values are cut off at 0
def td_target(reward, terminated, next_q, gamma):
    best = torch.zeros(len(reward))
    for k in range(len(reward)):
        for value in next_q[k]:
            best[k] = max(best[k], value)
    return reward + gamma * best * ~terminated

=== wrong: the value of a terminal state was kept
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values

=== wrong: terminated is used the wrong way round
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values * terminated

=== wrong: the smallest value in place of the largest
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.min(dim=1).values * ~terminated

=== wrong: the mean in place of the largest value
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.mean(1) * ~terminated

=== wrong: the sum in place of the largest value
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.sum(-1) * (1 - terminated.int())

=== wrong: the first action's value in place of the largest
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q[:, 0] * ~terminated

=== wrong: the number of the action in place of its value
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).indices * ~terminated

=== wrong: the largest value of the whole batch
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max() * ~terminated

=== wrong: the discount is missing
def td_target(reward, terminated, next_q, gamma):
    return reward + next_q.max(dim=1).values * ~terminated

=== wrong: gamma discounts the reward as well
def td_target(reward, terminated, next_q, gamma):
    return gamma * (reward + next_q.max(dim=1).values * ~terminated)

=== wrong: gamma discounts the reward in place of what follows
def td_target(reward, terminated, next_q, gamma):
    return gamma * reward + next_q.max(dim=1).values * ~terminated

=== wrong: the reward is dropped when the episode ends
def td_target(reward, terminated, next_q, gamma):
    return (reward + gamma * next_q.max(dim=1).values) * ~terminated

=== wrong: the reward is missing
def td_target(reward, terminated, next_q, gamma):
    return gamma * next_q.max(dim=1).values * ~terminated

=== wrong: negative values are cut off at 0
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * torch.relu(next_q).max(dim=1).values * ~terminated

=== wrong: the largest value along the wrong axis
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=0).values * ~terminated

=== wrong: minus on a tensor of bools
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values * (1 - terminated)

=== wrong: minus on a tensor of bools
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values * -terminated

=== wrong: Python asks for one answer, a tensor holds many
def td_target(reward, terminated, next_q, gamma):
    if terminated:
        return reward
    return reward + gamma * next_q.max(dim=1).values

=== wrong: Python asks for one answer, a tensor holds many
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values * (not terminated)

=== wrong: Python asks for one answer, a tensor holds many
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * max(next_q) * ~terminated

=== wrong: both results of max(dim=...) at once
def td_target(reward, terminated, next_q, gamma):
    return reward + next_q.max(dim=1) * ~terminated * gamma

=== wrong: both results of max(dim=...) at once
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1) * ~terminated

=== wrong: both results of max(dim=...) at once
def td_target(reward, terminated, next_q, gamma):
    following = next_q.max(dim=1)
    return torch.where(terminated, reward, reward + following)

=== wrong: a column [B, 1] met a row [B]
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1, keepdim=True).values * ~terminated

=== wrong: a column [B, 1] met a row [B]
def td_target(reward, terminated, next_q, gamma):
    best = next_q.gather(1, next_q.argmax(dim=1)[:, None])
    return reward + gamma * best * ~terminated[:, None]

=== wrong: wrong shape
def td_target(reward, terminated, next_q, gamma):
    best = next_q.max(dim=1, keepdim=True).values
    return reward[:, None] + gamma * best * ~terminated[:, None]

=== wrong: wrong shape
def td_target(reward, terminated, next_q, gamma):
    best = next_q.max(dim=1, keepdim=True).values.squeeze()
    return (reward + gamma * best * ~terminated).squeeze()

=== wrong: wrong shape
def td_target(reward, terminated, next_q, gamma):
    return (reward + gamma * next_q.max(dim=1).values * ~terminated).mean()

=== wrong: one ended episode ends all of them
def td_target(reward, terminated, next_q, gamma):
    if terminated.any():
        return reward
    return reward + gamma * next_q.max(dim=1).values

=== wrong: another value
def td_target(reward, terminated, next_q, gamma):
    return reward + (1 - gamma) * next_q.max(dim=1).values * ~terminated

=== wrong: wrong type
def td_target(reward, terminated, next_q, gamma):
    targets = []
    for k in range(len(reward)):
        following = 0.0 if terminated[k] else gamma * float(next_q[k].max())
        targets.append(float(reward[k]) + following)
    return targets

=== wrong: wrong type
def td_target(reward, terminated, next_q, gamma):
    return (reward + gamma * next_q.max(dim=1).values * ~terminated).numpy()

=== wrong: a plain number in place of a tensor
def td_target(reward, terminated, next_q, gamma):
    return (reward + gamma * next_q.max(dim=1).values * ~terminated).mean().item()

=== wrong: returned None
def td_target(reward, terminated, next_q, gamma):
    y = reward + gamma * next_q.max(dim=1).values * ~terminated

=== wrong: returned NaN
def td_target(reward, terminated, next_q, gamma):
    keep = (~terminated).float()
    return reward + gamma * next_q.max(dim=1).values * keep / keep

=== wrong: arguments changed
def td_target(reward, terminated, next_q, gamma):
    reward += gamma * next_q.max(dim=1).values * ~terminated
    return reward

=== wrong: arguments changed
def td_target(reward, terminated, next_q, gamma):
    next_q[terminated] = 0.0
    return reward + gamma * next_q.max(dim=1).values

=== wrong: raises NameError
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values * ~done

=== wrong: raises AttributeError
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.maximum_value(dim=1) * ~terminated

=== wrong: raises IndexError
def td_target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=2).values * ~terminated

=== wrong: not the same each time
def td_target(reward, terminated, next_q, gamma):
    pick = torch.randint(next_q.shape[1], (len(next_q), 1))
    return reward + gamma * next_q.gather(1, pick).squeeze(1) * ~terminated

=== wrong: it prints
def td_target(reward, terminated, next_q, gamma):
    print(reward.shape, next_q.shape)
    return reward + gamma * next_q.max(dim=1).values * ~terminated

=== wrong: other parameters
def td_target(reward, terminated, next_q):
    return reward + 0.99 * next_q.max(dim=1).values * ~terminated

=== wrong: another name
def target(reward, terminated, next_q, gamma):
    return reward + gamma * next_q.max(dim=1).values * ~terminated

=== wrong: not a plain function
class td_target(nn.Module):
    def forward(self, reward, terminated, next_q, gamma):
        return reward + gamma * next_q.max(dim=1).values * ~terminated

=== wrong, 0.3 s: does not end
def td_target(reward, terminated, next_q, gamma):
    k = 0
    while k < len(reward):
        if terminated[k]:
            continue
        k += 1
    return reward
''',
    IMPORTS,
)

MSE_LOSS = answers(
    "dqnlib.targets.mse_loss",
    r'''
=== right
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach()).square().mean()

=== right
def mse_loss(q, action, td_target):
    error = td_target.detach() - q[torch.arange(len(q)), action]
    return (error**2).mean() / 2

=== right
import torch.nn.functional as F

def mse_loss(q, action, td_target):
    with torch.no_grad():
        y = td_target * 1.0
    one_hot = F.one_hot(action, q.shape[1])
    return F.mse_loss((q * one_hot).sum(dim=1), y) / 2

=== right
def mse_loss(q, action, td_target):
    """A loop over the rows."""
    y = td_target.detach()
    total = 0.0
    for k, a in enumerate(action):
        total = total + 0.5 * (q[k, a] - y[k]) ** 2
    return total / len(action)

=== right
def mse_loss(values, actions, targets):
    taken = torch.take_along_dim(values, actions.unsqueeze(-1), dim=1)
    error = taken - targets.unsqueeze(-1).detach()
    return torch.mean(0.5 * error.pow(2))

=== blank
def mse_loss(q, action, td_target):
    return ____

=== blank
def mse_loss(q, action, td_target):
    taken = ____
    return 0.5 * (taken - td_target.detach()).square().mean()

=== right
def mse_loss(q, action, td_target):
    taken = q[range(len(q)), action.tolist()]
    error = taken - td_target.detach()
    return error @ error / (2 * len(error))

=== wrong: the Huber loss
import torch.nn.functional as F

def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return F.huber_loss(taken, td_target.detach())

=== wrong: the Huber loss
import torch.nn.functional as F

def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return F.smooth_l1_loss(taken, td_target.detach())

=== wrong: a column [B, 1] met a row [B], and the ½ is missing
import torch.nn.functional as F

def mse_loss(q, action, td_target):
    return F.mse_loss(q.gather(1, action[:, None]), td_target.detach())

=== wrong: one action for the whole batch
def mse_loss(q, action, td_target):
    taken = q[:, action[0]]
    return 0.5 * (taken - td_target.detach()).square().mean()

=== wrong: the means of the batch in place of its rows
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).mean()
    return 0.5 * (taken - td_target.detach()).square().mean()

=== wrong: one target for the whole batch
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach().mean()).square().mean()

=== right
def mse_loss(q, action, td_target):
    index = action.view(-1, 1)
    difference = q.gather(1, index) - td_target.detach().view(-1, 1)
    return difference.pow(2).mul(0.5).mean()

=== right
def mse_loss(q, action, td_target):
    criterion = nn.MSELoss()
    taken = torch.sum(q * torch.eye(q.shape[1])[action], dim=-1)
    return 0.5 * criterion(taken, td_target.detach())

=== right
def mse_loss(q, action, td_target):
    fixed = q.detach().clone()
    fixed[torch.arange(len(q)), action] = td_target.detach()  # the others stay where they are
    return 0.5 * (q - fixed).square().sum() / len(q)

=== right
def mse_loss(q, action, td_target):
    taken = torch.diagonal(q[:, action])  # every row asked for every action, and its own kept
    return 0.5 * torch.mean((td_target.data - taken) ** 2)

=== right
def mse_loss(q, action, td_target):
    taken = torch.stack([row[a] for row, a in zip(q, action)])
    return nn.functional.mse_loss(taken, td_target.detach(), reduction="sum") / (2 * len(q))

=== wrong: the factor ½ is missing
def mse_loss(q, action, td_target):
    taken = q.gather(1, action.unsqueeze(1)).squeeze()
    return ((td_target.detach() - taken) ** 2).mean()

=== wrong: a column [B, 1] met a row [B], and the ½ is missing
def mse_loss(q, action, td_target):
    criterion = nn.MSELoss()
    return criterion(q.gather(1, action.view(-1, 1)), td_target.detach())

=== wrong: a gradient flows into the target
def mse_loss(q, action, td_target):
    taken = q.gather(1, action.unsqueeze(1)).squeeze(1)
    return nn.functional.mse_loss(taken, td_target) * 0.5

=== wrong: the sum in place of the mean
def mse_loss(q, action, td_target):
    taken = q.gather(1, action.unsqueeze(1)).squeeze(1)
    return nn.MSELoss(reduction="sum")(taken, td_target.detach()) / 2

=== wrong: the best action in place of the one taken
def mse_loss(q, action, td_target):
    taken, _ = torch.max(q, 1)
    return 0.5 * nn.MSELoss()(taken, td_target.detach())

=== wrong: the Huber loss
def mse_loss(q, action, td_target):
    taken = q.gather(1, action.unsqueeze(1))
    return nn.SmoothL1Loss()(taken, td_target.detach().unsqueeze(1))

=== wrong: the mean runs over the other actions too
def mse_loss(q, action, td_target):
    target = q.detach().clone()  # as with Keras: the others are their own targets
    target[torch.arange(len(q)), action] = td_target.detach()
    return 0.5 * nn.MSELoss()(q, target)

=== wrong: every row is asked for every action
def mse_loss(q, action, td_target):
    error = q[:, action] - td_target.detach()
    return torch.mean(0.5 * error**2)

=== wrong: no gradient reaches q
def mse_loss(q, action, td_target):
    taken = torch.tensor([q[k][a].item() for k, a in enumerate(action)])
    return 0.5 * nn.MSELoss()(taken, td_target.detach())

=== wrong: the error is not squared
def mse_loss(q, action, td_target):
    taken = q.gather(1, action.unsqueeze(1)).squeeze(1)
    return (td_target.detach() - taken).mul(-0.5).mean()

=== wrong: a loss for each transition in place of their mean
def mse_loss(q, action, td_target):
    taken = q.gather(1, action.unsqueeze(1)).squeeze(1)
    return 0.5 * nn.functional.mse_loss(taken, td_target.detach(), reduction="none")

=== wrong: the factor ½ is missing
def mse_loss(q, action, td_target):
    return nn.functional.mse_loss(q.gather(1, action[:, None]).squeeze(1), td_target.detach())

=== wrong: the sum in place of the mean
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach()).square().sum()

=== wrong: the sum of the squares, without ½ and mean
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return ((taken - td_target.detach()) ** 2).sum()

=== wrong: the best action in place of the one taken
def mse_loss(q, action, td_target):
    return 0.5 * (q.max(dim=1).values - td_target.detach()).square().mean()

=== wrong: a column [B, 1] met a row [B]
def mse_loss(q, action, td_target):
    taken = q.gather(1, action.unsqueeze(1))
    return 0.5 * (taken - td_target.detach()).square().mean()

=== wrong: every row is asked for every action
def mse_loss(q, action, td_target):
    return 0.5 * (q[:, action] - td_target.detach()).square().mean()

=== wrong: the distance in place of its square
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach()).abs().mean()

=== wrong: the half is squared as well
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return (0.5 * (taken - td_target.detach())).square().mean()

=== wrong: the error is not squared
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach()).mean()

=== wrong: the mean is squared in place of the errors
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach()).mean() ** 2

=== wrong: all actions are moved to the target
def mse_loss(q, action, td_target):
    return 0.5 * (q - td_target.detach()[:, None]).square().mean()

=== wrong: the mean runs over the other actions too
def mse_loss(q, action, td_target):
    mask = torch.zeros_like(q).scatter(1, action[:, None], 1.0)
    return 0.5 * (mask * (q - td_target.detach()[:, None])).square().mean()

=== wrong: the sign is turned round
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return -0.5 * (taken - td_target.detach()).square().mean()

=== wrong: a loss for each transition in place of their mean
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach()).square()

=== wrong: all actions against all targets
def mse_loss(q, action, td_target):
    return 0.5 * (q - td_target.detach()).square().mean()

=== wrong: all actions against all targets
def mse_loss(q, action, td_target):
    return 0.5 * (q[action] - td_target.detach()).square().mean()

=== wrong: an index with one axis for a table with two
def mse_loss(q, action, td_target):
    return 0.5 * (q.gather(1, action) - td_target.detach()).square().mean()

=== wrong: a gradient flows into the target
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target).square().mean()

=== wrong: a gradient flows into the target
def mse_loss(q, action, td_target):
    td_target.detach()  # the result is not used
    taken = q[torch.arange(len(q)), action]
    return 0.5 * torch.mean((td_target - taken) ** 2)

=== wrong: no gradient reaches q
def mse_loss(q, action, td_target):
    taken = q.detach().gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target).square().mean()

=== wrong: no gradient reaches q
def mse_loss(q, action, td_target):
    with torch.no_grad():
        taken = q.gather(1, action[:, None]).squeeze(1)
        return 0.5 * (taken - td_target).square().mean()

=== wrong: no gradient reaches q
def mse_loss(q, action, td_target):
    taken = torch.tensor([float(row[a]) for row, a in zip(q, action)])
    return 0.5 * (taken - td_target.detach()).square().mean()

=== wrong: another gradient
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    error = taken - td_target.detach()
    return 0.5 * (error * error.detach()).mean()

=== wrong: a plain number in place of a tensor
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach()).square().mean().item()

=== wrong: a plain number in place of a tensor
import numpy as np

def mse_loss(q, action, td_target):
    q, action, y = q.detach().numpy(), action.numpy(), td_target.detach().numpy()
    return 0.5 * np.mean((q[np.arange(len(q)), action] - y) ** 2)

=== wrong: wrong type
import numpy as np

def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return np.asarray(0.5 * (taken - td_target).square().mean().detach())

=== wrong: wrong shape
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None])
    return 0.5 * (taken - td_target.detach()[:, None]).square().mean(dim=0)

=== wrong: another value
def mse_loss(q, action, td_target):
    taken = torch.where(action == 0, q[:, 0], q[:, 1])
    return 0.5 * (taken - td_target.detach()).square().mean()

=== wrong: another value
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.25 * (taken - td_target.detach()).square().sum()

=== wrong: another value
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach()).square().mean().sqrt()

=== wrong: the Huber loss
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return nn.functional.huber_loss(taken, td_target.detach())

=== wrong: returned None
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    loss = 0.5 * (taken - td_target.detach()).square().mean()

=== wrong: arguments changed
def mse_loss(q, action, td_target):
    td_target -= q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * td_target.square().mean()

=== wrong: raises NameError
def mse_loss(q, action, td_target):
    return 0.5 * (q.gather(1, actions[:, None]).squeeze(1) - td_target.detach()).square().mean()

=== wrong: raises IndexError
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken[:, 0] - td_target.detach()).square().mean()

=== wrong: raises AttributeError
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detatch()).square().mean()

=== wrong: it prints
def mse_loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    print(taken)
    return 0.5 * (taken - td_target.detach()).square().mean()

=== wrong: other parameters
def mse_loss(q, td_target, action):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach()).square().mean()

=== wrong: another name
def loss(q, action, td_target):
    taken = q.gather(1, action[:, None]).squeeze(1)
    return 0.5 * (taken - td_target.detach()).square().mean()

=== wrong: not a plain function
def mse_loss(q, action, td_target):
    for k, a in enumerate(action):
        yield 0.5 * (q[k, a] - td_target[k]) ** 2

=== wrong, 0.3 s: does not end
def mse_loss(q, action, td_target):
    total, k = 0.0, 0
    while k < len(q):
        total += 0.5 * (q[k, action[k]] - td_target[k]) ** 2
    return total / k
''',
    IMPORTS,
)

FITTED_Q = answers(
    "dqnlib.features.fitted_q",
    r'''
=== right
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== right
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    """The normal equations."""
    y = np.where(terminated, reward, reward + gamma * np.max(next_x @ weights, axis=1))
    columns = []
    for a in range(weights.shape[1]):
        own = x[action == a]
        columns.append(np.linalg.solve(own.T @ own, own.T @ y[action == a]))
    return np.array(columns).T

=== right
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    best = (next_x @ weights).max(1)
    best[terminated] = 0.0
    y = reward + gamma * best
    fits = [np.linalg.pinv(x[action == a]) @ y[action == a] for a in range(weights.shape[1])]
    return np.column_stack(fits)

=== right
def fitted_q(x, a, r, done, x2, w, g):
    # one regression for all actions: the features of an action that was not taken are 0
    n, f = x.shape
    wide = np.zeros((n, w.shape[1], f))
    wide[np.arange(n), a] = x
    y = r + (1 - done) * g * np.amax(x2.dot(w), axis=1)
    fit, *_ = np.linalg.lstsq(wide.reshape(n, -1), y, rcond=None)
    return fit.reshape(-1, f).T

=== right
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    targets = []
    for r, t, features in zip(reward, terminated, next_x):
        values = [features @ weights[:, a] for a in range(weights.shape[1])]
        targets.append(r if t else r + gamma * max(values))
    targets, new = np.array(targets), weights.copy()
    for a in np.unique(action):
        new[:, a] = np.linalg.lstsq(x[action == a], targets[action == a], rcond=None)[0]
    return new

=== right
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    y = reward + gamma * np.max(next_x @ weights, 1) * np.logical_not(terminated)
    taken = np.eye(weights.shape[1])[action]  # [N, A]
    new = [np.linalg.lstsq(x * k[:, None], y * k, rcond=None)[0] for k in taken.T]
    return np.transpose(new)

=== blank
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    return ____

=== blank
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = ____
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the value of a terminal state was kept
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * np.amax(next_x @ weights, axis=1)
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: terminated is used the wrong way round
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).max(axis=1) * terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: every action learns from all transitions
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        new[:, a] = np.linalg.lstsq(x, target, rcond=None)[0]
    return new

=== wrong: the targets come from the fit that is being made
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    new = weights.copy()
    for a in range(weights.shape[1]):
        target = reward + gamma * (next_x @ new).max(axis=1) * ~terminated
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the values of now in place of those of the next state
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (x @ weights).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the next value of the action that was taken
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    q = next_x @ weights
    target = reward + gamma * q[np.arange(len(q)), action] * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the mean in place of the largest value
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).mean(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the largest value of all transitions
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).max() * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the number of the action in place of its value
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).argmax(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the discount is missing
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + (next_x @ weights).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the rewards alone are fitted
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], reward[mine], rcond=None)[0]
    return new

=== wrong: the change of the weights in place of the new weights
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated
    td_error = target - (x @ weights)[np.arange(len(x)), action]
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], td_error[mine], rcond=None)[0]
    return new

=== wrong: the fit is added to the old weights
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated
    new = weights.copy()
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] += np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: an action a row in place of an action a column
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    y = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated
    return np.array([np.linalg.lstsq(x[action == a], y[action == a], rcond=None)[0]
                     for a in range(weights.shape[1])])

=== wrong: all that lstsq gives in place of the weights
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)
    return new

=== wrong: arguments changed
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated
    for a in range(weights.shape[1]):
        mine = action == a
        weights[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return weights

=== wrong: returned None
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
=== wrong: the smallest value in place of the largest
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).min(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: gamma discounts the reward as well
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = gamma * (reward + (next_x @ weights).max(axis=1) * ~terminated)
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the reward is missing
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = gamma * (next_x @ weights).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the reward is dropped when the episode ends
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = (reward + gamma * (next_x @ weights).max(axis=1)) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: gamma is written as a number
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + 0.95 * (next_x @ weights).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: gamma is written as a number
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + 0.9 * (next_x @ weights).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: it prints
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated
    print(target.mean())
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: raises NameError
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target = reward + gamma * (next_x @ w).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        mine = action == a
        new[:, a] = np.linalg.lstsq(x[mine], target[mine], rcond=None)[0]
    return new

=== wrong: the mean of the targets in place of a fit
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    y = reward + gamma * (next_x @ weights).max(axis=1) * ~terminated
    new = np.zeros_like(weights)
    for a in range(weights.shape[1]):
        own = x[action == a]
        new[:, a] = own.T @ y[action == a] / own.sum(axis=0)
    return new

=== wrong: another name
def fit_q(x, action, reward, terminated, next_x, weights, gamma):
    return weights

=== wrong: other parameters
def fitted_q(x, action, reward, next_x, weights, gamma):
    return weights

=== wrong, 0.3 s: does not end
def fitted_q(x, action, reward, terminated, next_x, weights, gamma):
    target, new = reward, weights * 0
    while np.abs(new - target.max()).max() > 0:  # until it has converged
        new = new * 0.5
    return new
''',
    "import numpy as np\n",
)

ANSWERS = (*FITTED_Q, *Q_NETWORK, *TD_TARGET, *MSE_LOSS)
