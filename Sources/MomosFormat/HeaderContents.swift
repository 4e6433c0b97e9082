import MomosModel

/// What a header says, checked against every O rule but those of the preamble.
struct HeaderContents {
  let sections: [SectionEntry]
  let dictionaries: [DictionaryEntry]
  let tensors: [TensorEntry]
  /// Tensor numbers by the bytes of their names.
  let tensorNumbers: [[UInt8]: Int]
  let graphs: [Graph]
  let operatorSets: [OperatorSet]
  let provenance: Provenance

  /// Checks the records in the order of the spec's chapters, and last that nothing is left over (H-07).
  init(_ record: HeaderRecord, headerOffset: Int) throws(FormatError) {
    if let feature = record.requiredFeatures.first {
      throw FormatError(
        .h02, at: "header", expected: "no required features",
        found: quoted(String(decoding: feature, as: UTF8.self)))
    }
    let sections = try SectionTable(record.sections, headerOffset: headerOffset).entries
    var references = ReferenceTable()
    for section in sections { references.append(section) }
    for (position, dictionary) in record.dictionaries.enumerated() {
      references.append(try DictionaryEntry(dictionary, number: position + 1, references: &references))
    }
    var tensorChecks = TensorChecks(references: references, tensorCount: record.tensors.count)
    for tensor in record.tensors { try tensorChecks.append(tensor) }
    let graphChecks = GraphChecks(
      tensorNumbers: tensorChecks.numbersByName, graphCount: record.graphs.count)
    var graphs: [Graph] = []
    for (position, graph) in record.graphs.enumerated() {
      graphs.append(try graphChecks.graph(graph, number: position + 1))
    }
    self.operatorSets = try GraphChecks.operatorSets(record.operatorSets)
    self.provenance = try ProvenanceChecks(tensors: tensorChecks.entries).provenance(record.provenance)
    try tensorChecks.references.checkUses()
    self.sections = sections
    self.dictionaries = references.dictionaries
    self.tensors = tensorChecks.entries
    self.tensorNumbers = tensorChecks.numbersByName
    self.graphs = graphs
  }
}
