"""The parts of `python_package.py`: the Python package beside sentence-transformers with scikit-learn."""

# The jobs in the record.
IMPORT, ARTICLE, SEARCH = "package import", "package article", "package search"
JOBS = (IMPORT, ARTICLE, SEARCH)
# The participants.
OURS, PEER = "clsify", "sentence-transformers + scikit-learn"
PARTICIPANTS = (OURS, PEER)
