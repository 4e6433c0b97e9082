import MomosInterchange
import MomosKernels
import MomosModel
import MomosRuntime

/// Runs the dense graph on samples and keeps what a fit needs of it: moments of the inputs of weights, how often rows
/// of tables are looked up, and what noise in each weight costs.
///
/// What is padding to the model counts like other input, since only the graph knows; so does a row that padding looks up.
///
/// Memory: the dense model, the moments (8 bytes for half of the columns squared of every different input; above 1 GiB they
/// are spooled to the disk), the values of one execution, and up to 512 MiB of values on the samples that losses are measured on.
struct CalibrationPass {
  /// Most bytes of moments that lie in memory.
  static let momentByteLimit = 1 << 30
  /// About how many rows of one input are summed; of more, evenly chosen ones.
  static let rowLimit = 1 << 18
  /// About how many samples losses are measured on: whole executions, evenly chosen.
  static let lossSampleCount = 128

  /// A weight that may become a mosaic.
  struct Weight {
    let name: String
    let view: MatrixView
  }

  /// What a pass finds.
  struct Result: Sendable {
    let calibration: Calibration
    /// Of the calibration.
    let digest: UInt64
    /// nil for a calibration that was read and has no samples.
    let loss: MeasuredLoss?

    init(calibration: Calibration, loss: MeasuredLoss?) throws(MomosError) {
      self.calibration = calibration
      self.loss = loss
      var digest = ConversionDigest()
      digest.add(calibration)
      self.digest = try MomosError.translating { try digest.value }
    }
  }

  let source: SourceModel
  /// Names of tensors that repeat another, by their names.
  let aliases: [String: String]
  let weights: [Weight]
  let samples: CalibrationSamples
  let threadCount: Int
  let seed: UInt64
  /// Where moments lie that are too many for memory.
  let spool: SpoolFolder
  var momentByteLimit = Self.momentByteLimit

  /// - Parameter progress: called with the share of the work that is done, 0 to 1.
  func run(progress: Progress = { _ in }) throws(MomosError) -> Result {
    let pool = ThreadPool(threadCount: threadCount)
    let model = try plannedModel(pool: pool)
    let loss = try MeasuredLoss(model, inputs: lossInputs())
    // Each weight costs as much as the samples that its loss is measured on.
    let passWork = samples.runCount
    let lossWork = weights.count * lossRuns.count
    let work = Double(max(passWork + lossWork, 1))
    var calibration = try observe(model, pool: pool) { done throws(MomosError) in
      try progress(Double(done) / work)
    }
    for (number, weight) in weights.enumerated() {
      try progress((Double(passWork) + Double(number * lossRuns.count)) / work)
      calibration.losses[weight.name] = try self.loss(of: weight, loss)
    }
    try progress(1)
    return try Result(calibration: calibration, loss: loss)
  }

  /// The loss on samples alone, where the other statistics are known.
  func measuredLoss() throws(MomosError) -> MeasuredLoss {
    let pool = ThreadPool(threadCount: threadCount)
    return try MeasuredLoss(plannedModel(pool: pool), inputs: lossInputs())
  }

  private func plannedModel(pool: ThreadPool) throws(MomosError) -> ReplaceableModel {
    var model = Model(graphs: source.graphs, operatorSets: source.operatorSets)
    for tensor in source.catalog {
      let content: TensorContent =
        if let target = aliases[tensor.name] { .alias(target) } else { .dense(try source.read(tensor.name)) }
      model.tensors.append(NamedTensor(name: tensor.name, content: content))
    }
    return try MomosError.translating { [model] in
      try ReplaceableModel(model, pool: pool, precision: .exact)
    }
  }

  private func loss(of weight: Weight, _ loss: MeasuredLoss) throws(MomosError) -> Double {
    let tensor = try source.read(weight.name)
    return try MomosError.translating {
      let noisy = try WeightNoise(seed: seed).added(to: tensor, named: weight.name, view: weight.view)
      return try loss.loss(replacing: [weight.name: .dense(noisy)])
    }
  }

  /// The executions that losses are measured on: every n-th one, from the middle of the first n on.
  private var lossRuns: [Int] {
    let sampleCount = (0..<samples.runCount).reduce(0) { $0 + samples.sampleCount(of: $1) }
    let wanted = samples.runCount * Self.lossSampleCount / max(sampleCount, 1)
    let count = min(max(wanted, 1), samples.runCount)
    return (0..<count).map { (2 * $0 + 1) * samples.runCount / (2 * count) }
  }

