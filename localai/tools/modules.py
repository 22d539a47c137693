"""Where the code of an importable module lies, found without importing anything.

`importlib.util.find_spec` imports the packages around a dotted name, which runs their code.
Here each part of the name is looked up by itself, in the folders that the part before it
stands for, as the import system does; only `sys.path` counts, no import hooks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import PathFinder
from pathlib import Path

HERE = str(Path(__file__).resolve().parents[2])
"""The folder in which localai itself is found."""


def folders() -> tuple[str, ...]:
    """Where installed modules are: `sys.path`, absolute, without the working directory.

    Python puts that there when it is started with -m or when PYTHONPATH holds an empty
    entry; what lies in it must not become a tool because somebody stood there. Only when
    localai itself is found there does it stay.
    """
    try:
        here = os.path.realpath(".")
    except OSError:  # it was deleted: nothing in it can be found
        return tuple(place for place in sys.path if os.path.isabs(place))  # noqa: PTH117
    places = [os.path.abspath(place) for place in sys.path if place]  # noqa: PTH100 - keeps links
    return tuple(
        place for place in places if os.path.realpath(place) != here or HERE in (here, place)
    )


def root(module: str, places: Sequence[str] = ()) -> Path | None:
    """The file of a module, or the folder of the outermost package that it lies in.

    None when it is not there. Namespace packages hold no code and are passed through.
    Whether the package has the inner module at all is not looked at.
    """
    places = places or folders()
    for part in module.split("."):
        spec = PathFinder.find_spec(part, list(places))
        if spec is None:
            return None
        if spec.loader is not None:
            inside = spec.submodule_search_locations
            return Path(inside[0]) if inside else Path(spec.origin) if spec.origin else None
        places = list(spec.submodule_search_locations or ())
    return None
