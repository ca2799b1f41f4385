"""Pictures as bytes: PNG and animations, and how a notebook shows them."""

import base64
import io
from collections.abc import Iterable

import numpy as np
from PIL import Image

from dqnlib.pictures.colors import palette


def png_bytes(image: Image.Image, exact: bool = False, level: int = 1) -> bytes:
    """Return a picture as PNG, by default quickly, for a lab that writes twenty a second.

    exact: keep all colors, not only those of the pictures' own palette; that takes five times as
    long and gives twice the bytes (11.6 ms and 98 KiB against 2.3 ms and 40 KiB for the board of
    the Cliff lab). level: 9 makes the file small, for a picture that a notebook keeps.
    """
    if not exact:
        image = image.quantize(palette=palette(), dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=level)
    return out.getvalue()


def animation(frames: Iterable, fps: float = 8) -> bytes:
    """Return frames (pictures of one size, or arrays [H, W, 3]) as an animated WebP that loops.

    Raises ValueError if there are no frames.
    """
    stills = _stills(frames, fps)
    out = io.BytesIO()
    stills[0].save(out, "WEBP", save_all=True, append_images=stills[1:], quality=80, method=3,
                   duration=round(1000 / fps), loop=0)  # fmt: skip
    return out.getvalue()


def animated_png(frames: Iterable, fps: float = 8, colors: int = 128) -> bytes:
    """Return frames as an animated PNG that loops, with one palette of up to 256 colors.

    Notebooks keep PNG pictures, and every browser plays this kind.
    """
    stills = _stills(frames, fps)
    picked = stills[:: max(1, len(stills) // 8)]  # a palette from frames all along the way
    sample = Image.new("RGB", (stills[0].width, stills[0].height * len(picked)))
    for i, still in enumerate(picked):
        sample.paste(still, (0, i * still.height))
    palette = sample.quantize(colors, dither=Image.Dither.NONE)
    small = [s.quantize(palette=palette, dither=Image.Dither.NONE) for s in stills]
    out = io.BytesIO()
    more = {"save_all": True, "append_images": small[1:], "duration": round(1000 / fps), "loop": 0}
    small[0].save(out, "PNG", optimize=True, **(more if len(small) > 1 else {}))
    return out.getvalue()


def _stills(frames: Iterable, fps: float) -> list[Image.Image]:
    stills = [_still(f) for f in frames]
    if not stills:
        raise ValueError("an animation needs at least one frame")
    if not fps > 0:
        raise ValueError(f"fps must be a number of pictures a second above 0, but it is {fps!r}")
    sizes = sorted({s.size for s in stills})
    if len(sizes) > 1:
        raise ValueError(f"the frames must all have one size, but there are {sizes}")
    return stills


def _still(frame) -> Image.Image:
    image = frame if isinstance(frame, Image.Image) else Image.fromarray(np.asarray(frame))
    return image.convert("RGB")


class ShownPicture:
    """A picture in a notebook, with a text that stays the same for those who cannot see it."""

    def __init__(self, png: bytes, alt: str, width: int | None = None):
        self.png, self.alt, self.width = png, alt, width

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = {"alt": self.alt} | ({"width": self.width} if self.width else {})
        data = {"text/plain": self.alt, "image/png": base64.b64encode(self.png).decode()}
        return data, {"image/png": shown}


def show_animation(frames: Iterable, *, alt: str, fps: float = 8, width: int | None = None):
    """Return an animation that a notebook shows; one frame alone is a picture that stands still.

    alt: what there is to see, in words. width: CSS pixels, if not the frames' own.
    """
    return ShownPicture(animated_png(frames, fps), alt, width)
