import MomosInterchange
import MomosModel

/// A calibration in an .npz file, which `--save-calibration` writes and `--calibration` recognises.
///
/// Members, of n tensors and m moments:
///
///   momos_calibration  i64 [1]     1, the version of what follows
///   names              u8 [bytes]  names of the tensors in UTF-8, one after the other
///   name_ends          i64 [n]     where each name ends
///   moments_of_tensor  i64 [n]     which moments a tensor has, -1 without
///   losses             f64 [n]     NaN without
///   sample_counts      i64 [m]
///   columns            i64 [m]
///   upper_sums_I       f64 [columns * (columns + 1) / 2]  for I in 0..<m: see `Calibration.InputMoments`
///   row_counts_I       i64 [rows]  for I in 0..<n, for tables whose rows are looked up
enum SavedCalibration {
  private static let mark = "momos_calibration"
  private static let version: Int64 = 1
  /// Columns beyond this are refused before their square is computed.
  private static let columnLimit = 1 << 20

  static func write(_ calibration: Calibration, to path: String) throws(MomosError) {
    try MomosError.translating {
      let names = Set(calibration.momentsOfTensor.keys).union(calibration.rowCounts.keys)
        .union(calibration.losses.keys).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      var ends: [Int64] = []
      for name in names { ends.append((ends.last ?? 0) + Int64(name.utf8.count)) }
      var writer = try NPZWriter(path: path)
      try writer.add(tensor([version]), name: mark)
      try writer.add(tensor(names.flatMap { Array($0.utf8) }, .uint8), name: "names")
      try writer.add(tensor(ends), name: "name_ends")
      try writer.add(
        tensor(names.map { calibration.momentsOfTensor[$0].map(Int64.init) ?? -1 }),
        name: "moments_of_tensor")
      try writer.add(tensor(names.map { calibration.losses[$0] ?? .nan }, .float64), name: "losses")
      try writer.add(tensor(calibration.moments.map { Int64($0.sampleCount) }), name: "sample_counts")
      try writer.add(tensor(calibration.moments.map { Int64($0.columns) }), name: "columns")
      for (number, moments) in calibration.moments.enumerated() {
        let shape = Shape(vector: moments.upperSums.count / MemoryLayout<Double>.stride)
        try writer.add(
          Tensor(elementType: .float64, shape: shape, bytes: moments.upperSums), name: "upper_sums_\(number)")
      }
      for (number, name) in names.enumerated() {
        guard let counts = calibration.rowCounts[name] else { continue }
        try writer.add(tensor(counts.map(Int64.init)), name: "row_counts_\(number)")
      }
      try writer.finish()
    }
  }

  private static func tensor(_ values: [Int64]) throws(ModelError) -> Tensor { try tensor(values, .int64) }

  private static func tensor<Element: BitwiseCopyable>(
    _ values: [Element], _ elementType: ElementType
  ) throws(ModelError) -> Tensor {
    Tensor(elementType: elementType, shape: Shape(vector: values.count), bytes: try Bytes(copying: values))
  }

  /// The calibration in a file; nil if the file holds something else.
  ///
  /// Moments are views on the mapped file.
  static func read(_ archive: SourceCollection, path: String) throws(MomosError) -> Calibration? {
    guard archive.catalog.contains(where: { $0.name == mark }) else { return nil }
    return try Reading(archive: archive, path: path).calibration()
  }

  /// A file that says it is a calibration.
  private struct Reading {
    let archive: SourceCollection
    let path: String

