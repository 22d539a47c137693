"""Whether a new adapter may answer: asked beside what answers now, and judged by rules."""

from localai.tune.gate.aim import Aim, aim, with_problems
from localai.tune.gate.stages import compare
from localai.tune.gate.verdict import Pool, Verdict

__all__ = ["Aim", "Pool", "Verdict", "aim", "compare", "with_problems"]
