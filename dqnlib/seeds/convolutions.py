"""The convolutions of S runs as batched matrix products, forward and back, written out.

The pixels that a filter looks at, C × 3 × 3 of them, are copied into a column, one for each place
of each picture. A convolution then is one product of a layer's weights with all columns.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional

from dqnlib.seeds.chain import Backward, Forward, Layer, padded

SIDE = 3  # pixels


class Convolution(NamedTuple):
    """A convolution of S runs; layer: weight [S, F, C × 3 × 3], computed as a narrow one."""

    layer: Layer
    filters: int

    @classmethod
    def of(cls, layer: Layer) -> "Convolution":
        """layer: weight [S, F, C × 3 × 3]"""
        return cls(layer._replace(is_narrow=True), layer.weight.shape[1])


class Seeing:
    """The convolutions for batches of one size, and once prepared the way back.

    output: [R, B, F × H × W], filter by filter, as `torch.nn.Flatten` gives it.
    """

    def __init__(self, convolutions: list[Convolution], batch: int, obs_shape: tuple[int, ...]):
        self._convolutions, self._batch = convolutions, batch
        like = convolutions[0].layer.weight  # [R, ...]
        rows, (channels, height, width) = len(like), obs_shape
        self._columns, self._steps, self._sizes = [], [], [obs_shape]
        for layer, filters in convolutions:
            height, width = height - SIDE + 1, width - SIDE + 1
            columns = padded(like, rows, channels * SIDE * SIDE, batch * height * width)
            shape = channels, SIDE, SIDE, batch, height, width
            self._columns.append(columns.unflatten(2, shape[3:]).unflatten(1, shape[:3]))
            self._steps.append(Forward([layer], batch * height * width, columns.mT))
            self._sizes.append((filters, height, width))
            channels = filters
        self.output = padded(like, rows, batch, channels * height * width)

    def __call__(self, obs: Tensor) -> None:
        """Fill `output`; obs: [S, B, C, H, W], one run is computed twice."""
        pictures = obs
        for k, step in enumerate(self._steps):
            _, height, width = self._sizes[k + 1]
            pixels = pictures.transpose(1, 2)  # [S, C, B, H, W]
            for i in range(SIDE):
                for j in range(SIDE):
                    part = pixels[..., i : i + height, j : j + width]
                    self._columns[k][:, :, i, j].copy_(part)
            pictures = self._as_pictures(step.run(), k)
        self._flat(self.output).copy_(pictures)

    def _as_pictures(self, x: Tensor, k: int) -> Tensor:
        """Return what convolution k gives, or its slope: [R, B × H × W, F] as [R, B, F, H, W]."""
        return x.unflatten(1, (self._batch, *self._sizes[k + 1][1:])).movedim(-1, 2)

    def _flat(self, x: Tensor) -> Tensor:
        """Return a view of outputs [R, B, F × H × W] as pictures [R, B, F, H, W]."""
        return x.unflatten(2, self._sizes[-1])

    def prepare(self, convolutions: list[Convolution], rows: Callable) -> None:
        """Make the way back into convolutions; rows: from arrays [R, ...] to theirs."""
        self._backs = [
            Backward([layer], [rows(x) for x in step.kept], through=k > 0)
            for k, ((layer, _), step) in enumerate(zip(convolutions, self._steps, strict=True))
        ]

    def pull(self, slope: Tensor) -> None:
        """Fill the gradients of the convolutions; slope: [R, B, F × H × W] by `output`."""
        pictures = self._flat(slope)
        for k in reversed(range(len(self._backs))):
            back, (_, height, width) = self._backs[k], self._sizes[k + 1]
            back(pictures.movedim(2, -1).flatten(1, 3))
            if k:
                at_columns = back.at_input.unflatten(1, (self._batch, height * width))
                folded = functional.fold(
                    at_columns.flatten(0, 1).mT, self._sizes[k][1:], SIDE
                )  # [R × B, C, H, W]
                pictures = folded.unflatten(0, (-1, self._batch))
