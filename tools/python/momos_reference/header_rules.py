"""The O rules of the header (H), its sections (S) and dictionaries (D)."""

import math
from collections import Counter
from types import SimpleNamespace

from .elements import BFLOAT16, DTYPES, FLOAT16, FLOAT32, FLOAT64, INT8
from .errors import require
from .geometry import stored_motif_count
from .graph_rules import NAME_LIMIT, check_graphs, check_provenance, is_text
from .tensor_rules import check_tensor

CODECS = range(3)
STORED, BYTE_PLANES_ZSTD = 0, 2
RATIO_LIMIT = 1_024
ELEMENT_TYPES = tuple(DTYPES)
DICTIONARY_TYPES = (FLOAT32, FLOAT16, BFLOAT16, FLOAT64, INT8)


def check_header(header: SimpleNamespace, header_offset: int) -> None:
    """Checks every O rule that the header can break."""
    require(not header.required_features, "H-02", f"unknown features {header.required_features}")
    _check_enumerations(header)
    _check_names(header)
    _check_references(header)
    _check_sections(header.sections, header_offset)
    for number, dictionary in enumerate(header.dictionaries, 1):
        _check_dictionary(header, dictionary, f"dictionary {number}")
    for number in range(1, len(header.tensors) + 1):
        check_tensor(header, number)
    check_graphs(header)
    check_provenance(header)


def _check_enumerations(header: SimpleNamespace) -> None:
    def known(value: int | None, values: object, is_required: bool = False) -> None:
        is_valid = value in values if value is not None else not is_required
        require(is_valid, "H-03", f"enumeration value {value}")

    for section in header.sections:
        known(section.codec, CODECS)
    for dictionary in header.dictionaries:
        known(dictionary.element_type, ELEMENT_TYPES, True)
    for tensor in header.tensors:
        known(tensor.element_type, ELEMENT_TYPES, True)
        known(tensor.stored_element_type, ELEMENT_TYPES)
        known(tensor.kind, (1, 2, 3), True)
        known(tensor.blocking, (0, 1))
        known(tensor.composition, (0, 1))
        for part in tensor.parts:
            known(part.row_scale_element_type, ELEMENT_TYPES)
            for stage in part.stages:
                known(stage.layout, range(5))
    for graph in header.graphs:
        for value in graph.inputs + graph.outputs:
            known(value.element_type, ELEMENT_TYPES)
        for node in graph.nodes:
            for attribute in node.attributes:
                known(attribute.type, range(1, 9), True)


def _check_names(header: SimpleNamespace) -> None:
    names = set()
    for tensor in header.tensors:
        name = tensor.name or b""
        require(len(name) >= 1 and is_text(name, NAME_LIMIT), "H-04", f"tensor name {name[:40]!r}")
        require(name not in names, "H-05", f"two tensors are named {name!r}")
        names.add(name)


def _check_references(header: SimpleNamespace) -> None:
    sections: Counter = Counter()
    dictionaries: Counter = Counter()
    for dictionary in header.dictionaries:
        require(bool(dictionary.section), "H-06", "a dictionary has no section")
        sections[dictionary.section] += 1
    for tensor in header.tensors:
        sections.update((tensor.section or 0, tensor.outlier_section or 0))
        is_tensor = (tensor.alias_of or 0) <= len(header.tensors)
        require(is_tensor, "H-06", f"tensor {tensor.alias_of} does not exist")
        require(tensor.kind != 3 or bool(tensor.alias_of), "H-06", "an alias names no tensor")
        for part in tensor.parts:
            own = (part.rows_section, part.columns_section, part.row_scale_section)
            sections.update(section or 0 for section in own)
            for stage in part.stages:
                require(bool(stage.dictionary), "H-06", "a stage has no dictionary")
                dictionaries[stage.dictionary] += 1
                sections[stage.mosaic_section or 0] += 1
    del sections[0]
    for count, used, what in (
        (len(header.sections), sections, "section"),
        (len(header.dictionaries), dictionaries, "dictionary"),
    ):
        require(not used or max(used) <= count, "H-06", f"a {what} that does not exist is referred to")
        require(len(used) == count, "H-07", f"a {what} is not referred to")
    require(all(uses == 1 for uses in sections.values()), "H-07", "a section is referred to twice")


def _check_sections(sections: list[SimpleNamespace], header_offset: int) -> None:
    expected = 64
    for number, section in enumerate(sections, 1):
        what = f"section {number}"
        stored, raw = section.stored_byte_count or 0, section.raw_byte_count or 0
        require(section.offset == expected, "S-01", f"{what} is at {section.offset}, expected {expected}")
        require(stored >= 1 and raw >= 1, "S-02", f"{what} is empty")
        codec, planes = section.codec or STORED, section.plane_count or 0
        require(codec != STORED or stored == raw, "S-03", f"{what} stores {stored} bytes for {raw}")
        if codec == BYTE_PLANES_ZSTD:
            require(planes in (2, 4, 8) and raw % planes == 0, "S-04", f"{what} has {planes} planes")
        else:
            require(planes == 0, "S-04", f"{what} has {planes} planes, but no codec that uses them")
        require(raw <= RATIO_LIMIT * stored, "S-05", f"{what} claims {raw} bytes from {stored}")
        expected = -(-(expected + stored) // 64) * 64
    require(header_offset == expected, "S-01", f"the header is at {header_offset}, expected {expected}")


def _check_dictionary(header: SimpleNamespace, dictionary: SimpleNamespace, what: str) -> None:
    length, count = dictionary.block_length or 0, dictionary.motif_count or 0
    require(1 <= length <= 64, "D-01", f"{what} has block length {length}")
    is_even = not dictionary.antipodal or count % 2 == 0
    require(1 <= count <= 65_536 and is_even, "D-02", f"{what} has {count} motifs")
    is_known = dictionary.motif_length in (length, 2 * length)
    require(is_known, "D-03", f"{what} has motif length {dictionary.motif_length}")
    element_type, scale = dictionary.element_type, dictionary.scale
    require(element_type in DICTIONARY_TYPES, "D-04", f"{what} has element type {element_type}")
    if element_type == INT8:
        is_scale = scale is not None and math.isfinite(scale) and scale > 0
        require(is_scale, "D-04", f"{what} has scale {scale}")
    else:
        require(scale is None, "D-04", f"{what} has a scale but no int8 values")
    expected = stored_motif_count(dictionary) * dictionary.motif_length * DTYPES[element_type].itemsize
    found = header.sections[dictionary.section - 1].raw_byte_count
    require(found == expected, "D-05", f"{what} has {found} bytes, expected {expected}")
