"""Models: what there is, where its file lies, whether it can run here, how to get more."""

from localai.catalog.catalog import DEFAULT, Catalog
from localai.catalog.description import Description
from localai.catalog.entry import ModelEntry
from localai.catalog.gguf import GgufHeader
from localai.catalog.soundness import check

__all__ = ["DEFAULT", "Catalog", "Description", "GgufHeader", "ModelEntry", "check"]
