import MomosFit
import MomosFormat
import MomosInterchange
import MomosModel

/// A digest of values that decide the bytes of a conversion: equal values in equal order give equal digests.
struct ConversionDigest {
  private var text = "momos \(momosVersion)\n"

  var value: UInt64 {
    get throws(ModelError) { xxh3(try Bytes(copying: Array(text.utf8))) }
  }

  /// Adds a value by its description, which may hold line ends.
  mutating func add(_ name: String, _ value: Any) {
    let description = "\(value)"
    text += "\(name) \(description.utf8.count) \(description)\n"
  }

  mutating func add(_ name: String, _ tensor: Tensor) {
    add(name, "\(tensor.elementType.name)\(tensor.shape) \(xxh3(tensor.bytes))")
  }

  mutating func add(_ calibration: Calibration) {
    for (name, position) in calibration.momentsOfTensor.inKeyOrder {
      let moments = calibration.moments[position]
      add(name, "\(moments.sampleCount) \(moments.columns) \(xxh3(moments.upperSums))")
    }
    for (name, counts) in calibration.rowCounts.inKeyOrder { add(name, counts) }
    for (name, loss) in calibration.losses.inKeyOrder { add(name, loss) }
  }

  mutating func add(_ samples: CalibrationSamples) throws(MomosError) {
    for run in 0..<samples.runCount {
      for (name, tensor) in try samples.inputs(of: run).inKeyOrder { add(name, tensor) }
    }
  }

  mutating func add(_ source: SourceModel) throws(MomosError) {
    add("graph", GraphJSON.encode(graphs: source.graphs, operatorSets: source.operatorSets))
    for tensor in source.catalog { add(tensor.name, try source.read(tensor.name)) }
  }

  /// Adds what is decided of a fit; the motifs of exact dictionaries follow from the tensors.
  mutating func add(_ plan: FitPlan) throws(ModelError) {
    for dictionary in plan.dictionaries {
      add("dictionary", "\(dictionary.form) \(dictionary.elementType) \(dictionary.hasZeroMotif)")
    }
    for tensor in plan.tensors {
      add("tensor", tensor)
      for mask in tensor.parts.compactMap(\.annealing) {
        add("annealing", xxh3(try Bytes(copying: mask.isSupported.map { $0 ? 1 : 0 as UInt8 })))
      }
    }
  }
}
