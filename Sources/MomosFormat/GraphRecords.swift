import MomosModel

extension GraphRecord {
  init(_ graph: Graph) {
    self.init(
      name: graph.name.isEmpty ? nil : Array(graph.name.utf8), inputs: graph.inputs.map { ValueRecord($0) },
      outputs: graph.outputs.map { ValueRecord($0) }, nodes: graph.nodes.map { NodeRecord($0) })
  }
}

extension ValueRecord {
  init(_ value: GraphValue) {
    self.init(
      name: Array(value.name.utf8), elementType: value.elementType.map { UInt32($0.rawValue) },
      dimensions: value.dimensions?.map { DimensionRecord($0) } ?? [],
      hasShape: value.dimensions == nil ? nil : true)
  }
}

extension DimensionRecord {
  init(_ dimension: GraphDimension) {
    switch dimension {
    case .size(let size): self.init(size: UInt64(truncatingIfNeeded: size))
    case .symbol(let symbol): self.init(symbol: Array(symbol.utf8))
    case .unknown: self.init()
    }
  }
}

extension NodeRecord {
  init(_ node: Node) {
    self.init(
      name: node.name.isEmpty ? nil : Array(node.name.utf8), operatorType: Array(node.operatorType.utf8),
      domain: node.domain.isEmpty ? nil : Array(node.domain.utf8), inputs: node.inputs.map { Array($0.utf8) },
      outputs: node.outputs.map { Array($0.utf8) }, attributes: node.attributes.map { AttributeRecord($0) })
  }
}

extension AttributeRecord {
  init(_ attribute: NodeAttribute) {
    self.init(name: Array(attribute.name.utf8))
    switch attribute.value {
    case .float(let value): (type, float) = (AttributeType.float.rawValue, value)
    case .int(let value): (type, int) = (AttributeType.int.rawValue, Int64(value))
    case .string(let value): (type, string) = (AttributeType.string.rawValue, value)
    case .floats(let values): (type, floats) = (AttributeType.floats.rawValue, values)
    case .ints(let values): (type, ints) = (AttributeType.ints.rawValue, values.map { Int64($0) })
    case .strings(let values): (type, strings) = (AttributeType.strings.rawValue, values)
    case .tensor(let name): (type, tensor) = (AttributeType.tensor.rawValue, Array(name.utf8))
    case .graph(let position):
      (type, graph) = (AttributeType.graph.rawValue, UInt32(truncatingIfNeeded: position + 1))
    }
  }
}

extension OperatorSetRecord {
  init(_ set: OperatorSet) {
    self.init(
      domain: set.domain.isEmpty ? nil : Array(set.domain.utf8),
      version: UInt64(truncatingIfNeeded: set.version))
  }
}

extension ProvenanceRecord {
  /// nil for an empty provenance.
  /// - Throws: P-02 for an entry of a tensor that the file does not have.
  init?(_ provenance: Provenance, tensorNumbers: [[UInt8]: Int]) throws(FormatError) {
    if provenance == Provenance() { return nil }
    self.init(
      toolVersion: Array(provenance.toolVersion.utf8), seed: provenance.seed,
      options: provenance.options.map {
        OptionRecord(name: Array($0.name.utf8), value: Array($0.value.utf8))
      })
    for tensor in provenance.tensors {
      guard let number = tensorNumbers[Array(tensor.tensorName.utf8)] else {
        throw FormatError(
          .p02, at: "provenance", expected: "entries of tensors of the file",
          found: "tensor \(quoted(tensor.tensorName))")
      }
      tensors.append(
        TensorProvenanceRecord(
          tensor: UInt32(number), sourceDigest: tensor.sourceDigest, className: Array(tensor.className.utf8),
          bits: tensor.bits, relativeError: tensor.relativeError, outputError: tensor.outputError,
          predictedLoss: tensor.predictedLoss, measuredLoss: tensor.measuredLoss))
    }
  }
}
