"""Answers to the exercises of lesson 03, as learners write them."""

from answers import answers

IMPORTS = "import numpy as np\nimport torch\nfrom dqnlib import Batch, Transition\n"


def variants(right: str, *wrong: tuple) -> str:
    """Return wrong answers as text: each is a verdict, and what it changes in the right answer."""
    text = ""
    for verdict, *changes in wrong:
        source = right
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            assert old in source, (verdict, old)
            source = source.replace(old, new)
        text += f"\n=== {verdict}\n{source}\n"
    return text


BUFFER = """
class ReplayBuffer:
    def __init__(self, capacity):
        self.capacity = capacity
        self.data = []
        self.next = 0

    def __len__(self):
        return len(self.data)

    def add(self, transition):
        obs, action, reward, next_obs, terminated = transition
        kept = Transition(np.array(obs), action, reward, np.array(next_obs), terminated)
        if len(self.data) < self.capacity:
            self.data.append(kept)
        else:
            self.data[self.next] = kept
        self.next = (self.next + 1) % self.capacity

    def sample(self, batch_size, rng):
        places = rng.integers(len(self.data), size=batch_size)
        chosen = [self.data[i] for i in places]
        return Batch(
            obs=torch.from_numpy(np.stack([t.obs for t in chosen])).float(),
            action=torch.tensor([t.action for t in chosen]),
            reward=torch.tensor([t.reward for t in chosen], dtype=torch.float32),
            next_obs=torch.from_numpy(np.stack([t.next_obs for t in chosen])).float(),
            terminated=torch.tensor([t.terminated for t in chosen]),
        )
"""
ARRAYS = """
class ReplayBuffer:
    def __init__(self, capacity):
        self.capacity, self.size, self.next = capacity, 0, 0

    def __len__(self):
        return self.size

    def add(self, t):
        if self.size == 0:
            self.obs = np.zeros((self.capacity, *t.obs.shape), np.float32)
            self.action = np.zeros(self.capacity, np.int64)
            self.reward = np.zeros(self.capacity, np.float32)
            self.next_obs = np.zeros((self.capacity, *t.obs.shape), np.float32)
            self.terminated = np.zeros(self.capacity, bool)
        i = self.next
        self.obs[i], self.action[i], self.reward[i] = t.obs, t.action, t.reward
        self.next_obs[i], self.terminated[i] = t.next_obs, t.terminated
        self.next = (i + 1) % self.capacity
        self.size = min(self.size + 1, self.capacity)

    def sample(self, batch_size, rng):
        i = rng.integers(self.size, size=batch_size)
        fields = (self.obs, self.action, self.reward, self.next_obs, self.terminated)
        return Batch(*(torch.from_numpy(field[i]) for field in fields))
"""
RING = """        if len(self.data) < self.capacity:
            self.data.append(kept)
        else:
            self.data[self.next] = kept
        self.next = (self.next + 1) % self.capacity
"""
PLACES = "rng.integers(len(self.data), size=batch_size)"
STEPPED = "rng.integers(self.size, size=batch_size)"

