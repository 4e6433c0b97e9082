import CMomosKernels
public import MomosModel

/// Multiplies a matrix that is the sum of parts, each with rows and columns of its own, part by part. Products that do not
/// read and write where the part lies in the matrix are given copies of its inputs, and their outputs are put back.
@safe
public struct PartProducts: Sendable {
  private let rowCount: Int
  private let columnCount: Int
  private let parts: [Part]
  /// Whether no row belongs to two parts.
  private let areRowsDisjoint: Bool
  /// Whether every row belongs to a part.
  private let areRowsCovered: Bool
  private let largestShare: Double

  private struct Part: Sendable {
    let placement: PartPlacement
    let rowCount: Int
    let columnCount: Int
  }

  /// - Parameters:
  ///   - rows: of the matrix, at most 2^32, as columns are.
  ///   - parts: numbers of rows and columns of each, inside the matrix; nil means all.
  public init(rows: Int, columns: Int, parts: [(rows: [Int]?, columns: [Int]?)]) {
    precondition(rows <= 1 << 32 && columns <= 1 << 32)
    rowCount = rows
    columnCount = columns
    var isTaken = [Bool](repeating: false, count: rows)
    var areDisjoint = true
    for part in parts {
      precondition(part.rows?.allSatisfy { (0..<rows).contains($0) } ?? true)
      for row in part.rows ?? Array(0..<rows) {
        if isTaken[row] { areDisjoint = false }
        isTaken[row] = true
      }
    }
    areRowsDisjoint = areDisjoint
    areRowsCovered = isTaken.allSatisfy { $0 }
    self.parts = parts.map { part in
      precondition(part.columns?.allSatisfy { (0..<columns).contains($0) } ?? true)
      let placement = PartPlacement(
        rows: part.rows.map { $0.map { UInt32($0) } }, columns: part.columns.map { $0.map { UInt32($0) } },
        rowCount: rows, columnCount: columns, adds: !areDisjoint)
      return Part(
        placement: placement, rowCount: part.rows?.count ?? rows, columnCount: part.columns?.count ?? columns)
    }
    let sizes = self.parts.map { Double($0.rowCount * $0.columnCount) }
    largestShare = (sizes.max() ?? 0) / max(1, sizes.reduce(0, +))
  }

  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - output: `[batch, rows]`, overwritten; zero in rows of no part.
  ///   - vectors: which vectors `multiply` takes, for each part.
  ///   - multiply: the product of a part, by its number. Vectors of the matrix are the whole input and output, of which it
  ///     writes the rows of the part, as the placement says. The part's own are `[batch, columns of the part]` and
  ///     `[batch, rows of the part]`, which it overwrites.
  /// - Returns: the sum of what `multiply` returns.
  public func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool,
    vectors: [PartVectors],
    _ multiply:
      @Sendable (Int, PartPlacement?, Span<Float>, inout MutableSpan<Float>, ThreadPool) throws(ModelError) ->
      Int
  ) throws(ModelError) -> Int {
    precondition(input.count == batch * columnCount && output.count == batch * rowCount)
    precondition(vectors.count == parts.count)
    if !areRowsDisjoint || !areRowsCovered { output.update(repeating: 0) }
    let copiedInputs = parts.indices.filter { vectors[$0] != .ofMatrix }
    let copiedOutputs = parts.indices.filter { vectors[$0] == .own }
    let starts = scratchStarts(batch: batch, vectors)
    var scratch = try ScratchMemory(floatCount: starts[parts.count])
    var scratchSpan = scratch.mutableSpan(of: Float.self)
    let results = unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        unsafe scratchSpan.withUnsafeMutableBufferPointer { scratch in
          let memory = unsafe PartMemory(input: input, output: output, scratch: scratch)
          let isSpread = isSpread(over: pool)
          // Vector by vector, each stays in the nearest cache while all parts take theirs from it.
          let isTogether = batch >= Self.leastTogether && !copiedInputs.isEmpty
          if isTogether {
            pool.runChunks(of: batch, chunk: Self.leastTogether) { samples in
              for sample in samples {
                for number in copiedInputs { unsafe gather(number, sample, starts, memory) }
              }
            }
          }
          let task: @Sendable (Int) -> Result<Int, ModelError> = { number in
            let part = parts[number]
            let pool = isSpread ? Self.serial : pool
            if vectors[number] == .ofMatrix {
              return Result { () throws(ModelError) in
                var whole = unsafe MutableSpan(_unsafeElements: memory.output)
                return try multiply(
                  number, part.placement, unsafe Span(_unsafeElements: memory.input), &whole, pool)
              }
            }
            if !isTogether {
              for sample in 0..<batch { unsafe gather(number, sample, starts, memory) }
            }
            if vectors[number] == .outputsOfMatrix {
              return Result { () throws(ModelError) in
                let chosen = unsafe Span(
                  _unsafeElements: memory.scratch(starts[number], batch * part.columnCount))
                var whole = unsafe MutableSpan(_unsafeElements: memory.output)
                return try multiply(number, part.placement, chosen, &whole, pool)
              }
            }
            let outputStart = outputStart(number, starts, batch: batch)
            let result = Result { () throws(ModelError) in
              let chosen = unsafe Span(
                _unsafeElements: memory.scratch(starts[number], batch * part.columnCount))
              var sums = unsafe MutableSpan(
                _unsafeElements: memory.mutableScratch(outputStart, batch * part.rowCount))
              return try multiply(number, nil, chosen, &sums, pool)
            }
            if !isTogether {
              for sample in 0..<batch { unsafe put(number, sample, outputStart, memory) }
            }
            return result
          }
          let results = isSpread ? pool.map(taskCount: parts.count, task) : parts.indices.map(task)
          if isTogether {
            pool.runChunks(of: batch, chunk: Self.leastTogether) { samples in
              for sample in samples {
                for number in copiedOutputs {
                  unsafe put(number, sample, outputStart(number, starts, batch: batch), memory)
                }
              }
            }
          }
          return results
        }
      }
    }
    var sum = 0
    for result in results { sum += try result.get() }
    return sum
  }

  private static let serial = ThreadPool(threadCount: 1)

  /// From so many vectors on parts take their inputs before all products, and give their outputs after them.
  private static let leastTogether = 8

  private func outputStart(_ number: Int, _ starts: [Int], batch: Int) -> Int {
    starts[number] + Self.aligned(batch * parts[number].columnCount)
  }

  private func gather(_ number: Int, _ sample: Int, _ starts: [Int], _ memory: PartMemory) {
    unsafe memory.gather(
      parts[number].placement.columns, sample: sample, of: columnCount, at: starts[number])
  }

  private func put(_ number: Int, _ sample: Int, _ start: Int, _ memory: PartMemory) {
    unsafe memory.put(
      parts[number].placement.rows, sample: sample, of: rowCount, at: start, adds: !areRowsDisjoint)
  }

  /// Whether each thread takes whole parts: there are enough, about as large, and none adds to the rows of another.
  private func isSpread(over pool: ThreadPool) -> Bool {
    pool.threadCount > 1 && areRowsDisjoint && largestShare * Double(pool.threadCount) <= 1.5
  }

  /// Where the copied inputs of each part begin, in floats; its copied outputs follow. The end comes last.
  private func scratchStarts(batch: Int, _ vectors: [PartVectors]) -> [Int] {
    var starts = [0]
    for (part, vectors) in zip(parts, vectors) {
      let inputs = vectors == .ofMatrix ? 0 : Self.aligned(batch * part.columnCount)
      let outputs = vectors == .own ? Self.aligned(batch * part.rowCount) : 0
      starts.append(starts[starts.count - 1] + inputs + outputs)
    }
    return starts
  }

  private static func aligned(_ count: Int) -> Int { (count + 15) & ~15 }
}

