public import MomosModel

/// Multiplies a matrix that is the sum of parts, each with rows and columns of its own, part by part: takes the inputs of a
/// part together, and puts its outputs back to their rows.
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
    /// nil means all, in their order.
    let rows: [UInt32]?
    let columns: [UInt32]?
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
    self.parts = parts.map { part in
      precondition(part.rows?.allSatisfy { (0..<rows).contains($0) } ?? true)
      precondition(part.columns?.allSatisfy { (0..<columns).contains($0) } ?? true)
      return Part(
        rows: part.rows.map { $0.map { UInt32($0) } }, columns: part.columns.map { $0.map { UInt32($0) } },
        rowCount: part.rows?.count ?? rows, columnCount: part.columns?.count ?? columns)
    }
    var isTaken = [Bool](repeating: false, count: rows)
    var areDisjoint = true
    for part in parts {
      for row in part.rows ?? Array(0..<rows) {
        if isTaken[row] { areDisjoint = false }
        isTaken[row] = true
      }
    }
    areRowsDisjoint = areDisjoint
    areRowsCovered = isTaken.allSatisfy { $0 }
    let sizes = self.parts.map { Double($0.rowCount * $0.columnCount) }
    largestShare = (sizes.max() ?? 0) / max(1, sizes.reduce(0, +))
  }

  /// - Parameters:
  ///   - input: `[batch, columns]`.
  ///   - output: `[batch, rows]`, overwritten; zero in rows of no part.
  ///   - multiply: the product of a part, by its number: its inputs `[batch, columns of the part]`, its outputs
  ///     `[batch, rows of the part]`, which it overwrites, and the pool to use.
  /// - Returns: the sum of what `multiply` returns.
  public func multiply(
    _ input: Span<Float>, batch: Int, into output: inout MutableSpan<Float>, pool: ThreadPool,
    _ multiply: @Sendable (Int, Span<Float>, inout MutableSpan<Float>, ThreadPool) throws(ModelError) -> Int
  ) throws(ModelError) -> Int {
    precondition(input.count == batch * columnCount && output.count == batch * rowCount)
    if !areRowsDisjoint || !areRowsCovered { output.update(repeating: 0) }
    let starts = scratchStarts(batch: batch)
    var scratch = try ScratchMemory(floatCount: starts[parts.count])
    var scratchSpan = scratch.mutableSpan(of: Float.self)
    let results = unsafe input.withUnsafeBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        unsafe scratchSpan.withUnsafeMutableBufferPointer { scratch in
          let memory = unsafe PartMemory(input: input, output: output, scratch: scratch)
          let isSpread = isSpread(over: pool)
          let task: @Sendable (Int) -> Result<Int, ModelError> = { number in
            let part = parts[number]
            unsafe memory.gather(part.columns, batch: batch, of: columnCount, at: starts[number])
            let inputCount = batch * part.columnCount
            let outputStart = starts[number] + Self.aligned(inputCount)
            let result = Result { () throws(ModelError) in
              let chosen = unsafe Span(_unsafeElements: memory.scratch(starts[number], inputCount))
              var sums = unsafe MutableSpan(
                _unsafeElements: memory.mutableScratch(outputStart, batch * part.rowCount))
              return try multiply(number, chosen, &sums, isSpread ? Self.serial : pool)
            }
            if areRowsDisjoint {
              unsafe memory.put(part.rows, batch: batch, of: rowCount, at: outputStart)
            } else {
              unsafe memory.add(part.rows, batch: batch, of: rowCount, at: outputStart)
            }
            return result
          }
          return isSpread ? pool.map(taskCount: parts.count, task) : parts.indices.map(task)
        }
      }
    }
    var sum = 0
    for result in results { sum += try result.get() }
    return sum
  }

  private static let serial = ThreadPool(threadCount: 1)

  /// Whether each thread takes whole parts: there are enough, about as large, and none adds to the rows of another.
  private func isSpread(over pool: ThreadPool) -> Bool {
    pool.threadCount > 1 && areRowsDisjoint && largestShare * Double(pool.threadCount) <= 1.5
  }

  /// Where the inputs of each part begin, in floats; its outputs follow. The end comes last.
  private func scratchStarts(batch: Int) -> [Int] {
    var starts = [0]
    for part in parts {
      starts.append(
        starts[starts.count - 1] + Self.aligned(batch * part.columnCount)
          + Self.aligned(batch * part.rowCount))
    }
    return starts
  }

  private static func aligned(_ count: Int) -> Int { (count + 15) & ~15 }
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

  /// Copies the chosen of `extent` inputs of each vector to the scratch.
  func gather(_ numbers: [UInt32]?, batch: Int, of extent: Int, at start: Int) {
    guard var from = unsafe input.baseAddress, var to = unsafe scratch.baseAddress else { return }
    unsafe to += start
    guard let numbers else {
      unsafe to.update(from: from, count: batch * extent)
      return
    }
    unsafe numbers.withUnsafeBufferPointer { numbers in
      for _ in 0..<batch {
        for position in 0..<numbers.count { unsafe to[position] = from[Int(numbers[position])] }
        unsafe from += extent
        unsafe to += numbers.count
      }
    }
  }

  /// Adds outputs in the scratch to the chosen of `extent` outputs of each vector.
  func add(_ numbers: [UInt32]?, batch: Int, of extent: Int, at start: Int) {
    guard var from = unsafe scratch.baseAddress, var to = unsafe output.baseAddress else { return }
    unsafe from += start
    guard let numbers else {
      for position in 0..<batch * extent { unsafe to[position] += from[position] }
      return
    }
    unsafe numbers.withUnsafeBufferPointer { numbers in
      for _ in 0..<batch {
        for position in 0..<numbers.count { unsafe to[Int(numbers[position])] += from[position] }
        unsafe from += numbers.count
        unsafe to += extent
      }
    }
  }

  /// Copies outputs in the scratch to the chosen of `extent` outputs of each vector.
  func put(_ numbers: [UInt32]?, batch: Int, of extent: Int, at start: Int) {
    guard var from = unsafe scratch.baseAddress, var to = unsafe output.baseAddress else { return }
    unsafe from += start
    guard let numbers else {
      unsafe to.update(from: from, count: batch * extent)
      return
    }
    unsafe numbers.withUnsafeBufferPointer { numbers in
      for _ in 0..<batch {
        for position in 0..<numbers.count { unsafe to[Int(numbers[position])] = from[position] }
        unsafe from += numbers.count
        unsafe to += extent
      }
    }
  }
}
