"""Opens a .momos file (sections 3 and 4 of the specification) and reads its sections.

    OFFSET  SIZE  FIELD
         0     8  magic
         8     4  major and minor version
        12     4  byte-order mark
        16     8  byte count of the file
        24    16  offset and byte count of the header
        40     8  digest of the header
        48     8  reserved
        56     8  digest of bytes 0 to 55
"""

import mmap
import os
import struct
from types import SimpleNamespace

import numpy as np

from . import wire
from .errors import MomosError, require
from .header_rules import check_header
from .native import digest, expand_frame
from .tensors import PartMosaic, motif_table, part_mosaics, reconstruct

MAGIC = b"\x93MOMOS\r\n"
MAJOR_VERSION = 1
BYTE_ORDER_MARK = 0x01020304
PREAMBLE_BYTE_COUNT = 64
HEADER_BYTE_LIMIT = 64 << 20
STORED, ZSTD, BYTE_PLANES_ZSTD = 0, 1, 2


class File:
    """An opened file: every O rule holds. L rules are checked by `tensor`."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._data = data
        self.header = wire.parse("Header", _header_bytes(data))
        check_header(self.header, self._header_offset)
        self._tensors = {tensor.name.decode(): tensor for tensor in self.header.tensors}

    @property
    def names(self) -> list[str]:
        """The tensors' names in the order of the file."""
        return list(self._tensors)

    def description(self, name: str) -> SimpleNamespace:
        """The `Tensor` message of a name."""
        return self._tensors[name]

    def tensor(self, name: str) -> np.ndarray:
        """Loads a tensor in its own shape and type; bfloat16 as the bit patterns, uint16.

        Raises:
            KeyError: there is no such tensor.
            MomosError: an L rule is broken.
        """
        return reconstruct(self, self._tensors[name])

    def parts(self, name: str) -> list[PartMosaic]:
        """The mosaics of a tensor, none for a dense one. Raises as `tensor` does."""
        return part_mosaics(self, self._tensors[name])

    def motifs(self, dictionary: int) -> np.ndarray:
        """The motifs of a dictionary by index in float32, [motifs, motif length]; dictionaries count from 1."""
        return motif_table(self, dictionary)

    def section_bytes(self, number: int) -> bytes:
        """The decoded content of a section, checked by S-06, S-07 and Z-01 to Z-05."""
        section = self.header.sections[number - 1]
        end = section.offset + section.stored_byte_count
        stored = bytes(self._data[section.offset : end])
        require(digest(stored) == (section.digest or 0), "S-06", f"section {number}: the digest disagrees")
        require(not any(self._data[end : align(end)]), "S-07", f"section {number}: padding is not zero")
        if (section.codec or STORED) == STORED:
            return stored
        raw = expand_frame(stored, section.raw_byte_count)
        if section.codec == ZSTD:
            return raw
        planes = np.frombuffer(raw, np.uint8).reshape(section.plane_count, -1)
        return planes.T.tobytes()

    @property
    def _header_offset(self) -> int:
        return struct.unpack_from("<Q", self._data, 24)[0]


def open(path: str | os.PathLike) -> File:
    """Opens a file and checks every O rule.

    The memory budget of H-01 is not enforced: Python cannot state one.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if os.fstat(descriptor).st_size < PREAMBLE_BYTE_COUNT:
            raise MomosError("F-01", f"the file has fewer than {PREAMBLE_BYTE_COUNT} bytes")
        return File(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
    finally:
        os.close(descriptor)


def align(count: int) -> int:
    """The smallest multiple of 64 that is at least `count`."""
    return -(-count // 64) * 64


def _header_bytes(data: bytes | mmap.mmap) -> bytes:
    """Checks the preamble, rules F-02 to F-10 in this order, and returns the header's bytes."""
    preamble = bytes(data[:PREAMBLE_BYTE_COUNT])
    require(preamble[:8] == MAGIC, "F-02", "this is no .momos file")
    major, minor, mark, file_size, offset, size, header_digest, reserved, own_digest = struct.unpack_from(
        "<HHIQQQQQQ", preamble, 8
    )
    require(major == MAJOR_VERSION, "F-03", f"version {major}.{minor}, expected {MAJOR_VERSION}.x")
    require(mark == BYTE_ORDER_MARK, "F-04", f"byte-order mark {mark:#010x}")
    require(own_digest == digest(preamble[:56]), "F-05", "the preamble's digest disagrees")
    require(reserved == 0, "F-06", "reserved bytes are not zero")
    require(file_size == len(data), "F-07", f"the file states {file_size} bytes and has {len(data)}")
    require(1 <= size <= HEADER_BYTE_LIMIT, "F-08", f"the header has {size} bytes")
    is_in_place = offset % 64 == 0 and offset >= PREAMBLE_BYTE_COUNT and offset + size == len(data)
    require(is_in_place, "F-09", f"the header lies at {offset} and has {size} bytes")
    header = bytes(data[offset : offset + size])
    require(header_digest == digest(header), "F-10", "the header's digest disagrees")
    return header
