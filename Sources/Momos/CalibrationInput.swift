import MomosInterchange
import MomosModel

/// What the arguments of `--calibration` name: samples, a saved calibration, or both.
struct CalibrationInput {
  /// Its statistics are used as they are; samples beside it measure losses only.
  private(set) var saved: (calibration: Calibration, path: String)?
  private(set) var samples: CalibrationSamples?
  /// Everything that is read.
  private(set) var files: [String] = []

  /// - Parameter inputs: of the graph.
  init(_ arguments: [String], inputs: [GraphValue]) throws(MomosError) {
    var rest: [String] = []
    for argument in arguments {
      guard let calibration = try Self.savedCalibration(argument) else {
        rest.append(argument)
        continue
      }
      if let saved {
        throw MomosError(.usage, "two saved calibrations: '\(saved.path)' and '\(argument)'")
      }
      saved = (calibration, argument)
      files.append(argument)
    }
    guard !rest.isEmpty else { return }
    let samples = try CalibrationSamples(rest, inputs: inputs)
    files += samples.files
    self.samples = samples
  }

  private static func savedCalibration(_ path: String) throws(MomosError) -> Calibration? {
    guard let identity = FileIdentity(path: path), !identity.isFolder else { return nil }
    let archive = try MomosError.translating { try SourceCollection.open([path]) }
    return try SavedCalibration.read(archive, path: path)
  }

  /// Refuses a saved calibration of another model.
  ///
  /// - Parameter shapes: matrix shapes `[rows, columns]` of the weights, by name.
  func check(_ shapes: [String: Shape]) throws(MomosError) {
    if let saved { try Self.check(saved.calibration, shapes, path: saved.path) }
  }

  /// Refuses a calibration of other weights, whose file is `path`.
  static func check(
    _ calibration: Calibration, _ shapes: [String: Shape], path: String
  ) throws(MomosError) {
    func refusal(_ name: String, expected: String, found: String) -> MomosError {
      MomosError(.badData, "'\(path)': tensor '\(name)': expected \(expected), found \(found)")
    }
    for (name, shape) in shapes.inKeyOrder {
      if let columns = calibration.moments(of: name)?.columns, columns != shape[1] {
        throw refusal(name, expected: "moments of \(shape[1]) columns", found: "\(columns)")
      }
      if let count = calibration.rowCounts[name]?.count, count != shape[0] {
        throw refusal(name, expected: "counts of \(shape[0]) rows", found: "\(count)")
      }
    }
    let known = shapes.keys.filter {
      calibration.losses[$0] != nil || calibration.momentsOfTensor[$0] != nil
        || calibration.rowCounts[$0] != nil
    }
    guard !known.isEmpty || shapes.isEmpty else {
      throw MomosError(
        .badData, "'\(path)' is the calibration of another model: it names none of its weights")
    }
  }
}
