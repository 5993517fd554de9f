"""Progress bars, warnings and log messages of long work."""

import logging
import warnings

from clsify import _checks as checks
from clsify._spelling import spelled

LOGGER = logging.getLogger("clsify")

_UNITS = {"tokenize": "sentence", "embed": "token", "gridsearch": "fit", "fit": "fit", "tune": "token", "explain": "sentence"}


class Progress:
    """Receives progress and notes from the compiled part.

    Parameters
    ----------
    bars : bool
        Draw progress bars with tqdm, in a terminal or a notebook, if it is installed.
    """

    def __init__(self, bars=False):
        self._bar = None
        self._tqdm = None
        if checks.flag("verbose", bars):
            try:
                from tqdm.auto import tqdm
            except ImportError:
                LOGGER.info("no progress bars: tqdm is not installed")
            else:
                self._tqdm = tqdm

    def __call__(self, what, of, number):
        if what == "warning":
            warnings.warn(spelled(of), UserWarning, stacklevel=3)
        elif what in ("note", "fetch"):
            LOGGER.info(spelled(of))
        elif self._tqdm is not None:
            self._draw(what, of, number)

    def _draw(self, what, stage, number):
        if what == "start":
            self.close()
            if number:
                self._bar = self._tqdm(total=number, desc=stage, unit=_UNITS.get(stage, "it"), leave=False)
        elif self._bar is not None:
            if what == "advance":
                self._bar.update(number - self._bar.n)
            else:
                self.close()

    def close(self):
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
