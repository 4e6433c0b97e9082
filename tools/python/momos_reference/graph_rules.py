"""The O rules of graphs and provenance: G and P."""

from types import SimpleNamespace

from .errors import require

NAME_LIMIT = 1_024
TEXT_LIMIT = 4_096
DIMENSION_LIMIT = 1 << 48
RANK_LIMIT = 16
VERSION_LIMIT = (1 << 31) - 1
NODE_LIMIT = 65_536
VALUE_FIELDS = {
    1: "float_value", 2: "int_value", 3: "string_value", 4: "tensor", 5: "graph", 6: "floats", 7: "ints",
    8: "strings",
}
LIST_TYPES = (6, 7, 8)


def is_text(text: bytes, limit: int) -> bool:
    """True for UTF-8 of at most `limit` bytes without a zero byte."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return 0 not in text and len(text) <= limit


def _check_name(name: bytes | None, may_be_empty: bool = True) -> None:
    is_name = is_text(name or b"", NAME_LIMIT) and (may_be_empty or bool(name))
    require(is_name, "G-01", f"name {(name or b'')[:40]!r}")


def check_graphs(header: SimpleNamespace) -> None:
    """Checks rules G-01 to G-06, and H-06 for the numbers of graphs."""
    tensors = {tensor.name for tensor in header.tensors}
    for number, graph in enumerate(header.graphs, 1):
        _check_name(graph.name)
        for value in graph.inputs + graph.outputs:
            _check_name(value.name, may_be_empty=False)
            _check_dimensions(value)
        for node in graph.nodes:
            _check_name(node.operator_type, may_be_empty=False)
            for name in [node.name, node.domain, *node.inputs, *node.outputs]:
                _check_name(name)
            for attribute in node.attributes:
                _check_attribute(attribute, number, len(header.graphs), tensors)
        require(len(graph.nodes) <= NODE_LIMIT, "G-06", f"a graph has {len(graph.nodes)} nodes")
    domains = [operator_set.domain or b"" for operator_set in header.operator_sets]
    for domain in domains:
        _check_name(domain)
    require(len(set(domains)) == len(domains), "G-04", "two operator sets have the same domain")
    for operator_set in header.operator_sets:
        version = operator_set.version or 0
        require(1 <= version <= VERSION_LIMIT, "G-04", f"operator set version {version}")


def _check_dimensions(value: SimpleNamespace) -> None:
    require(len(value.dimensions) <= RANK_LIMIT, "G-05", f"a value has {len(value.dimensions)} dimensions")
    for dimension in value.dimensions:
        _check_name(dimension.symbol)
        is_single = dimension.size is None or dimension.symbol is None
        is_bounded = (dimension.size or 0) <= DIMENSION_LIMIT
        require(is_single and is_bounded, "G-05", f"dimension {dimension.size}, {dimension.symbol}")


def _check_attribute(attribute: SimpleNamespace, own: int, graph_count: int, tensors: set[bytes]) -> None:
    _check_name(attribute.name, may_be_empty=False)
    present = {name for name in VALUE_FIELDS.values() if getattr(attribute, name) not in (None, [])}
    expected = VALUE_FIELDS[attribute.type]
    is_value = present == {expected} or (attribute.type in LIST_TYPES and not present)
    require(is_value, "G-02", f"an attribute of type {attribute.type} has {sorted(present)}")
    if expected == "tensor":
        require(attribute.tensor in tensors, "G-03", f"no tensor is named {attribute.tensor!r}")
    if expected == "graph":
        require(1 <= attribute.graph <= graph_count, "H-06", f"graph {attribute.graph} does not exist")
        require(attribute.graph > own, "G-03", f"graph {own} refers to graph {attribute.graph}")


def check_provenance(header: SimpleNamespace) -> None:
    """Checks rules P-01 and P-02."""
    provenance = header.provenance
    if provenance is None:
        return
    texts = [provenance.tool_version]
    texts += [text for option in provenance.options for text in (option.name, option.value)]
    texts += [entry.class_name for entry in provenance.tensors]
    for text in texts:
        require(is_text(text or b"", TEXT_LIMIT), "P-01", f"text {(text or b'')[:40]!r}")
    numbers = [entry.tensor or 0 for entry in provenance.tensors]
    require(len(set(numbers)) == len(numbers), "P-02", "a tensor has two entries")
    require(all(1 <= number <= len(header.tensors) for number in numbers), "P-02", "an entry names no tensor")