    func calibration() throws(MomosError) -> Calibration {
      let found = try integers(mark)
      guard found == [version] else {
        throw refusal(mark, expected: "version [\(version)]", found: "\(found)")
      }
      let names = try names()
      var calibration = Calibration()
      calibration.moments = try moments()
      let positions = try integers("moments_of_tensor", count: names.count)
      let losses = try doubles("losses", count: names.count)
      for (number, name) in names.enumerated() {
        let position = Int(positions[number])
        guard position >= -1, position < calibration.moments.count else {
          throw refusal(
            "moments_of_tensor", expected: "numbers from -1 to \(calibration.moments.count - 1)",
            found: "\(position)")
        }
        if position >= 0 { calibration.momentsOfTensor[name] = position }
        guard !losses[number].isInfinite else {
          throw refusal("losses", expected: "finite numbers", found: "\(losses[number])")
        }
        if !losses[number].isNaN { calibration.losses[name] = losses[number] }
        let member = "row_counts_\(number)"
        guard archive.catalog.contains(where: { $0.name == member }) else { continue }
        calibration.rowCounts[name] = try counts(member)
      }
      return calibration
    }

    private func names() throws(MomosError) -> [String] {
      let bytes = try tensor("names", .uint8).bytes.array(of: UInt8.self)
      var names: [String] = []
      var start = 0
      for end in try integers("name_ends") {
        guard end > start, end <= bytes.count,
          let name = String(validating: bytes[start..<Int(end)], as: UTF8.self)
        else {
          throw refusal("name_ends", expected: "ends of names in UTF-8, ascending", found: "\(end)")
        }
        names.append(name)
        start = Int(end)
      }
      guard start == bytes.count, Set(names).count == names.count else {
        throw refusal("names", expected: "different names up to the end", found: "others")
      }
      return names
    }

    private func moments() throws(MomosError) -> [Calibration.InputMoments] {
      let columns = try counts("columns")
      let sampleCounts = try counts("sample_counts", count: columns.count)
      var moments: [Calibration.InputMoments] = []
      for (number, columns) in columns.enumerated() {
        guard columns <= columnLimit else {
          throw refusal("columns", expected: "at most \(columnLimit)", found: "\(columns)")
        }
        let member = "upper_sums_\(number)"
        let sums = try tensor(
          member, .float64, count: Calibration.InputMoments.upperCount(columns: columns))
        let read = Calibration.InputMoments(
          sampleCount: sampleCounts[number], columns: columns, upperSums: sums.bytes)
        let values = sums.bytes.span(of: Double.self)
        var isFinite = true
        for position in values.indices where !values[position].isFinite { isFinite = false }
        guard isFinite, read.squares.allSatisfy({ $0 >= 0 }) else {
          throw refusal(member, expected: "finite sums, and no negative ones of squares", found: "others")
        }
        moments.append(read)
      }
      return moments
    }

    private func tensor(
      _ name: String, _ elementType: ElementType, count: Int? = nil
    ) throws(MomosError) -> Tensor {
      guard let entry = archive.catalog.first(where: { $0.name == name }) else {
        throw refusal(name, expected: "this member", found: "none")
      }
      guard entry.elementType == elementType, entry.shape.rank == 1,
        count == nil || count == entry.shape.elementCount
      else {
        let length = count.map(String.init) ?? "any"
        throw refusal(
          name, expected: "\(elementType.name)[\(length)]", found: "\(entry.elementType.name)\(entry.shape)")
      }
      return try MomosError.translating { try archive.read(name) }
    }

    private func integers(_ name: String, count: Int? = nil) throws(MomosError) -> [Int64] {
      try tensor(name, .int64, count: count).bytes.array(of: Int64.self)
    }

    private func doubles(_ name: String, count: Int) throws(MomosError) -> [Double] {
      try tensor(name, .float64, count: count).bytes.array(of: Double.self)
    }

    /// Integers of which none is negative.
    private func counts(_ name: String, count: Int? = nil) throws(MomosError) -> [Int] {
      try integers(name, count: count).map { value throws(MomosError) in
        guard value >= 0 else { throw refusal(name, expected: "0 or more", found: "\(value)") }
        return Int(value)
      }
    }

    private func refusal(_ member: String, expected: String, found: String) -> MomosError {
      MomosError(.badData, "'\(path)': member '\(member).npy': expected \(expected), found \(found)")
    }
  }
}
