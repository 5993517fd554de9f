"""Runs what the documentation of the Python package shows: the examples of its docstrings, the code of docs/python.md, and the notebook.

Needs the package, an encoder that `clsify pull all-MiniLM-L6-v2` has fetched, reviews, and nbclient with ipykernel.
"""

import doctest
import importlib
import os
import pkgutil
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

import clsify

DOCS = Path(__file__).resolve().parents[1] / "docs"


def docstrings():
    """The number of examples of docstrings that ran."""
    n_tried = n_failed = 0
    for module in pkgutil.iter_modules(clsify.__path__):
        # Spark has a script of its own.
        if module.name in ("spark", "_spark_logistic", "_core"):
            continue
        done = doctest.testmod(importlib.import_module(f"clsify.{module.name}"), optionflags=doctest.NORMALIZE_WHITESPACE)
        n_tried, n_failed = n_tried + done.attempted, n_failed + done.failed
    done = doctest.testmod(clsify)
    n_tried, n_failed = n_tried + done.attempted, n_failed + done.failed
    if n_failed or n_tried < 10:
        sys.exit(f"docstrings: {n_failed} of {n_tried} examples failed")
    return n_tried


def page(path):
    """The number of pieces of code of a page, which run one after the other."""
    pieces = re.findall(r"^```python\n(.*?)^```$", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    names = {}
    for number, piece in enumerate(pieces, 1):
        exec(compile(piece, f"{path.name}, piece {number}", "exec"), names)  # noqa: S102
    return len(pieces)


def notebook(path):
    """The number of cells of a notebook that ran."""
    content = nbformat.read(path, as_version=4)
    NotebookClient(content, timeout=600, kernel_name="python3").execute()
    cells = [cell for cell in content.cells if cell.cell_type == "code"]
    last = [output for cell in cells[-2:] for output in cell.outputs if "text/html" in output.get("data", {})]
    if len(last) != 2:
        sys.exit(f"{path.name}: expected a report and an explanation drawn as HTML, got {len(last)}")
    return len(cells)


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        print(docstrings(), "examples of docstrings")
        print(page(DOCS / "python.md"), "pieces of code of docs/python.md")
        print(notebook(DOCS / "article.ipynb"), "cells of docs/article.ipynb")


if __name__ == "__main__":
    main()
