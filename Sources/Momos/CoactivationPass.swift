import MomosFit
import MomosKernels
import MomosModel
import MomosRuntime

/// Executes the dense graph on samples once more, and finds which inputs and outputs of matrices are active together.
///
/// An output is what the matrix gives, before a bias is added. Vectors of one execution (words of a text, places of an
/// image) count as samples of their own, though they are less independent than the test takes them to be.
///
/// Memory: 256 MiB, for one matrix or as many as that holds at a time; for each matrix 1 bit for each weight, and for one at
/// a time 16 bytes for each pair of its columns. Where several groups of matrices are needed, samples are executed for each.
struct CoactivationPass {
  /// Most vectors that are looked at for a matrix: of more, evenly chosen ones.
  static let sampleLimit = 1 << 14
  static let byteLimit = 1 << 28
  /// Vectors of an input that are multiplied at a time.
  private static let chunk = 512

  /// A matrix that can be decomposed.
  struct Matrix {
    let name: String
    let view: MatrixView
    let shape: Shape
  }

  let source: SourceModel
  let samples: CalibrationSamples
  /// The dense model.
  let model: ReplaceableModel
  /// Of the same samples, or of others that are like them.
  let calibration: Calibration
  let pool: ThreadPool
  var byteLimit = Self.byteLimit

  /// - Parameter level: the family-wise level of each graph.
  /// - Returns: by name; nothing for matrices that no sample reaches.
  func graphs(of matrices: [Matrix], level: Double) throws -> [String: CoactivationGraph] {
    var graphs: [String: CoactivationGraph] = [:]
    for group in groups(matrices.filter { calibration.moments(of: $0.name) != nil }) {
      for (name, coactivation) in try coactivations(of: group) {
        graphs[name] = coactivation.graph(level: level, pool: pool)
      }
    }
    return graphs
  }

  /// Matrices that are looked at in one execution of the samples.
  private func groups(_ matrices: [Matrix]) -> [[Matrix]] {
    var groups: [[Matrix]] = []
    var left = 0
    for matrix in matrices {
      let columns = matrix.shape[1]
      let byteCount =
        Coactivation.byteCount(
          rows: matrix.shape[0], columns: columns, sampleCount: Self.sampleLimit)
        + Self.chunk * columns * MemoryLayout<Float>.stride
      if byteCount > left {
        groups.append([])
        left = byteLimit
      }
      groups[groups.count - 1].append(matrix)
      left -= byteCount
    }
    return groups
  }

  private func coactivations(of group: [Matrix]) throws -> [String: Coactivation] {
    let inputs = model.plan.weightUses.inputs
    var found: [String: Coactivation] = [:]
    for matrix in group {
      guard let moments = calibration.moments(of: matrix.name), moments.sampleCount > 0 else { continue }
      let weights = try matrix.view.matrix(of: source.read(matrix.name)).floats()
      found[matrix.name] = Coactivation(
        inputScales: moments.inputScales,
        outputScales: moments.outputScales(of: weights, rows: matrix.shape[0], pool: pool))
    }
    var waiting = [[Float]](repeating: [], count: inputs.count)
    func take(_ input: Int) throws {
      for matrix in group where inputs[input].tensors.contains(matrix.name) {
        try found[matrix.name]?.add(
          waiting[input], weights: matrix.view.matrix(of: source.read(matrix.name)).floats(), pool: pool)
      }
      waiting[input] = []
    }
    let isNeeded = inputs.map { input in group.contains { input.tensors.contains($0.name) } }
    var failure: (any Error)?
    let observer = WeightObserver(rowLimit: (Self.sampleLimit - 1) / samples.runCount + 1) { input, rows in
      guard isNeeded[input], failure == nil else { return }
      let values = rows.floats()
      let step = Self.chunk * inputs[input].columns
      for start in stride(from: 0, to: values.count, by: step) {
        waiting[input] += values[start..<min(start + step, values.count)]
        guard waiting[input].count >= step else { continue }
        do { try take(input) } catch { failure = error }
      }
    }
    for run in 0..<samples.runCount {
      _ = try model.plan.execute(samples.inputs(of: run), observing: observer)
      if let failure { throw failure }
    }
    for input in inputs.indices where !waiting[input].isEmpty { try take(input) }
    return found
  }
}

extension Coactivation {
  /// Adds vectors of inputs `[count, columns]` and the products of the weights with them.
  fileprivate mutating func add(_ vectors: [Float], weights: [Float], pool: ThreadPool) {
    let count = vectors.count / columns
    var inputs = [Float](repeating: 0, count: vectors.count)
    for sample in 0..<count {
      for column in 0..<columns { inputs[column * count + sample] = vectors[sample * columns + column] }
    }
    var outputs = [Float](repeating: 0, count: rows * count)
    var target = outputs.mutableSpan
    FixedProduct.multiply(
      weights.span, inputs.span, rows: rows, inner: columns, columns: count, into: &target, pool: pool)
    add(inputs: inputs, outputs: outputs, count: count)
  }
}

extension Calibration.InputMoments {
  /// The root mean square of each input.
  fileprivate var inputScales: [Float] {
    squares.map { Float(($0 / Double(sampleCount)).squareRoot()) }
  }

  /// The root mean square of each output of weights `[rows, columns]`: of w H w / n.
  fileprivate func outputScales(of weights: [Float], rows: Int, pool: ThreadPool) -> [Float] {
    let moments = sums.map { Float($0 / Double(sampleCount)) }
    let chunk = 256
    return stride(from: 0, to: rows, by: chunk).flatMap { start in
      let count = min(chunk, rows - start)
      let left = weights[start * columns..<(start + count) * columns]
      var products = [Float](repeating: 0, count: count * columns)
      var target = products.mutableSpan
      FixedProduct.multiply(
        Array(left).span, moments.span, rows: count, inner: columns, columns: columns, into: &target,
        pool: pool)
      return (0..<count).map { row -> Float in
        var square = 0.0
        for position in row * columns..<(row + 1) * columns {
          square += Double(weights[start * columns + position]) * Double(products[position])
        }
        return Float(max(square, 0).squareRoot())
      }
    }
  }
}
