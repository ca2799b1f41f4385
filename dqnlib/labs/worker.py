"""The worker of a lab: a thread that obeys messages, takes steps, and draws.

Which thread runs a control's callback differs between versions of ipykernel, so a control only
posts a message; the worker alone touches what is trained and draws the pictures.
"""

import contextlib
import queue
import threading
import time


class Worker:
    """A background thread that takes steps at a speed, and draws between them.

    A subclass says what a step is:

    - ``begin()`` makes everything new;
    - ``advance()`` takes one step and returns False once nothing is left to do;
    - ``change(key, value)`` is told of every message that is none of the worker's own;
    - ``show()`` draws;
    - ``make_curves()`` makes the pictures that load slowly;
    - ``say(text)`` tells what the worker does, ``fail(error)`` what went wrong.

    They run in the worker. An exception in one of them, of any kind, makes it pause.
    """

    hint = ""  # what it says at first
    go = "Play"  # what the button that lets it play is called
    period = 1 / 24  # seconds from picture to picture while it plays
    speed = 10.0  # steps a second; math.inf for as many as possible

    def __init__(self, name: str):
        self.name = name
        self.playing = False
        self._queue: queue.SimpleQueue = queue.SimpleQueue()
        self._closed = False
        self._stale = False  # whether something has changed since the last picture
        self._shown = self._due = 0.0  # times of the last picture and of the next step
        self._worker = threading.Thread(target=self._work, name=f"lab-{name}", daemon=True)

    # -- for subclasses ------------------------------------------------------------------------

    def begin(self) -> None: ...

    def advance(self) -> bool:
        return False

    def change(self, key: str, value) -> None: ...

    def show(self) -> None: ...

    def make_curves(self) -> None: ...

    def say(self, text: str) -> None: ...

    def fail(self, error: BaseException) -> None: ...

    def finish(self) -> None:
        """Nothing is left to do."""
        self.playing = False
        self.say("Done. Press Reset to start again.")

    # -- for users -----------------------------------------------------------------------------

    def post(self, command: str, value=None) -> None:
        """Send a message to the worker; the buttons and sliders do nothing else."""
        self._queue.put((command, value))

    def step(self) -> None:
        """Take one step, as the button does."""
        self.post("step")

    def play(self) -> None:
        """Go on by itself, as the button does."""
        self.post("play")

    def pause(self) -> None:
        """Stop, as the button does."""
        self.post("pause")

    def reset(self) -> None:
        """Begin anew with the settings of the controls, as the button does."""
        self.post("reset")

    def settle(self, timeout: float = 10) -> bool:
        """Wait until the worker has done what was posted so far; return whether it has.

        timeout: seconds. A worker that was told to quit does nothing more: False at once.
        """
        done, end = threading.Event(), time.monotonic() + timeout
        self.post("settle", done)
        while not self._closed and self._worker.is_alive() and time.monotonic() < end:
            if done.wait(max(0.0, min(0.1, end - time.monotonic()))):
                break
        return done.is_set()

    def quit(self, patience: float = 2) -> None:
        """Tell the worker to end, and wait for it so many seconds.

        A learner's function may hang in it; the thread is a daemon.
        """
        self._closed = True
        self.post("quit")
        if not self.is_here:
            self._worker.join(timeout=patience)

    @property
    def is_here(self) -> bool:
        """Whether the calling thread is the worker."""
        return threading.current_thread() is self._worker

    # -- the thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        going = True
        while going:
            try:
                going = self._turn()
            except BaseException as error:  # a learner's function may call sys.exit()
                self.playing = False
                self.fail(error)

    def _turn(self) -> bool:
        """Obey what was posted, take steps for a moment, draw; return False when told to quit."""
        asked: list[threading.Event] = []  # who waits for this turn to end
        message = self._wait()
        try:
            while message:
                command, value = message
                if command == "quit":
                    return False
                if command == "settle":
                    asked.append(value)
                else:
                    self._obey(command, value)
                message = self._next(0)  # many slider positions may wait: one picture for all
            if self.playing:
                self._advance()
            self._draw()
        finally:
            for event in asked:
                event.set()
        return True

    def _next(self, timeout: float | None):
        """Return the next message, or None; timeout in seconds, None forever, 0 at once."""
        with contextlib.suppress(queue.Empty):
            return self._queue.get(timeout != 0, timeout)
        return None

    def _wait(self):
        """Return the next message, or None when it is time for a step or a picture."""
        if not self.playing:
            return self._next(0 if self._stale else None)
        due = max(self._due, self._shown + self.period) if self._stale else self._due
        return self._next(max(0.0, due - time.monotonic()))

    def _obey(self, command: str, value) -> None:
        self._stale = True
        if command == "step":
            self.playing = False
            self.say(f"Paused. Press Step for one more step, or {self.go}.")
            if not self.advance():
                self.finish()
        elif command == "play":
            self.playing, self._due = True, time.monotonic()
            self.say("Playing. Move a slider: it acts at once.")
        elif command == "pause":
            self.playing = False
            self.say(f"Paused. Press Step for one step, or {self.go} to go on.")
        elif command == "reset":
            self.playing = False
            self.begin()
            self.say(self.hint)
        elif command == "speed":
            self.speed, self._due = value, time.monotonic()
        elif command == "curves":
            self.make_curves()
        else:
            self.change(command, value)

    def _advance(self) -> None:
        """Take the steps that are due, until a message arrives or it is time for a picture."""
        now = time.monotonic()
        stop = max(self._shown + self.period, now + 0.005)
        while self._due <= now < stop and self._queue.empty():
            self._stale = True
            if not self.advance():
                self.finish()
                return
            self._due += 1 / self.speed  # 0 for the fastest
            now = time.monotonic()
        if self._due < now - 0.25:
            self._due = now  # too slow for this speed: do not run after it

    def _draw(self) -> None:
        now = time.monotonic()
        if self._stale and (not self.playing or now >= self._shown + self.period):
            self._stale, self._shown = False, now
            self.show()
            time.sleep(0.001)  # lets the thread that sends the picture have its turn