WRONG_BUFFERS = variants(
    BUFFER,
    ("right",),
    ("wrong: it grows past its capacity", RING, "        self.data.append(kept)\n"),
    (
        "wrong: the length does not follow what is kept",
        "return len(self.data)",
        "return self.capacity",
    ),
    (
        "wrong: the length does not follow what is kept",
        RING,
        "        self.data = self.data[-self.capacity :] + [kept]",
        "return len(self.data)",
        "return 0",
    ),
    (
        "wrong: another length",
        RING,
        "        self.data = self.data[-self.capacity :] + [kept]\n",
    ),
    (
        "wrong: another length",
        RING,
        "        self.data = self.data[: self.capacity - 2] + [kept]\n",
    ),
    (
        "wrong: the newest is overwritten in place of the oldest",
        RING,
        "        self.data = [*self.data[: self.capacity - 1], kept]\n",
    ),
    (
        "wrong: a full buffer takes nothing new",
        RING,
        "        if len(self.data) < self.capacity:\n            self.data.append(kept)\n",
    ),
    (
        "wrong: something else than the oldest is overwritten",
        "self.next = (self.next + 1) % self.capacity",
        "self.next = action % self.capacity",
    ),
    ("wrong: the list is not full yet", RING, "        self.data[self.next] = kept\n"),
    (
        "wrong: an empty place is drawn",
        RING,
        "        self.data[self.next % self.capacity] = kept\n        self.next += 1\n",
        "self.data = []",
        "self.data = [None] * capacity",
        "return len(self.data)",
        "return min(self.next, self.capacity)",
        PLACES,
        "rng.integers(self.capacity, size=batch_size)",
    ),
    (
        "right",
        PLACES,
        "np.sort(rng.integers(len(self.data), size=batch_size))",
    ),
    (
        "wrong: a place beyond those that are kept",
        PLACES,
        "rng.integers(0, len(self.data) + 1, size=batch_size)",
    ),
    (
        "wrong: a place beyond those that are kept",
        PLACES,
        "rng.integers(self.capacity, size=batch_size)",
    ),
    (
        "wrong: only one transition is ever drawn",
        PLACES,
        "[rng.integers(1) for _ in range(batch_size)]",
    ),
    (
        "wrong: the newest is never drawn",
        PLACES,
        "rng.integers(max(len(self.data) - 1, 1), size=batch_size)",
    ),
    (
        "wrong: the oldest is never drawn",
        PLACES,
        "rng.integers(min(1, len(self.data) - 1), len(self.data), size=batch_size)",
        RING,
        "        self.data = [*self.data, kept][-self.capacity :]\n",
    ),
    (
        "wrong: drawn without replacement",
        PLACES,
        "rng.choice(len(self.data), batch_size, replace=False)",
    ),
    ("wrong: fewer rows than asked for", PLACES, "rng.permutation(len(self.data))[:batch_size]"),
    (
        "wrong: other transitions are kept",
        PLACES,
        "rng.integers((len(self.data) + 1) // 2, size=batch_size) * 2",
    ),
    (
        "wrong: all rows of a batch are the same transition",
        PLACES,
        "[rng.integers(len(self.data))] * batch_size",
    ),
    (
        "wrong: a stretch of neighbors in place of single draws",
        PLACES,
        "(rng.integers(len(self.data)) + np.arange(batch_size)) % len(self.data)",
    ),
    (
        "wrong: the draw is uneven",
        PLACES,
        "(rng.random(batch_size) ** 2 * len(self.data)).astype(int)",
    ),
    (
        "wrong: another generator than rng",
        PLACES,
        "np.random.randint(len(self.data), size=batch_size)",
    ),
    (
        "wrong: another generator than rng",
        PLACES,
        "np.random.default_rng(int(2 * rng.random() > 2)).choice(len(self.data), batch_size)",
    ),
    (
        "wrong: two buffers share what they keep",
        "        self.data = []\n",
        "",
        "class ReplayBuffer:\n",
        "class ReplayBuffer:\n    data = []\n\n",
    ),
    (
        "wrong: two buffers share what they keep",
        "self, capacity)",
        "self, capacity, data=[])",
        "self.data = []",
        "self.data = data",
    ),
    ("wrong: the array is kept, not what was in it", "np.array(obs)", "obs"),
    ("wrong: the array is kept, not what was in it", "np.array(next_obs)", "next_obs"),
    ("wrong: the array is kept, not what was in it", "np.array(obs)", "np.asarray(obs)"),
    (
        "wrong: next_obs stands in obs",
        "obs=torch.from_numpy(np.stack([t.obs ",
        "obs=torch.from_numpy(np.stack([t.next_obs ",
    ),
    ("wrong: obs stands in next_obs", "np.stack([t.next_obs ", "np.stack([t.obs "),
    (
        "wrong: a row mixes several transitions",
        "torch.tensor([t.reward for t in chosen], dtype=torch.float32)",
        "torch.tensor([self.data[i].reward for i in rng.permutation(places)])",
    ),
    ("wrong: a list is used as an index", "[self.data[i] for i in places]", "self.data[places]"),
    (
        "wrong: no Batch comes back",
        "return Batch(",
        "return dict(",
    ),
    (
        "wrong: no Batch comes back",
        "        return Batch(",
        "        return chosen\n        Batch(",
    ),
    ("wrong: returned None", "return Batch(", "batch = Batch("),
    (
        "wrong: a field is no tensor",
        "torch.from_numpy(np.stack([t.obs for t in chosen])).float()",
        "np.stack([t.obs for t in chosen])",
    ),
    (
        "wrong: a field is no tensor",
        "torch.tensor([t.action for t in chosen])",
        "[t.action for t in chosen]",
    ),
    (
        "wrong: a column [B, 1] in place of a row [B]",
        "torch.tensor([t.reward for t in chosen], dtype=torch.float32)",
        "torch.tensor([[t.reward] for t in chosen])",
    ),
    (
        "wrong: wrong shape",
        "np.stack([t.obs for t in chosen])",
        "np.concatenate([t.obs for t in chosen])",
    ),
    (
        "wrong: a field of another type",
        "[t.reward for t in chosen], dtype=torch.float32",
        "[t.reward for t in chosen]",
    ),
    (
        "wrong: a field of another type",
        "torch.tensor([t.reward for t in chosen], dtype=torch.float32)",
        "torch.from_numpy(np.array([t.reward for t in chosen]))",
    ),
    (
        "wrong: a field of another type",
        "torch.tensor([t.terminated for t in chosen])",
        "torch.tensor([t.terminated for t in chosen], dtype=torch.float32)",
    ),
    (
        "wrong: a field of another type",
        "torch.tensor([t.action for t in chosen])",
        "torch.tensor([t.action for t in chosen], dtype=torch.float32)",
    ),
    ("wrong: a field of another type", ".float()", ""),
    (
        "wrong: drawn without replacement",
        PLACES,
        "np.random.choice(len(self.data), batch_size, replace=False)",
    ),
    (
        "wrong: drawn without replacement",
        "class ReplayBuffer:\n",
        "import random\n\nclass ReplayBuffer:\n",
        PLACES,
        "random.sample(range(len(self.data)), batch_size)",
    ),
    (
        "wrong: another generator than rng",
        "class ReplayBuffer:\n",
        "import random\n\nclass ReplayBuffer:\n",
        PLACES,
        "random.choices(range(len(self.data)), k=batch_size)",
    ),
    (
        "wrong: another generator than rng",
        PLACES,
        "torch.randint(len(self.data), (batch_size,)).tolist()",
    ),
    (
        "wrong: a field of another type",
        "torch.tensor([t.terminated for t in chosen])",
        "torch.from_numpy(np.array([t.terminated for t in chosen], dtype=np.uint8))",
    ),
    (
        "wrong: a column [B, 1] in place of a row [B]",
        "torch.tensor([t.action for t in chosen])",
        "torch.from_numpy(np.vstack([t.action for t in chosen])).long()",
    ),
    (
        "wrong: no Batch comes back",
        "return Batch(",
        "return tuple(zip(*chosen))\n        Batch(",
    ),
    (
        "wrong: raises TypeError",
        "def add(self, transition):",
        "def add(self, *args):",
        "obs, action, reward, next_obs, terminated = transition",
        "obs, action, reward, next_obs, terminated = Transition(*args)",
    ),
    (
        "wrong: it grows past its capacity",
        RING,
        "        self.data.append(kept)\n        if len(self.data) > 1000:\n"
        "            self.data.pop(0)\n",
    ),
    (
        "wrong: another length",
        RING,
        "        self.data.append(kept)\n        if len(self.data) > self.capacity:\n"
        "            self.data = self.data[-(self.capacity // 2) :]\n",
    ),
    ("wrong: no method sample", "def sample(", "def smaple("),
    ("wrong: no method __len__", "def __len__(self)", "def __lenght__(self)"),
    ("wrong: no method add", "    def add(", "    def push("),
    (
        "wrong: other parameters",
        "def add(self, transition)",
        "def add(self, obs, action, reward, next_obs, terminated)",
    ),
    (
        "wrong: other parameters",
        "def sample(self, batch_size, rng)",
        "def sample(self, batch_size)",
    ),
    ("wrong: other parameters", "def add(self, transition)", "def add(transition)"),
    ("wrong: another name", "class ReplayBuffer", "class Buffer"),
    ("wrong: not a plain function", "return Batch(", "yield Batch("),
    ("wrong: raises NameError", "self.data.append", "data.append"),
    ("wrong: raises AttributeError", "        self.next = 0\n", ""),
    ("wrong: wrong type", "return len(self.data)", "return self.data"),
    ("wrong: returned None", "return len(self.data)", "len(self.data)"),
    ("wrong: raises TypeError", "return len(self.data)", "return len(self.next)"),
    ("wrong: it prints", "        chosen =", "        print(places)\n        chosen ="),
    ("wrong: calls input()", "        chosen =", "        input()\n        chosen ="),
    (
        "wrong, 0.3 s: does not end",
        RING,
        "        while len(self.data) >= self.capacity:\n            pass\n" + RING,
    ),
) + variants(
    ARRAYS,
    ("right",),
    ("wrong: an empty place is drawn", STEPPED, "rng.integers(self.capacity, size=batch_size)"),
    (
        "wrong: another length",
        "self.size = min(self.size + 1, self.capacity)",
        "self.size = self.next",
    ),
    (
        "wrong: it grows past its capacity",
        "self.size = min(self.size + 1, self.capacity)",
        "self.size += 1",
    ),
    (
        "wrong: the oldest is never drawn",
        STEPPED,
        "rng.integers(self.size > 1, self.size, size=batch_size)",
    ),
    (
        "wrong: an empty place is drawn",
        "(i + 1) % self.capacity",
        "(i + 1) % max(self.capacity - 1, 1)",
    ),
    ("wrong: a field of another type", "np.float32", "np.float64"),
    ("wrong: a field of another type", "np.int64", "np.int32"),
    (
        "wrong: a row mixes several transitions",
        "self.obs[i], self.action[i]",
        "self.obs[i], self.action[i - 1]",
    ),
    ("wrong: raises IndexError", "(i + 1) % self.capacity", "i + 1"),
    ("wrong: raises ValueError", "(self.capacity, *t.obs.shape)", "self.capacity"),
)

