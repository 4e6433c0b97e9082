import MomosKernels
import MomosModel
import Testing

@testable import MomosRuntime

/// A matrix in parts multiplies like the dense one that its motifs are written into here, whichever kernel the batch gets
/// and whether or not parts share rows.
struct PartProductsTests {
  private static let (rows, columns, blockLength) = (192, 256, 4)

  /// A matrix of parts, and the same in float64.
  private struct Sample {
    let tensor: MosaicTensor
    var dense = [Double](repeating: 0, count: rows * columns)

    /// - Parameter rows: of each part; its columns are every third one.
    init(rowsOfParts: [[Int]], layout: IndexLayout) throws {
      var generator = SeededGenerator(seed: UInt64(rowsOfParts[0].count))
      let stored = (0..<128 * blockLength).map { _ in Float(generator.nextNormal()) }
      let dictionary = MotifDictionary(
        motifCount: 256, blockLength: blockLength, elementType: .float32, isAntipodal: true,
        values: try Bytes(copying: stored))
      var parts: [MosaicPart] = []
      for (number, rows) in rowsOfParts.enumerated() {
        let columns = Array(stride(from: number, to: PartProductsTests.columns, by: 3))
        let blockCount = (columns.count + blockLength - 1) / blockLength
        let indices = (0..<rows.count * blockCount).map { _ in UInt16(generator.nextIndex(below: 256)) }
        for (i, row) in rows.enumerated() {
          for (j, column) in columns.enumerated() {
            // The upper half of the indices negates the lower one.
            let index = Int(indices[i * blockCount + j / blockLength])
            let value = stored[index % 128 * blockLength + j % blockLength]
            dense[row * PartProductsTests.columns + column] += Double(index < 128 ? value : -value)
          }
        }
        let mosaic = try Mosaic(
          packing: indices, rowCount: rows.count, blockCount: blockCount, blockLength: blockLength,
          indexWidth: 8, layout: layout)
        parts.append(
          MosaicPart(rows: rows, columns: columns, stages: [Stage(dictionary: dictionary, mosaic: mosaic)]))
      }
      tensor = MosaicTensor(
        elementType: .float32, shape: Shape(rows: PartProductsTests.rows, columns: PartProductsTests.columns),
        view: MatrixView.lastAxisIsInput(rank: 2), parts: parts)
    }
  }

  /// Rows of three parts: each row in one, in two of them, or some in none.
  private static let rowLists: [[[Int]]] = [
    (0..<3).map { Array(stride(from: $0, to: rows, by: 3)) },
    [Array(0..<128), Array(64..<192), Array(0..<192)],
    [Array(0..<64), Array(64..<100), Array(120..<190)],
  ]

  @Test(arguments: [Precision.exact, .fast], [IndexLayout.tileK256, .rowMajor])
  func partsMultiplyLikeTheDenseMatrix(precision: Precision, layout: IndexLayout) throws {
    for rowsOfParts in Self.rowLists {
      let sample = try Sample(rowsOfParts: rowsOfParts, layout: layout)
      var dictionaries = ExecutableDictionaries()
      let weight = try LinearWeight(
        mosaic: sample.tensor, view: MatrixView.lastAxisIsInput(rank: 2), precision: precision,
        dictionaries: &dictionaries)
      for batch in [1, 3, 16, 64, 65] {
        for threadCount in [1, 2] {
          let error = try relativeError(of: weight, sample.dense, batch: batch, threadCount: threadCount)
          #expect(error < (precision == .exact ? 2e-6 : 3e-3), "batch \(batch), \(threadCount) threads")
        }
      }
    }
  }

  /// The norm of the error of the outputs relative to their norm; outputs hold other numbers before.
  private func relativeError(
    of weight: LinearWeight, _ dense: [Double], batch: Int, threadCount: Int
  ) throws -> Double {
    var generator = SeededGenerator(seed: 7)
    let input = (0..<batch * Self.columns).map { _ in Float(generator.nextNormal()) }
    var output = [Float](repeating: 99, count: batch * Self.rows)
    var target = output.mutableSpan
    _ = try weight.multiply(
      input.span, batch: batch, into: &target, pool: ThreadPool(threadCount: threadCount))
    var (error, norm) = (0.0, 0.0)
    for sample in 0..<batch {
      for row in 0..<Self.rows {
        let expected = (0..<Self.columns).reduce(0.0) {
          $0 + dense[row * Self.columns + $1] * Double(input[sample * Self.columns + $1])
        }
        let difference = Double(output[sample * Self.rows + row]) - expected
        error += difference * difference
        norm += expected * expected
      }
    }
    return (error / norm).squareRoot()
  }
}
