import MomosModel

/// Turns a provenance record into its value: rules P-01 and P-02.
struct ProvenanceChecks {
  let tensors: [TensorEntry]

  /// An absent provenance is an empty one.
  func provenance(_ record: ProvenanceRecord?) throws(FormatError) -> Provenance {
    guard let record else { return Provenance() }
    var options: [ProvenanceOption] = []
    for (position, option) in record.options.enumerated() {
      let place = "provenance, option \(position + 1)"
      options.append(
        ProvenanceOption(
          name: try Text.provenance(option.name, at: place),
          value: try Text.provenance(option.value, at: place)))
    }
    return Provenance(
      toolVersion: try Text.provenance(record.toolVersion, at: "provenance, tool version"),
      seed: record.seed ?? 0, options: options, tensors: try tensorProvenances(record.tensors))
  }

  private func tensorProvenances(
    _ records: [TensorProvenanceRecord]
  ) throws(FormatError) -> [TensorProvenance] {
    var result: [TensorProvenance] = []
    var hasEntry = [Bool](repeating: false, count: tensors.count)
    for (position, record) in records.enumerated() {
      let place = "provenance, entry \(position + 1)"
      guard let number = record.tensor, number != 0, number <= tensors.count else {
        throw FormatError(
          .p02, at: place, expected: "a tensor number from 1 to \(tensors.count)",
          found: record.tensor.map { "\($0)" } ?? "none")
      }
      let tensor = tensors[Int(number) - 1]
      guard !hasEntry[Int(number) - 1] else {
        throw FormatError(.p02, at: place, expected: "one entry for \(tensor.place)", found: "another")
      }
      hasEntry[Int(number) - 1] = true
      result.append(
        TensorProvenance(
          tensorName: tensor.name, sourceDigest: record.sourceDigest ?? 0,
          className: try Text.provenance(record.className, at: place), bits: record.bits ?? 0,
          relativeError: record.relativeError ?? 0, outputError: record.outputError,
          predictedLoss: record.predictedLoss, measuredLoss: record.measuredLoss))
    }
    return result
  }
}
