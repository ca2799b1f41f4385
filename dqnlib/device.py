"""What this machine can compute with."""

import os
import platform


def device_report() -> str:
    """Return a few lines for the learner: Python, processor, PyTorch and GPU, if there is one."""
    import torch

    lines = [
        f"Python {platform.python_version()} on {platform.system()} ({platform.machine()})",
        f"processor: {os.cpu_count()} cores; PyTorch {torch.__version__} uses "
        f"{torch.get_num_threads()} threads",
    ]
    if torch.cuda.is_available():
        lines.append(f"GPU: {torch.cuda.get_device_name()}, through CUDA {torch.version.cuda}")
    elif torch.backends.mps.is_available():
        lines.append("GPU: Apple, through MPS")
    else:
        lines.append("GPU: none that PyTorch can use here, and none is needed")
    return "\n".join(lines)
