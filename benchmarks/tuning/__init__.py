"""The parts of `tune.py`: fine-tuning with clsify and with PyTorch. Standard library only; `peers/fine_tune.py` needs packages."""

# The job of a dataset with this number of rows in the record.
JOB = "tune "
PEER = "torch"
