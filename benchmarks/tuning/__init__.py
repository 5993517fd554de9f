"""The parts of `tune.py`: fine-tuning with clsify and with PyTorch. Standard library only; `peers/fine_tune.py` needs packages."""

# The jobs of a dataset and a number of rows in the record begin with these. In those of accuracy, a round is a seed.
ACCURACY, TIME = "tune accuracy ", "tune time "
PEER = "torch"
