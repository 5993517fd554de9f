"""The parts of `explain.py`: how faithful the explanations of clsify and its peers are.

`peers.py`, `transformer.py` and `study.py` need packages, the others the standard library only.
"""

# The job of a dataset in the record.
JOB = "explain "
# Participants.
LEAVE_ONE_OUT, WITH_PAIRS, PATH = "clsify", "clsify, pairs", "clsify, --path"
SHAP, LARGE_BATCHES = "shap, ", ", large batches"
# Differences are relative to shap with its default number of evaluations.
REFERENCE = f"{SHAP}500"
