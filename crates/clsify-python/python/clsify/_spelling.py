"""Options of the program as parameters of the package, in messages that both print."""

import re

# The others, such as those of data files, are the program's only.
_PARAMETERS = {
    "--abstain-below": "abstain_below",
    "--bundle-encoder": "bundle_encoder=True",
    "--c": "C",
    "--calibration": "calibration",
    "--class-weight": "class_weight",
    "--cost-matrix": "costs",
    "--describe": "descriptions",
    "--dtype": "dtype",
    "--encoder": "encoder",
    "--features": "features",
    "--json": "to_dict()",
    "--layers": "layers",
    "--learning-rate": "learning_rate",
    "--max-length": "max_length",
    "--pooling": "pooling",
    "--prompt": "prompt",
    "--scaling": "scaling",
    "--stratify": "stratify",
    "--target-precision": "target_precision",
    "--thresholds": "thresholds",
    "--tune": "tune",
}


def spelled(text):
    """A message with the names that the package has for options.

    >>> spelled("choose a smaller --max-length")
    'choose a smaller max_length'
    """
    return re.sub(r"--[a-z][a-z-]*", lambda option: _PARAMETERS.get(option[0], option[0]), text)
