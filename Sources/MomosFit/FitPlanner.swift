public import MomosKernels
public import MomosModel

/// Decides for every tensor whether and how it becomes a mosaic, before anything is written.
///
/// Reads each candidate once: for NaN and infinity, for blocks that repeat exactly, and for row scales that
/// float16 cannot hold.
public struct FitPlanner {
  private let options: FitOptions
  private let calibration: Calibration?
  private let pool: ThreadPool

  /// - Parameter calibration: what is known of the inputs of matrices.
  /// - Throws: `FitError` if an option is out of range.
  public init(
    options: FitOptions, calibration: Calibration? = nil, pool: ThreadPool = ThreadPool(threadCount: 1)
  ) throws(FitError) {
    try options.validate()
    self.options = options
    self.calibration = calibration
    self.pool = pool
  }

  /// - Parameters:
  ///   - fileByteCount: the bytes of the file that a plan leads to; a goal of file bytes needs it.
  ///   - read: the dense tensor of a candidate's name.
  public func plan(
    _ candidates: [FitCandidate], fileByteCount: (FitPlan) throws -> Int = { _ in 0 },
    read: (String) throws -> Tensor
  ) throws -> FitPlan {
    guard options.blocking == .rows else { return try flatPlan(candidates, read: read) }
    let sharedMotifCount = options.dictionaryScope == .model ? try motifCount(for: candidates) : nil
    let surveys = try self.surveys(candidates, sharedMotifCount: sharedMotifCount, read: read)
    var builder = PlanBuilder(options: options)
    try builder.addExact(surveys, sharedMotifCount: sharedMotifCount)
    guard options.goal == .explicit else {
      return try GoalPlanner(surveys, builder, options: options, calibration: calibration, pool: pool)
        .plan(fileByteCount: fileByteCount)
    }
    try builder.addFitted(surveys) { group throws(FitError) in try motifCount(for: group.map(\.candidate)) }
    return builder.plan(surveys)
  }

  /// The plan with parts that were chosen elsewhere.
  ///
  /// - Parameter parts: disjoint and together all rows, or none for a tensor that stays dense. A tensor that is absent is
  ///   stored exactly where that makes it smaller, else dense.
  public func plan(
    _ candidates: [FitCandidate], parts: [String: [AllocatedPart]], read: (String) throws -> Tensor
  ) throws -> FitPlan {
    let sharedMotifCount = try motifCount(for: candidates)
    let surveys = try self.surveys(candidates, sharedMotifCount: sharedMotifCount, read: read)
    var builder = PlanBuilder(options: options)
    try builder.addExact(
      surveys.filter { parts[$0.candidate.name] == nil }, sharedMotifCount: sharedMotifCount)
    builder.addAllocated(
      surveys.compactMap { survey in
        parts[survey.candidate.name].map { AllocatedTensor(survey: survey, parts: $0) }
      })
    return builder.plan(surveys)
  }

  private func surveys(
    _ candidates: [FitCandidate], sharedMotifCount: Int?, read: (String) throws -> Tensor
  ) throws -> [TensorSurvey] {
    var surveys: [TensorSurvey] = []
    for candidate in candidates {
      let motifCount = try sharedMotifCount ?? motifCount(for: [candidate])
      surveys.append(try survey(candidate, motifCount: motifCount, read: read))
    }
    return surveys
  }

  /// Everything that lies on few distinct blocks without loss, the rest dense.
  private func flatPlan(_ candidates: [FitCandidate], read: (String) throws -> Tensor) throws -> FitPlan {
    let surveys = try candidates.map { candidate in
      try survey(candidate, motifCount: MotifDictionary.maximumMotifCount, read: read)
    }
    var builder = PlanBuilder(options: options)
    try builder.addFlat(surveys)
    return builder.plan(surveys)
  }

  /// k for candidates that share a dictionary.
  private func motifCount(for candidates: [FitCandidate]) throws(FitError) -> Int {
    switch options.motifs {
    case .count(let count): return count
    case .capacity(let capacity):
      let blocks = candidates.reduce(0) { $0 + blockCount(of: $1) }
      let wanted = max(1, min(Int((capacity * Double(blocks)).rounded(.down)), blocks))
      guard wanted <= MotifDictionary.maximumMotifCount else {
        throw .capacityTooLarge(motifCount: wanted)
      }
      return wanted
    }
  }

  private func blockCount(of candidate: FitCandidate) -> Int {
    guard case .linear(let view, _) = candidate.role, candidate.elementType.isFloatingPoint else { return 0 }
    let matrix = view.matrixShape(of: candidate.shape)
    return matrix[0] * ((matrix[1] + options.blockLength - 1) / options.blockLength)
  }

