"""What the Surface lab fits: samples of a cost-to-go, by bins, tile coding or a network."""

import numpy as np

from dqnlib.classics.mountain_car import HIGH as CAR_HIGH
from dqnlib.classics.mountain_car import LOW as CAR_LOW
from dqnlib.classics.mountain_car import cost_to_go
from dqnlib.device import compute_threads, own_random_numbers
from dqnlib.features import Bins, LinearFit, TileCoder

REPRESENTATIONS = ("bins", "tile coding", "network")
UNSEEN = 2000  # points that nothing is learned from


class NetworkFit:
    """A network of two hidden layers, fitted to samples by Adam; driven like `LinearFit`.

    obs: [N, 2] positions and velocities; target: [N] steps; width: units of a hidden layer;
    seed: for the first weights and for the order of the samples. The network sees observations
    from −1 to 1 and learns hundreds of steps: numbers of that size suit its first weights.
    """

    def __init__(self, obs, target, width: int, *, seed: int = 0, learning_rate: float = 0.003):
        import torch  # slow to load, and the other representations do without

        from dqnlib.networks import QNetwork

        with own_random_numbers(seed):  # nobody else's change
            self.network = QNetwork(2, 1, (width, width))
        self._torch = torch
        self._obs, self._target = self._scaled(obs), torch.tensor(target / 100).float()
        self._optimizer = torch.optim.Adam(self.network.parameters(), learning_rate)
        self._rng = torch.Generator().manual_seed(seed)

    def _scaled(self, obs):
        middle, half = np.add(CAR_HIGH, CAR_LOW) / 2, np.subtract(CAR_HIGH, CAR_LOW) / 2
        return self._torch.tensor((np.asarray(obs) - middle) / half).float()

    @property
    def size(self) -> int:
        """Number of weights."""
        return sum(p.numel() for p in self.network.parameters())

    @compute_threads(1)  # so small a network gains nothing from more
    def update(self, samples: int) -> None:
        """Take one step down the loss ½(y − v)² of so many samples, drawn at random."""
        drawn = self._torch.randint(len(self._obs), (samples,), generator=self._rng)
        value = self.network(self._obs[drawn])[:, 0]  # [B]
        loss = 0.5 * (self._target[drawn] - value).square().mean()
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()

    @compute_threads(1)
    def predict(self, obs) -> np.ndarray:
        """Return the fitted values in steps: [N, 2] -> [N]."""
        with self._torch.no_grad():
            return 100 * self.network(self._scaled(obs))[:, 0].numpy().astype(float)


class Fitting:
    """Samples of the cost-to-go, and one representation that is being fitted to them."""

    def __init__(self, representation: str, settings: dict[str, int], seed: int):
        self.representation, self.settings = representation, dict(settings)
        self.truth = cost_to_go()
        rng = np.random.default_rng((seed, 0))  # more samples hold all of the fewer
        self.obs = rng.uniform(CAR_LOW, CAR_HIGH, (settings["samples"], 2))  # [N, 2]
        self.unseen = np.random.default_rng((seed, 1)).uniform(CAR_LOW, CAR_HIGH, (UNSEEN, 2))
        target = self.truth(self.obs)  # [N]
        if representation == "network":
            self.fit = NetworkFit(self.obs, target, settings["width"], seed=seed)
            return
        if representation == "bins":
            coder = Bins(CAR_LOW, CAR_HIGH, settings["bins"])
        else:
            coder = TileCoder(CAR_LOW, CAR_HIGH, settings["tiles"], settings["tilings"])
        self.fit = LinearFit(coder, self.obs, target, seed=seed)

    def errors(self) -> tuple[float, float]:
        """Return the root mean square error on the samples and on unseen points, in steps."""
        parts = (self.obs, self.unseen)
        squares = [(self.fit.predict(obs) - self.truth(obs)) ** 2 for obs in parts]
        return float(np.sqrt(squares[0].mean())), float(np.sqrt(squares[1].mean()))

    def __str__(self) -> str:
        s = self.settings
        if self.representation == "network":
            return f"a network of 2 × {s['width']} hidden units, {self.fit.size:,} weights"
        size = f"{self.fit.coder.size:,} weight{'s' * (self.fit.coder.size > 1)}"
        if self.representation == "bins":
            return f"{s['bins']} × {s['bins']} bins, {size}"
        grids = "1 tiling" if s["tilings"] == 1 else f"{s['tilings']} tilings"
        return f"{grids} of {s['tiles']} × {s['tiles']} tiles, {size}"
