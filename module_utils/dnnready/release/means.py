"""What a user decides about how wheels are installed. None of it is part of a release's id: the result is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Means:
    """How wheels get into a release."""

    installer: str = "auto"  #: auto, pip or uv
    uv: str = ""  #: the program; "" is the one below the prefix, else the one on PATH
    wheels: str = ""  #: a directory that is then the only source
    index_url: str = ""  #: an extra index, asked only for what is missing elsewhere
    share: bool = True  #: files that other releases have too are on the disk once

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> Means:
        """Those of the options of dnn_release."""
        return cls(asked["installer"], asked["uv"], asked["wheels"], asked["index_url"], asked["share"])


#: What nobody decided.
DEFAULT = Means()
