"""Reads the protobuf messages of spec/momos.proto from their wire form."""

import struct
from types import SimpleNamespace

from .errors import MomosError, require

# Field number: (name, kind). Kinds: u32, u64, bool, enum, sint, float, double, fixed64, bytes, or a message's
# name. A trailing * means repeated.
MESSAGES: dict[str, dict[int, tuple[str, str]]] = {
    "Header": {
        1: ("required_features", "bytes*"), 2: ("sections", "Section*"), 3: ("dictionaries", "Dictionary*"),
        4: ("tensors", "Tensor*"), 5: ("graphs", "Graph*"), 6: ("operator_sets", "OperatorSet*"),
        7: ("provenance", "Provenance"),
    },
    "Section": {
        1: ("offset", "u64"), 2: ("stored_byte_count", "u64"), 3: ("raw_byte_count", "u64"),
        4: ("codec", "enum"), 5: ("plane_count", "u32"), 6: ("digest", "fixed64"),
    },
    "Dictionary": {
        1: ("motif_count", "u32"), 2: ("block_length", "u32"), 3: ("motif_length", "u32"),
        4: ("element_type", "enum"), 5: ("antipodal", "bool"), 6: ("zero_motif", "bool"),
        7: ("scale", "float"), 8: ("section", "u32"),
    },
    "Tensor": {
        1: ("name", "bytes"), 2: ("element_type", "enum"), 3: ("dimensions", "u64*"), 4: ("kind", "enum"),
        5: ("section", "u32"), 6: ("stored_element_type", "enum"), 7: ("alias_of", "u32"),
        8: ("blocking", "enum"), 9: ("composition", "enum"), 10: ("permutation", "u32*"),
        11: ("row_axes", "u32"), 12: ("parts", "Part*"), 13: ("outlier_section", "u32"),
        14: ("outlier_count", "u64"),
    },
    "Part": {
        1: ("rows_section", "u32"), 2: ("row_count", "u64"), 3: ("columns_section", "u32"),
        4: ("column_count", "u64"), 5: ("stages", "Stage*"), 6: ("row_scale_section", "u32"),
        7: ("row_scale_element_type", "enum"),
    },
    "Stage": {1: ("dictionary", "u32"), 2: ("mosaic_section", "u32"), 3: ("layout", "enum")},
    "Graph": {1: ("name", "bytes"), 2: ("inputs", "Value*"), 3: ("outputs", "Value*"), 4: ("nodes", "Node*")},
    "Value": {
        1: ("name", "bytes"), 2: ("element_type", "enum"), 3: ("dimensions", "Dimension*"),
        4: ("has_shape", "bool"),
    },
    "Dimension": {1: ("size", "u64"), 2: ("symbol", "bytes")},
    "Node": {
        1: ("name", "bytes"), 2: ("operator_type", "bytes"), 3: ("domain", "bytes"), 4: ("inputs", "bytes*"),
        5: ("outputs", "bytes*"), 6: ("attributes", "Attribute*"),
    },
    "Attribute": {
        1: ("name", "bytes"), 2: ("type", "enum"), 3: ("float_value", "float"), 4: ("int_value", "sint"),
        5: ("string_value", "bytes"), 6: ("tensor", "bytes"), 7: ("graph", "u32"), 8: ("floats", "float*"),
        9: ("ints", "sint*"), 10: ("strings", "bytes*"),
    },
    "OperatorSet": {1: ("domain", "bytes"), 2: ("version", "u64")},
    "Provenance": {
        1: ("tool_version", "bytes"), 2: ("seed", "u64"), 3: ("options", "Option*"),
        4: ("tensors", "TensorProvenance*"),
    },
    "Option": {1: ("name", "bytes"), 2: ("value", "bytes")},
    "TensorProvenance": {
        1: ("tensor", "u32"), 2: ("source_digest", "fixed64"), 3: ("class_name", "bytes"),
        4: ("bits", "double"), 5: ("relative_error", "double"), 6: ("output_error", "double"),
        7: ("predicted_loss", "double"), 8: ("measured_loss", "double"),
    },
}

VARINT, EIGHT_BYTES, LENGTH_DELIMITED, FOUR_BYTES = 0, 1, 2, 5
WIRE_TYPES = {
    "u32": VARINT, "u64": VARINT, "bool": VARINT, "enum": VARINT, "sint": VARINT,
    "float": FOUR_BYTES, "fixed64": EIGHT_BYTES, "double": EIGHT_BYTES,
}


def parse(message: str, data: bytes) -> SimpleNamespace:
    """The message's fields by name; absent ones are None, repeated ones lists. Unknown fields are skipped.

    Of a field that occurs again the last value counts; messages are merged.
    """
    fields = MESSAGES[message]
    result = SimpleNamespace(**{name: [] if kind.endswith("*") else None for name, kind in fields.values()})
    contents: dict[str, bytes] = {}
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        require(0 < key >> 3 < 1 << 29, "H-01", f"field number {key >> 3} in {message}")
        value, position = _value(data, position, key & 7)
        if key >> 3 not in fields:
            continue
        name, kind = fields[key >> 3]
        if kind.endswith("*"):
            getattr(result, name).extend(_decode_repeated(kind[:-1], value, key & 7))
        elif kind in MESSAGES and key & 7 == LENGTH_DELIMITED:
            # The fields of one behind those of the other are the merged message.
            contents[name] = contents.get(name, b"") + value
            setattr(result, name, parse(kind, contents[name]))
        else:
            setattr(result, name, _decode(kind, value, key & 7))
    return result


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        require(position < len(data), "H-01", "a varint is cut off")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
    raise MomosError("H-01", "a varint has more than 10 bytes")


def _value(data: bytes, position: int, wire_type: int) -> tuple[int | bytes, int]:
    """The undecoded value at `position` and the position after it."""
    if wire_type == VARINT:
        return _varint(data, position)
    if wire_type == LENGTH_DELIMITED:
        length, position = _varint(data, position)
    else:
        require(wire_type in (EIGHT_BYTES, FOUR_BYTES), "H-01", f"wire type {wire_type}")
        length = 8 if wire_type == EIGHT_BYTES else 4
    require(position + length <= len(data), "H-01", "a field is cut off")
    return data[position : position + length], position + length


def _decode(kind: str, value: int | bytes, wire_type: int) -> object:
    expected = WIRE_TYPES.get(kind, LENGTH_DELIMITED)
    require(wire_type == expected, "H-01", f"wire type {wire_type} where {expected} belongs")
    if kind == "bytes":
        return value
    return parse(kind, value) if kind in MESSAGES else _scalar(kind, value)


def _decode_repeated(kind: str, value: int | bytes, wire_type: int) -> list:
    """The values of one occurrence of a repeated field; numbers may be packed."""
    if kind not in WIRE_TYPES or wire_type != LENGTH_DELIMITED:
        return [_decode(kind, value, wire_type)]
    values = []
    position = 0
    while position < len(value):
        element, position = _value(value, position, WIRE_TYPES[kind])
        values.append(_scalar(kind, element))
    return values


def _scalar(kind: str, value: int | bytes) -> int | float | bool:
    if kind in ("u32", "enum"):
        return value & 0xFFFF_FFFF
    if kind == "bool":
        return value != 0
    if kind == "sint":
        return (value >> 1) ^ -(value & 1)
    if kind in ("float", "double", "fixed64"):
        return struct.unpack({"float": "<f", "double": "<d", "fixed64": "<Q"}[kind], value)[0]
    return value
