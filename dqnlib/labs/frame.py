"""The frame of a live lab: a worker that trains and draws, and a panel with controls and pictures.

A lab holds no algorithm of its own. The other files of this folder fill the frame. Without
ipywidgets, or where no notebook is running, a lab is a still picture and a text.
"""

import base64
import contextlib

from dqnlib import pictures
from dqnlib.labs import texts
from dqnlib.labs.panel import Panel, ipywidgets
from dqnlib.labs.worker import Worker

_LIVE: dict[str, "Lab"] = {}  # the labs whose workers run, by name

# They load slowly: the cell of imports should take that time, not the first look at a lab.
ipywidgets()
with contextlib.suppress(ImportError):
    pictures.font(12)


class Lab(Worker, Panel):
    """The frame of a live lab: a worker thread, messages to it, controls, pictures, texts.

    A subclass fills in what `Worker` and `Panel` leave open, and some more:

    - ``begin()``, ``advance()``, ``change(key, value)``: what is trained, see `Worker`; it calls
      ``begin()`` itself before it calls ``Lab.__init__``;
    - ``show()`` hands pictures and texts to `put`;
    - ``make_curves()`` makes the pictures that are slow to make: it is called after each look;
    - ``build()`` returns the controls as one ipywidgets box; ``still()`` a PNG for readers
      without a live notebook;
    - ``release()`` lets go of what is large.

    All but the first ``begin()`` and ``show()``, ``build()``, ``still()`` and ``release()`` run
    in the worker. An exception in the worker is shown in the lab, and the lab pauses. Making a
    lab of the same name closes the one before it.
    """

    title = "Lab"

    def __init__(self, name: str):
        if name in _LIVE:
            _LIVE[name].close()
        Worker.__init__(self, name)
        Panel.__init__(self)
        self.say(self.hint)
        self.show()
        self.ui = self.build() if self._w else None
        _LIVE[name] = self
        self._worker.start()

    # -- for subclasses ------------------------------------------------------------------------

    def still(self) -> bytes:
        raise NotImplementedError

    def release(self) -> None:
        """Called by `close`: let go of what is large."""

    def say(self, text: str) -> None:
        """Show a line of text below the buttons."""
        self.put("message", texts.message(text))

    def fail(self, error: BaseException) -> None:
        """Show an error in the lab: a thread's traceback would land under some other cell."""
        self.put("message", texts.error_message(error))

    def moved(self, key: str, value) -> None:
        """Post what a control was moved to, unless the worker itself has put it back."""
        if not self.is_here:
            self.post(key, value)

    # -- for users -----------------------------------------------------------------------------

    def close(self) -> None:
        """Stop the worker and take the controls off the page. Closing twice is fine."""
        if self._closed:
            return
        if _LIVE.get(self.name) is self:
            del _LIVE[self.name]
        self.quit()
        self.take_off()
        self.release()

    def displayed(self) -> None:
        """Have the curves made: the lab is about to be seen, and they can wait until then."""
        self.post("curves")

    def __repr__(self) -> str:
        return f"{self.title}: run this cell in JupyterLab for the live controls."

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The live controls for a notebook; the same text and a still picture for all others."""
        view = {}
        if self.ui is not None and not self._closed and _in_notebook():
            view = self.ui._repr_mimebundle_() or {}
        still = {"image/png": base64.b64encode(self.still()).decode()}
        self.displayed()
        return {**view, **still, "text/plain": repr(self)}


def _in_notebook() -> bool:
    """Whether this process is a Jupyter kernel, which a page can talk to."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")
