"""Lists the tensors of a .momos file: python3 -m momos_reference FILE [--dump FOLDER]."""

import argparse
import sys
from pathlib import Path
from urllib.parse import quote

import numpy as np

from . import MomosError, open

KINDS = {1: "dense", 2: "mosaic", 3: "alias"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="momos_reference", description=__doc__)
    parser.add_argument("file", help="a .momos file")
    parser.add_argument("--dump", metavar="FOLDER", type=Path, help="write each tensor there as NAME.npy")
    arguments = parser.parse_args()
    try:
        file = open(arguments.file)
        if arguments.dump:
            arguments.dump.mkdir(parents=True, exist_ok=True)
        for name in file.names:
            values = file.tensor(name)
            print(f"{name}\t{KINDS[file.description(name).kind]}\t{values.dtype}\t{list(values.shape)}")
            if arguments.dump:
                np.save(arguments.dump / f"{quote(name, safe='')}.npy", values)
    except MomosError as error:
        print(f"{arguments.file}: {error}", file=sys.stderr)
        return 65
    except OSError as error:
        print(error, file=sys.stderr)
        return 66 if isinstance(error, FileNotFoundError) else 74
    return 0


if __name__ == "__main__":
    sys.exit(main())
