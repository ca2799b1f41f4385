"""Adam for all runs in one array."""

import torch
from torch import nn


class QuickAdam(torch.optim.Adam):
    """torch.optim.Adam on one array of all runs, without what its `step` does around the kernel.

    That costs more than the arithmetic of these small networks.
    """

    def __init__(self, flat: nn.Parameter, lr: float):
        super().__init__([flat], lr=lr, fused=True)
        self.state[flat] = {
            "step": torch.zeros((), device=flat.device),
            "exp_avg": torch.zeros_like(flat),
            "exp_avg_sq": torch.zeros_like(flat),
        }

    def quick_step(self) -> None:
        """Do what `step` does."""
        (group,) = self.param_groups
        (flat,) = group["params"]
        state, (beta1, beta2) = self.state[flat], group["betas"]
        state["step"] += 1
        torch._fused_adam_(  # the kernel of torch.optim.adam; public names all go the long way
            [flat], [flat.grad], [state["exp_avg"]], [state["exp_avg_sq"]], [], [state["step"]],
            amsgrad=False, beta1=beta1, beta2=beta2, lr=group["lr"], weight_decay=0.0,
            eps=group["eps"], maximize=False,
        )  # fmt: skip