  private func lossInputs() throws(MomosError) -> [[String: Tensor]] {
    var inputs: [[String: Tensor]] = []
    for run in lossRuns { inputs.append(try samples.inputs(of: run)) }
    return inputs
  }

  private func observe(
    _ model: ReplaceableModel, pool: ThreadPool, progress: (Int) throws(MomosError) -> Void
  ) throws(MomosError) -> Calibration {
    let sums = try ObservedSums(model.plan.weightUses, weights: weights.map(\.name), pool: pool) {
      byteCount in
      byteCount > momentByteLimit ? spool : nil
    }
    let observer = sums.observer(rowLimit: (Self.rowLimit - 1) / samples.runCount + 1)
    for run in 0..<samples.runCount {
      try progress(run)
      let inputs = try samples.inputs(of: run)
      _ = try MomosError.translating { try model.plan.execute(inputs, observing: observer) }
    }
    return try sums.calibration()
  }
}

/// The statistics of a pass under way.
private final class ObservedSums {
  private let uses: WeightUses
  private let pool: ThreadPool
  private let spool: SpoolFolder?
  /// By position of the input; nil for one that no weight needs.
  private var sums: [MomentSums?] = []
  private var rowCounts: [String: [Int]]

  /// - Parameters:
  ///   - weights: names of the weights that count.
  ///   - spool: where so many bytes of moments lie; nil for memory.
  init(
    _ uses: WeightUses, weights: [String], pool: ThreadPool, spool: (Int) -> SpoolFolder?
  ) throws(MomosError) {
    self.uses = uses
    self.pool = pool
    let names = Set(weights)
    let isNeeded = uses.inputs.map { input in input.tensors.contains { names.contains($0) } }
    let byteCount = zip(uses.inputs, isNeeded).reduce(0) { sum, input in
      sum + (input.1 ? MomentSums.byteCount(columns: input.0.columns) : 0)
    }
    let spool = spool(byteCount)
    self.spool = spool
    rowCounts = uses.rowCounts.filter { names.contains($0.key) }.mapValues { [Int](repeating: 0, count: $0) }
    sums = try MomosError.translating {
      try zip(uses.inputs, isNeeded).map { try $1 ? MomentSums(columns: $0.columns, in: spool) : nil }
    }
  }

  func observer(rowLimit: Int) -> WeightObserver {
    WeightObserver(rowLimit: rowLimit) { input, rows in
      self.sums[input]?.add(rows.bytes.span(of: Float.self), pool: self.pool)
    } lookups: { table, rows in
      for row in rows { self.rowCounts[table]?[row] += 1 }
    }
  }

  /// Weights with the same inputs share moments; those of a weight with several inputs are summed.
  func calibration() throws(MomosError) -> Calibration {
    var calibration = Calibration()
    calibration.rowCounts = rowCounts
    var positions: [String: [Int]] = [:]
    for (position, input) in uses.inputs.enumerated() where (sums[position]?.sampleCount ?? 0) > 0 {
      for name in input.tensors { positions[name, default: []].append(position) }
    }
    var known: [[Int]: Int] = [:]
    for (name, inputs) in positions.sorted(by: { $0.value.lexicographicallyPrecedes($1.value) }) {
      if known[inputs] == nil {
        let moments = try moments(of: inputs)
        guard moments.squares.allSatisfy(\.isFinite) else {
          throw MomosError(.badData, "calibration: the inputs of '\(name)' are not finite numbers")
        }
        known[inputs] = calibration.moments.count
        calibration.moments.append(moments)
      }
      calibration.momentsOfTensor[name] = known[inputs]
    }
    return calibration
  }

  private func moments(of inputs: [Int]) throws(MomosError) -> Calibration.InputMoments {
    try MomosError.translating {
      var all = try inputs.compactMap { try self.sums[$0]?.moments() }
      let first = all.removeFirst()
      return try all.reduce(first) { try $0.adding($1, in: self.spool) }
    }
  }
}

extension Calibration.InputMoments {
  /// The moments of the vectors of both.
  fileprivate func adding(_ other: Self, in spool: SpoolFolder?) throws(ModelError) -> Self {
    var sum = try MutableBytes(byteCount: upperSums.count, in: spool)
    var target = sum.mutableSpan(of: Double.self)
    let (left, right) = (upperSums.span(of: Double.self), other.upperSums.span(of: Double.self))
    for position in left.indices { target[position] = left[position] + right[position] }
    return Self(sampleCount: sampleCount + other.sampleCount, columns: columns, upperSums: sum.freeze())
  }
}