REPLAY_BUFFER = answers(
    "dqnlib.replay.ReplayBuffer",
    r'''
=== right
class ReplayBuffer:
    def __init__(self, capacity):
        self.capacity, self.data, self.next = capacity, [], 0

    def __len__(self):
        return len(self.data)

    def add(self, transition):
        transition = transition._replace(
            obs=np.array(transition.obs, dtype=np.float32),
            next_obs=np.array(transition.next_obs, dtype=np.float32),
        )
        if len(self.data) < self.capacity:
            self.data.append(transition)
        else:
            self.data[self.next] = transition
        self.next = (self.next + 1) % self.capacity

    def sample(self, batch_size, rng):
        chosen = [self.data[i] for i in rng.integers(len(self.data), size=batch_size)]
        return Batch(
            obs=torch.from_numpy(np.stack([t.obs for t in chosen])),
            action=torch.tensor([t.action for t in chosen]),
            reward=torch.tensor([t.reward for t in chosen], dtype=torch.float32),
            next_obs=torch.from_numpy(np.stack([t.next_obs for t in chosen])),
            terminated=torch.tensor([t.terminated for t in chosen]),
        )

=== right
import collections
import copy

class ReplayBuffer:
    """A deque forgets the oldest by itself."""

    def __init__(self, capacity: int):
        self.memory = collections.deque(maxlen=capacity)

    def __len__(self):
        return len(self.memory)

    def add(self, transition: Transition):
        self.memory.append(copy.deepcopy(transition))

    def sample(self, batch_size: int, rng: np.random.Generator) -> Batch:
        places = rng.choice(len(self), size=batch_size)
        obs, action, reward, next_obs, terminated = zip(*(self.memory[i] for i in places))
        return Batch(
            torch.tensor(np.array(obs), dtype=torch.float32),
            torch.tensor(action),
            torch.tensor(reward, dtype=torch.float32),
            torch.tensor(np.array(next_obs), dtype=torch.float32),
            torch.tensor(terminated),
        )

=== right
class ReplayBuffer:
    """One tensor a field, with a count of all that was ever added."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.count = 0

    def __len__(self):
        return min(self.count, self.capacity)

    def add(self, transition):
        if self.count == 0:
            shape = (self.capacity, *np.shape(transition.obs))
            self.fields = Batch(
                torch.zeros(shape),
                torch.zeros(self.capacity, dtype=torch.int64),
                torch.zeros(self.capacity),
                torch.zeros(shape),
                torch.zeros(self.capacity, dtype=torch.bool),
            )
        for field, value in zip(self.fields, transition):
            field[self.count % self.capacity] = torch.as_tensor(value)
        self.count += 1

    def sample(self, batch_size, rng):
        i = torch.from_numpy(rng.integers(0, len(self), batch_size))
        return Batch(*(field[i] for field in self.fields))

=== right
class ReplayBuffer:
    """pop(0) takes the oldest away; places from rng.random."""

    def __init__(self, capacity):
        self._capacity = capacity
        self._rows = []

    def __len__(self):
        return len(self._rows)

    def add(self, t):
        if len(self._rows) == self._capacity:
            self._rows.pop(0)
        row = (np.copy(t.obs), t.action, t.reward, np.copy(t.next_obs), t.terminated)
        self._rows.append(row)

    def _column(self, places, k, dtype):
        return torch.from_numpy(np.array([self._rows[p][k] for p in places]).astype(dtype))

    def sample(self, batch_size, rng):
        places = [int(rng.random() * len(self._rows)) for _ in range(batch_size)]
        kinds = (np.float32, np.int64, np.float32, np.float32, bool)
        return Batch(*(self._column(places, k, kind) for k, kind in enumerate(kinds)))

=== right
class ReplayBuffer:
    """Without replacement, as long as there are enough."""

    def __init__(self, capacity):
        self.capacity, self.size, self.i = capacity, 0, 0
        self.data = [None] * capacity

    def __len__(self):
        return self.size

    def add(self, transition):
        copied = [np.array(x) for x in transition]
        self.data[self.i] = Transition(*copied)
        self.i = self.i + 1 if self.i < self.capacity - 1 else 0
        self.size = max(self.size, self.i or self.capacity)

    def sample(self, batch_size, rng):
        places = rng.choice(self.size, batch_size, replace=batch_size > self.size)
        chosen = [self.data[p] for p in places]
        stack = lambda name: torch.from_numpy(np.stack([getattr(t, name) for t in chosen]))
        return Batch(
            obs=stack("obs").float(), action=stack("action").long(),
            reward=stack("reward").float(), next_obs=stack("next_obs").float(),
            terminated=stack("terminated").bool(),
        )

=== right
class ReplayBuffer:
    """A dictionary from the number of a transition, of which the oldest is deleted."""

    def __init__(self, capacity):
        self.capacity, self.kept, self.added = capacity, {}, 0

    def __len__(self):
        return len(self.kept)

    def add(self, transition):
        self.kept.pop(self.added - self.capacity, None)
        self.kept[self.added] = tuple(np.array(part) for part in transition)
        self.added += 1

    def sample(self, batch_size, rng):
        first = self.added - len(self.kept)
        numbers = rng.integers(first, self.added, batch_size).tolist()
        columns = map(np.stack, zip(*map(self.kept.get, numbers)))
        kinds = (torch.float32, torch.int64, torch.float32, torch.float32, torch.bool)
        return Batch(*(torch.tensor(c, dtype=kind) for c, kind in zip(columns, kinds)))

=== right
class ReplayBuffer:
    """Five deques, one a field."""

    def __init__(self, capacity):
        from collections import deque

        self.columns = [deque(maxlen=capacity) for _ in range(5)]

    def __len__(self):
        return len(self.columns[0])

    def add(self, transition):
        for column, part in zip(self.columns, transition):
            column.append(np.copy(part))

    def sample(self, batch_size, rng):
        i = [int(k) for k in rng.uniform(0, len(self), batch_size)]
        obs, action, reward, next_obs, terminated = (
            torch.as_tensor(np.array([column[k] for k in i])) for column in self.columns
        )
        return Batch(
            obs=obs.float(), action=action.long(), reward=reward.float(),
            next_obs=next_obs.float(), terminated=terminated.bool(),
        )

=== right
class ReplayBuffer:
    """One row of float64 holds a whole transition."""

    def __init__(self, capacity):
        self.capacity, self.rows, self.count = capacity, None, 0

    def __len__(self):
        return min(self.capacity, self.count)

    def add(self, transition):
        obs, action, reward, next_obs, terminated = transition
        row = np.concatenate([np.ravel(obs), np.ravel(next_obs), [action, reward, terminated]])
        if self.rows is None:
            self.shape, self.rows = np.shape(obs), np.empty((self.capacity, row.size))
        self.rows[self.count % self.capacity] = row
        self.count += 1

    def sample(self, batch_size, rng):
        rows = torch.from_numpy(self.rows[rng.integers(len(self), size=batch_size)])
        n = (rows.shape[1] - 3) // 2
        both = rows[:, :n], rows[:, n:-3]
        obs, after = (part.reshape(-1, *self.shape).float() for part in both)
        return Batch(obs, rows[:, -3].long(), rows[:, -2].float(), after, rows[:, -1] > 0)

=== right
class ReplayBuffer:
    """A list that is rotated, so that the oldest is always last."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.newest_first = []

    def __len__(self):
        return len(self.newest_first)

    def add(self, transition):
        fields = transition._asdict()
        kept = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in fields.items()}
        self.newest_first.insert(0, kept)
        del self.newest_first[self.capacity :]

    def sample(self, batch_size, rng):
        drawn = [self.newest_first[rng.integers(len(self))] for _ in range(batch_size)]
        column = lambda name, kind: torch.tensor(np.array([d[name] for d in drawn]), dtype=kind)
        return Batch(
            obs=column("obs", torch.float32),
            action=column("action", torch.long),
            reward=column("reward", torch.float),
            next_obs=column("next_obs", torch.float32),
            terminated=column("terminated", torch.bool),
        )

=== right
class Memory:
    """Keeps arrays of one field."""

    def __init__(self, capacity, kind):
        self.array, self.kind = [None] * capacity, kind

    def put(self, i, value):
        self.array[i] = torch.tensor(np.array(value)).to(self.kind)

    def get(self, places):
        return torch.stack([self.array[int(i)] for i in places])

@exercise("dqnlib.replay.ReplayBuffer")
class ReplayBuffer:
    def __init__(self, capacity):
        kinds = (torch.float, torch.long, torch.float, torch.float, torch.bool)
        self.fields = [Memory(capacity, kind) for kind in kinds]
        self.capacity, self.size, self.next = capacity, 0, 0

    def __len__(self):
        return self.size

    def add(self, transition):
        for field, value in zip(self.fields, transition):
            field.put(self.next, value)
        self.size = max(self.size, self.next + 1)
        self.next = 0 if self.next + 1 == self.capacity else self.next + 1

    def sample(self, batch_size, rng):
        places = rng.integers(low=0, high=self.size, size=(batch_size,))
        return Batch(*(field.get(places) for field in self.fields))

=== blank
class ReplayBuffer:
    def __init__(self, capacity):
        ____

    def __len__(self):
        return ____

    def add(self, transition):
        ____

    def sample(self, batch_size, rng):
        return ____

=== wrong: it grows past its capacity
class ReplayBuffer:
    def __init__(self, capacity):
        self.data = []

    def __len__(self):
        return len(self.data)

    def add(self, transition):
        self.data.append(transition)

    def sample(self, batch_size, rng):
        return ____

=== blank
class ReplayBuffer:
    """A ring of the last transitions."""
'''
    + WRONG_BUFFERS,
    IMPORTS,
)

