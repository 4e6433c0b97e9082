"""XXH3-64 and zstd through the system's libraries."""

import ctypes

from .errors import require

_xxhash = ctypes.CDLL("libxxhash.so.0")
_xxhash.XXH3_64bits.restype = ctypes.c_uint64
_xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
_zstd = ctypes.CDLL("libzstd.so.1")
for _name, _arguments in {
    "ZSTD_findFrameCompressedSize": [ctypes.c_char_p, ctypes.c_size_t],
    "ZSTD_decompress": [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t],
    "ZSTD_isError": [ctypes.c_size_t],
}.items():
    getattr(_zstd, _name).restype = ctypes.c_size_t
    getattr(_zstd, _name).argtypes = _arguments

FRAME_MAGIC = bytes.fromhex("28B52FFD")
WINDOW_LIMIT = 1 << 27


def digest(data: bytes) -> int:
    """XXH3-64 with seed 0."""
    return _xxhash.XXH3_64bits(data, len(data))


def expand_frame(stored: bytes, raw_byte_count: int) -> bytes:
    """The content of the one zstd frame that `stored` is, checked by rules Z-01 to Z-05."""
    content_size, window, dictionary = _frame_header(stored)
    require(content_size == raw_byte_count, "Z-02", f"content size {content_size}, expected {raw_byte_count}")
    require(window <= WINDOW_LIMIT, "Z-03", f"window of {window} bytes, at most {WINDOW_LIMIT}")
    require(dictionary == 0, "Z-03", f"the frame names dictionary {dictionary}")
    frame_byte_count = _zstd.ZSTD_findFrameCompressedSize(stored, len(stored))
    require(not _zstd.ZSTD_isError(frame_byte_count), "Z-05", "the frame's blocks are malformed")
    is_whole = frame_byte_count == len(stored)
    require(is_whole, "Z-04", f"the frame ends at {frame_byte_count} of {len(stored)} bytes")
    target = ctypes.create_string_buffer(raw_byte_count)
    decoded = _zstd.ZSTD_decompress(target, raw_byte_count, stored, len(stored))
    require(decoded == raw_byte_count, "Z-05", "the frame does not decode")
    return target.raw


def _frame_header(stored: bytes) -> tuple[int | None, int, int]:
    """Content size (None: not stated), window byte count and dictionary id, by RFC 8878 section 3.1.1.1."""
    require(stored[:4] == FRAME_MAGIC and len(stored) > 4, "Z-01", "no zstd frame")
    descriptor = stored[4]
    is_single_segment = bool(descriptor & 0x20)
    dictionary_length = (0, 1, 2, 4)[descriptor & 3]
    size_length = (1 if is_single_segment else 0, 2, 4, 8)[descriptor >> 6]
    position = 5 if is_single_segment else 6
    end = position + dictionary_length + size_length
    require(len(stored) >= end, "Z-01", "the zstd frame's header is cut off")
    dictionary = int.from_bytes(stored[position : position + dictionary_length], "little")
    size = None
    if size_length:
        size = int.from_bytes(stored[end - size_length : end], "little") + (256 if size_length == 2 else 0)
    if is_single_segment:
        return size, size or 0, dictionary
    base = 1 << (10 + (stored[5] >> 3))
    return size, base + base // 8 * (stored[5] & 7), dictionary
