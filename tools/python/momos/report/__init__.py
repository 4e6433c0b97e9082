"""One self-contained HTML page about a .momos file: sizes, errors, motifs and mosaics.

The figures come from the JSON of momos-inspect and momos-verify and from the arrays of `momos_reference`. Needs
matplotlib (the extra `momos[report]`) and the commands of momos.
"""

from .gather import ReportError, Subject, gather
from .page import page

__all__ = ["ReportError", "Subject", "gather", "page"]