COLLECTED = """
def collect(env, policy, buffer, steps, seed):
    returns, total = [], 0.0
    obs, info = env.reset(seed=seed)
    for _ in range(steps):
        action = policy(obs)
        next_obs, reward, terminated, truncated, info = env.step(action)
        buffer.add(Transition(obs, action, reward, next_obs, terminated))
        total += reward
        obs = next_obs
        if terminated or truncated:
            returns.append(total)
            total = 0.0
            obs, info = env.reset()
    return returns
"""
ADD = "        buffer.add(Transition(obs, action, reward, next_obs, terminated))\n"
TOTAL = "        total += reward\n"
MOVE = "        obs = next_obs\n"
END = """        if terminated or truncated:
            returns.append(total)
            total = 0.0
            obs, info = env.reset()
"""

COLLECT = answers(
    "dqnlib.replay.collect",
    r'''
=== right
def collect(env, policy, buffer, steps, seed):
    returns = []
    obs, _ = env.reset(seed=seed)
    rewards = []
    for step in range(steps):
        action = policy(obs)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        buffer.add(Transition(obs, action, reward, next_obs, terminated))
        rewards.append(reward)
        if terminated or truncated:
            returns.append(sum(rewards))
            rewards = []
            next_obs, _ = env.reset()
        obs = next_obs
    return returns

=== right
def collect(env, policy, buffer, steps, seed):
    """Episode after episode, with a reset only when another step follows."""
    returns, taken, options = [], 0, {"seed": seed}
    while taken < steps:
        obs, _ = env.reset(**options)
        options, total, over = {}, 0.0, False
        while not over and taken < steps:
            action = policy(obs)
            new, reward, terminated, truncated, _ = env.step(action)
            buffer.add(
                Transition(
                    obs=obs, action=action, reward=reward, next_obs=new, terminated=terminated
                )
            )
            taken, total, obs, over = taken + 1, total + reward, new, terminated or truncated
        if over:
            returns.append(total)
    return returns

=== right
def collect(environment, act, memory, n, seed):
    history, score = np.array([]), 0
    state = environment.reset(seed=seed)[0]
    for _ in range(n):
        a = act(state)
        after, r, end, limit, _ = environment.step(a)
        memory.add(Transition(state.copy(), int(a), float(r), after.copy(), bool(end)))
        score += r
        state = after
        if end | limit:
            history = np.append(history, score)
            state, score = environment.reset()[0], 0
    return history

=== right
import itertools

def collect(env, policy, buffer, steps, seed):
    """A generator of transitions, of which so many are taken."""
    returns = []

    def stream():
        for episode in itertools.count():
            obs, info = env.reset(seed=None if episode else seed)
            total, over = 0.0, False
            while not over:
                action = policy(obs)
                found = env.step(action)
                after, reward, terminated, truncated = found[:4]
                over = bool(terminated or truncated)
                total += reward
                if over:
                    returns.append(total)
                yield Transition(obs, action, reward, after, terminated)
                obs = after

    for transition in itertools.islice(stream(), steps):
        buffer.add(transition)
    return returns

=== right
def collect(env, policy, buffer, steps, seed):
    """Rewards by episode, summed up in the end."""
    episodes, finished = [[]], 0
    obs = env.reset(seed=seed)[0]
    while steps > 0:
        steps -= 1
        step = env.step(action := policy(obs))
        buffer.add(Transition._make((obs, action, *step[1::-1], step[2])))
        episodes[-1].append(step[1])
        obs = step[0]
        if any(step[2:4]):
            finished += 1
            episodes.append([])
            obs = env.reset()[0]
    return [sum(rewards) for rewards in episodes[:finished]]

=== right
def collect(env, policy, buffer, steps, seed):
    """One class keeps the state between the steps."""

    class Player:
        def __init__(self):
            self.obs, _ = env.reset(seed=seed)
            self.total, self.returns = 0.0, []

        def play(self):
            action = policy(self.obs)
            next_obs, reward, terminated, truncated, _ = env.step(action)
            fields = dict(obs=self.obs, action=action, reward=reward, next_obs=next_obs)
            buffer.add(Transition(**fields, terminated=terminated))
            self.obs, self.total = next_obs, self.total + reward
            if terminated or truncated:
                self.returns += [self.total]
                self.obs, self.total = env.reset()[0], 0.0

    player = Player()
    for _ in range(steps):
        player.play()
    return player.returns

=== right
def collect(env, policy, buffer, steps, seed):
    """Returns as differences of the sum of all rewards."""
    rewards, ends = [], []
    obs, _ = env.reset(seed=seed)
    for t in range(1, steps + 1):
        action = policy(obs)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        buffer.add(Transition(np.copy(obs), action, reward, np.copy(next_obs), terminated))
        rewards.append(reward)
        obs = next_obs
        if terminated or truncated:
            ends.append(t)
            obs, _ = env.reset()
    sums = np.concatenate([[0.0], np.cumsum(rewards)])
    return np.diff(sums[[0, *ends]]).tolist()

=== right
def collect(env, policy, buffer, steps, seed):
    """The reset comes when the next step needs it, and the environment is closed in the end."""
    returns, obs, total = [], None, 0.0
    try:
        for step in range(steps):
            if obs is None:
                obs, _ = env.reset() if step else env.reset(seed=seed)
                total = 0.0
            action = policy(obs)
            next_obs, reward, *ends, _ = env.step(action)
            buffer.add(Transition(obs, action, reward, next_obs, ends[0]))
            total += reward
            obs = next_obs
            if True in ends:
                returns.append(total)
                obs = None
    finally:
        env.close()
    return returns

=== wrong: steps counts something else than steps
def collect(env, policy, buffer, steps, seed):
    scores = []
    for episode in range(steps):
        state, _ = env.reset(seed=seed if episode == 0 else None)
        score = 0
        while True:
            action = policy(state)
            next_state, reward, terminated, truncated, _ = env.step(action)
            buffer.add(Transition(state, action, reward, next_state, terminated))
            state = next_state
            score += reward
            if terminated or truncated:
                break
        scores.append(score)
    return scores

=== wrong: a truncation is stored as a termination
def collect(env, policy, buffer, steps, seed):
    state, _ = env.reset(seed=seed)
    scores, score = [], 0
    for step in range(steps):
        action = policy(state)
        next_state, reward, terminated, truncated, _ = env.step(action)
        done = terminated or truncated
        buffer.add(Transition(state, action, reward, next_state, done))
        score += reward
        state = next_state
        if done:
            scores.append(score)
            state, score = env.reset()[0], 0
    return scores

=== blank
def collect(env, policy, buffer, steps, seed):
    return ____

=== blank
def collect(env, policy, buffer, steps, seed):
    returns, total = [], 0.0
    obs, _ = env.reset(seed=seed)
    for _ in range(steps):
        action = policy(obs)
        next_obs, reward, terminated, truncated, _ = env.step(action)
        ____
    return returns
'''
    + variants(
        COLLECTED,
        ("right",),
        (
            "wrong: the reset's observation is stored as the next one",
            ADD,
            "",
            MOVE,
            "",
            END,
            END.replace("obs, info", "next_obs, info") + ADD + MOVE,
        ),
        (
            "wrong: a truncation is stored as a termination",
            ADD,
            ADD.replace("terminated)", "terminated or truncated)"),
        ),
        (
            "wrong: terminated is not what the step gave",
            ADD,
            ADD.replace("terminated", "truncated"),
        ),
        (
            "wrong: terminated is not what the step gave",
            "terminated, truncated, info =",
            "truncated, terminated, info =",
        ),
        ("wrong: no reset after a truncation", "if terminated or truncated", "if terminated"),
        (
            "wrong: no reset after the end of an episode",
            "            obs, info = env.reset()\n",
            "",
        ),
        (
            "wrong: no reset after the end of an episode",
            "if terminated or truncated",
            "if truncated",
        ),
        (
            "wrong: every episode gets a seed",
            "obs, info = env.reset()\n",
            "obs, info = env.reset(seed=seed)\n",
        ),
        (
            "wrong: every episode gets a seed",
            "obs, info = env.reset()\n",
            "seed += 1\n            obs, info = env.reset(seed=seed)\n",
        ),
        ("wrong: the seed is not used", "env.reset(seed=seed)", "env.reset()"),
        ("wrong: obs does not move on", MOVE, ""),
        ("wrong: the next observation stands in obs as well", ADD, "", MOVE, MOVE + ADD),
        (
            "wrong: obs and next_obs are swapped",
            ADD,
            ADD.replace("obs, action, reward, next_obs", "next_obs, action, reward, obs"),
        ),
        ("wrong: obs stands in next_obs", ADD, ADD.replace("next_obs", "obs")),
        (
            "wrong: a new episode goes on from the old observation",
            "            obs, info = env.reset()",
            "            env.reset()",
        ),
        ("wrong: a new episode goes on from the old observation", MOVE, "", END, END + MOVE),
        (
            "wrong: an episode is skipped",
            "            obs, info = env.reset()\n",
            "            env.reset()\n            obs, info = env.reset()\n",
        ),
        (
            "wrong: the policy is not asked with this observation",
            "        action = policy(obs)\n",
            "",
            "    for _",
            "    action = policy(obs)\n    for _",
        ),
        (
            "wrong: the policy is not asked with this observation",
            "action = policy(obs)",
            "action = policy(obs) + 1",
        ),
        ("wrong: another reward than that of the step", ADD, ADD.replace("reward", "total")),
        ("wrong: another reward than that of the step", ADD, ADD.replace("reward", "-reward")),
        (
            "wrong: another reward than that of the step",
            ADD,
            "        if terminated:\n            reward = -10.0\n" + ADD,
        ),
        (
            "wrong: another transition",
            ADD,
            ADD.replace("next_obs, terminated", "next_obs - obs, terminated"),
        ),
        (
            "wrong: reward and next_obs are swapped",
            ADD,
            ADD.replace("reward, next_obs", "next_obs, reward"),
        ),
        (
            "wrong: terminated is turned round",
            ADD,
            ADD.replace("terminated)", "1 - terminated)"),
        ),
        (
            "wrong: an observation is left out",
            ADD,
            ADD.replace("next_obs", "None if terminated else next_obs"),
        ),
        (
            "wrong: an axis too many",
            ADD,
            ADD.replace("obs, action", "np.expand_dims(obs, 0), action"),
        ),
        (
            "wrong: an axis too many",
            ADD,
            ADD.replace("next_obs", "torch.tensor(next_obs).unsqueeze(0)"),
        ),
        (
            "wrong: the length of the buffer is taken for the number of steps",
            "for _ in range(steps):",
            "while len(buffer) < steps:",
        ),
        (
            "wrong: a reset at every step",
            "        action = policy(obs)\n",
            "        obs, info = env.reset()\n        action = policy(obs)\n",
        ),
        (
            "wrong: no reset after the end of an episode",
            END,
            "        if terminated or truncated:\n            returns.append(total)\n"
            "            total = 0.0\n            continue\n",
        ),
        (
            "wrong: both results of reset are taken for the observation",
            "obs, info = env.reset(seed=seed)",
            "obs = env.reset(seed=seed)",
            "policy(obs)",
            "policy(obs[0] if isinstance(obs, tuple) else obs)",
        ),
        (
            "wrong: both results of reset are taken for the observation",
            MOVE,
            "",
            END,
            END.replace("            obs, info = env.reset()\n", "")
            + "        obs = env.reset() if terminated or truncated else next_obs\n",
        ),
        (
            "wrong: the five results of a step are taken apart wrongly",
            "terminated, truncated, info = env",
            "done, info = env",
        ),
        ("wrong: a step is not stored", ADD, "        if not terminated:\n    " + ADD),
        ("wrong: a step is not stored", ADD, "        if not truncated:\n    " + ADD),
        ("wrong: a step is stored twice", ADD, ADD + ADD),
        (
            "wrong: a step is stored twice",
            "    return returns",
            ADD.strip().join(["    ", "\n    return returns"]),
        ),
        ("wrong: too many steps", "range(steps)", "range(steps + 1)"),
        ("wrong: too few steps", "range(steps)", "range(1, steps)"),
        ("wrong: too few steps", "            obs, info = env.reset()\n", "            break\n"),
        (
            "wrong: steps counts something else than steps",
            "for _ in range(steps):",
            "while len(returns) < steps:",
        ),
        (
            "wrong: the unfinished episode is among the returns",
            "    return returns",
            "    returns.append(total)\n    return returns",
        ),
        ("wrong: the sum is not set back to 0", "            total = 0.0\n", ""),
        (
            "wrong: rewards in place of returns",
            "            returns.append(total)\n",
            "",
            TOTAL,
            "        returns.append(reward)\n",
        ),
        (
            "wrong: the last reward of an episode is left out",
            TOTAL,
            "",
            END,
            END + "        else:\n    " + TOTAL,
        ),
        (
            "wrong: the truncated episodes are missing",
            "            returns.append(total)\n",
            "            if terminated:\n                returns.append(total)\n",
        ),
        ("wrong: lengths in place of returns", TOTAL, "        total += 1\n"),
        ("wrong: other returns", "returns.append(total)", "returns.append(total / steps)"),
        ("wrong: other returns", TOTAL, "        total = reward + 0.99 * total\n"),
        ("wrong: wrong type", "    return returns", "    return sum(returns)"),
        ("wrong: returned None", "    return returns", ""),
        (
            "wrong: both results of reset are taken for the observation",
            "obs, info = env.reset(seed=seed)",
            "obs = env.reset(seed=seed)",
        ),
        (
            "wrong: the five results of a step are taken apart wrongly",
            "terminated, truncated, info = env",
            "terminated, info = env",
        ),
        (
            "wrong: add got something else than one Transition",
            "Transition(obs, action, reward, next_obs, terminated)",
            "obs, action, reward, next_obs, terminated",
        ),
        (
            "wrong: no Transition is added",
            "Transition(obs, action, reward, next_obs, terminated)",
            "(obs, action, reward, next_obs, terminated)",
        ),
        (
            "wrong: raises TypeError",
            "buffer.add(Transition(obs, action, reward, next_obs, terminated))",
            "buffer.add(Transition(obs, action, reward, next_obs))",
        ),
        ("wrong: raises AttributeError", "policy(obs)", "env.action_space.sample()"),
        ("wrong: raises AttributeError", "buffer.add", "buffer.append"),
        ("wrong: raises NameError", "policy(obs)", "policy(observation)"),
        (
            "wrong: raises UnboundLocalError",
            "    obs, info = env.reset(seed=seed)\n",
            "    env.reset(seed=seed)\n",
        ),
        (
            "wrong: it prints",
            "            total = 0.0\n",
            "            print(total)\n            total = 0.0\n",
        ),
        ("wrong: other parameters", "steps, seed)", "steps)", "seed=seed", "seed=0"),
        ("wrong: another name", "def collect", "def collect_steps"),
        (
            "wrong: not a plain function",
            "            returns.append(total)",
            "            yield total",
        ),
        ("wrong: calls exit()", "            total = 0.0\n", "            exit()\n"),
        (
            "wrong, 0.3 s: does not end",
            "for _ in range(steps):",
            "while len(buffer) < steps:",
            ADD,
            "",
            END,
            "",
            "env.step(action)",
            "obs, 0.0, False, False, {}",
        ),
    ),
    IMPORTS,
)

ANSWERS = (*REPLAY_BUFFER, *COLLECT)
