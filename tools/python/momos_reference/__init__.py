"""An independent reader of .momos files, written from spec/momos-format.md alone.

It is meant to be read beside the specification and to check other implementations: it favours plainness over
speed. Needs numpy, libxxhash.so.0 and libzstd.so.1.
"""

from .container import File, open
from .errors import MomosError

__all__ = ["File", "MomosError", "open"]
