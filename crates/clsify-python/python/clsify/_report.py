"""Reports that show themselves in a terminal, in a notebook, and as tables."""

import base64
import html
import json
import re

from clsify._spelling import spelled


class Report:
    """The result of a study or an evaluation.

    `print` shows its summary, a notebook also its charts. `to_dict` has all numbers.

    Attributes
    ----------
    charts : dict of str to str
        The drawings, as SVG.
    """

    def __init__(self, document, table):
        self._json = document.json
        self._text = spelled(document.text)
        self._page = document.page
        self._table = table
        self.charts = dict(document.charts)

    def to_dict(self):
        """All numbers, in the form of the program's `--json`."""
        return json.loads(self._json)

    def to_pandas(self):
        """The main table as a data frame of pandas, which must be installed."""
        import pandas

        return pandas.DataFrame(self._table(self.to_dict()))

    def __str__(self):
        return self._text.rstrip("\n")

    __repr__ = __str__

    def _repr_html_(self):
        if self._page is not None:
            height = 160 + 150 * max(1, self._page.count("<section"))
            return f'<iframe srcdoc="{html.escape(self._page)}" style="border: 0; width: 100%; height: {min(height, 900)}px"></iframe>'
        # As images, the drawings keep their styles to themselves.
        images = [f'<img alt="{html.escape(name)}" style="width: {_width(svg)}px; max-width: 100%; vertical-align: top; margin: 4px" '
                  f'src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">' for name, svg in self.charts.items()]
        return f"<div><pre>{html.escape(str(self))}</pre>{''.join(images)}</div>"


def _width(svg):
    """Three quarters of the width of a drawing: its text then has the size of that around it."""
    return round(0.75 * float(re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+)', svg)[1]))