  private func survey(
    _ candidate: FitCandidate, motifCount: Int, read: (String) throws -> Tensor
  ) throws -> TensorSurvey {
    func dense(_ reason: String) -> TensorSurvey {
      TensorSurvey(candidate: candidate, finding: .dense(reason: reason))
    }
    guard candidate.elementType.isFloatingPoint else { return dense("\(candidate.elementType.name) values") }
    let tensor = try read(candidate.name)
    let range = ValueRange(of: tensor)
    guard range.isFinite else {
      guard options.allowsNonfinite else { throw FitError.nonfiniteTensor(name: candidate.name) }
      return dense("contains NaN or infinity")
    }
    guard case .linear(let view, let use) = candidate.role else {
      if case .dense(let reason) = candidate.role { return dense(reason) }
      return dense("")
    }
    guard tensor.elementCount > 0 else { return dense("no elements") }
    guard range.fitsSums else { return dense("has values beyond 1e18, whose squares float32 cannot sum") }
    guard !range.isBelowFloats else {
      return dense("has values below 1.2e-38 alone, which float32 cannot hold")
    }
    let matrix = try view.matrix(of: tensor)
    var blocks = DistinctBlocks(elementType: candidate.elementType, blockLength: options.blockLength)
    let isExact = blocks.add(try tensor.matrix(view, options.blocking), limit: motifCount)
    guard isExact || !range.isNearFloat16Limit else {
      return dense("has values beyond 16384, for whose mosaic float16 may be too small")
    }
    return TensorSurvey(
      candidate: candidate,
      finding: .linear(
        TensorSurvey.Linear(
          view: view, use: use, rowScale: rowScaleType(of: matrix),
          outlierCount: options.keepsOutliers ? outliers(of: candidate, matrix).count : 0,
          exactBlocks: isExact ? blocks : nil,
          exactBlocking: executableBlocking(of: tensor.shape, view))))
  }

  /// `rows` for a matrix whose rows hold whole blocks, where it cuts the same ones: kernels stream those.
  private func executableBlocking(of shape: Shape, _ view: MatrixView) -> Blocking {
    let hasWholeBlocks = view.matrixShape(of: shape)[1] % options.blockLength == 0
    return view.isIdentity && hasWholeBlocks ? .rows : options.blocking
  }

  private func outliers(of candidate: FitCandidate, _ matrix: Tensor) -> OutlierSelection {
    OutlierSelection(of: matrix, inputEnergy: calibration?.moments(of: candidate.name)?.squares)
  }

  /// Float16 where it holds every row's root mean square as a normal number, else float32.
  private func rowScaleType(of matrix: Tensor) -> ElementType? {
    guard options.hasRowScale else { return nil }
    let normal = Double(Float16.leastNormalMagnitude)...Double(Float16.greatestFiniteMagnitude)
    let columns = matrix.shape[1]
    for row in 0..<matrix.shape[0] {
      let scale = rootMeanSquare(matrix.floats(in: row * columns..<(row + 1) * columns))
      if scale > 0 && !normal.contains(scale) { return .float32 }
    }
    return .float16
  }
}

/// Whether the values of a tensor are numbers that a fit can work with.
private struct ValueRange {
  var isFinite = true
  /// At most 1e18 in magnitude, so that the squares of a block stay within float32.
  var fitsSums = true
  /// float64 of which float32 holds the largest as a subnormal number or not at all: what is fitted, and what errors are
  /// measured with, would be zeros.
  var isBelowFloats = false
  /// float16 beyond a quarter of the largest finite number: what a fit makes of it may be infinite.
  var isNearFloat16Limit = false

  init(of tensor: Tensor) {
    if tensor.elementType == .float64 {
      let values = tensor.bytes.span(of: Double.self)
      var largest = 0.0
      for index in values.indices {
        if !values[index].isFinite { isFinite = false }
        largest = max(largest, values[index].magnitude)
      }
      fitsSums = largest <= 1e18
      isBelowFloats = largest > 0 && largest < Double(Float.leastNormalMagnitude)
      return
    }
    let chunk = 1 << 16
    for start in stride(from: 0, to: tensor.elementCount, by: chunk) {
      let values = tensor.floats(in: start..<min(start + chunk, tensor.elementCount))
      if !values.allSatisfy(\.isFinite) { isFinite = false }
      if values.contains(where: { $0.magnitude > 1e18 }) { fitsSums = false }
      if tensor.elementType == .float16, values.contains(where: { $0.magnitude > 16384 }) {
        isNearFloat16Limit = true
      }
    }
  }
}

/// The root mean square of a row, accumulated in float64; 0 for an empty row.
func rootMeanSquare(_ row: [Float]) -> Double {
  guard !row.isEmpty else { return 0 }
  var sum = 0.0
  for value in row { sum += Double(value) * Double(value) }
  return (sum / Double(row.count)).squareRoot()
}