/// Which vectors the product of a part takes.
public enum PartVectors: Sendable {
  /// Its own, copied together and put back.
  case own
  /// Its own inputs, and the outputs of the whole matrix.
  case outputsOfMatrix
  /// Those of the whole matrix.
  case ofMatrix
}

/// Memory of the tasks of one product; each writes scratch and rows of its own.
@unsafe
private struct PartMemory: @unchecked Sendable {
  let input: UnsafeBufferPointer<Float>
  let output: UnsafeMutableBufferPointer<Float>
  let scratch: UnsafeMutableBufferPointer<Float>

  func scratch(_ start: Int, _ count: Int) -> UnsafeBufferPointer<Float> {
    unsafe UnsafeBufferPointer(rebasing: scratch[start..<start + count])
  }

  func mutableScratch(_ start: Int, _ count: Int) -> UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(rebasing: scratch[start..<start + count])
  }

  /// Copies the chosen of `extent` inputs of a vector to its place in the scratch.
  func gather(_ numbers: [UInt32]?, sample: Int, of extent: Int, at start: Int) {
    guard let inputs = unsafe input.baseAddress, let scratch = unsafe scratch.baseAddress else {
      return
    }
    let from = unsafe inputs + sample * extent
    guard let numbers else {
      unsafe (scratch + start + sample * extent).update(from: from, count: extent)
      return
    }
    let to = unsafe scratch + start + sample * numbers.count
    unsafe numbers.withUnsafeBufferPointer { numbers in
      unsafe momos_take_values(from, numbers.baseAddress, numbers.count, to)
    }
  }

  /// Copies outputs of a vector from the scratch to the chosen of `extent`, or adds them.
  func put(_ numbers: [UInt32]?, sample: Int, of extent: Int, at start: Int, adds: Bool) {
    guard let outputs = unsafe output.baseAddress, let scratch = unsafe scratch.baseAddress else {
      return
    }
    let to = unsafe outputs + sample * extent
    guard let numbers else {
      let from = unsafe scratch + start + sample * extent
      for position in 0..<extent {
        unsafe to[position] = adds ? to[position] + from[position] : from[position]
      }
      return
    }
    let from = unsafe scratch + start + sample * numbers.count
    unsafe numbers.withUnsafeBufferPointer { numbers in
      let move = unsafe adds ? momos_add_values : momos_put_values
      unsafe move(from, numbers.baseAddress, numbers.count, to)
    }
  }
}
