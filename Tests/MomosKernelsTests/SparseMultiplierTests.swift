import MomosKernels
import MomosModel
import Testing

/// Execution without zero blocks against float64 sums over reconstructed weights.
struct SparseMultiplierTests {
  /// A matrix most of whose blocks are zero, in one stage for each block length.
  private struct SparsePart {
    let rows: Int
    let columns: Int
    let tensor: MosaicTensor

    init(
      _ size: (rows: Int, columns: Int), blockLengths: [Int], kept: Double, isOverlapping: Bool = false
    ) throws {
      (rows, columns) = size
      var generator = SeededGenerator(seed: 8)
      let stages = try blockLengths.map { length in
        let motifLength = isOverlapping ? 2 * length : length
        let motifs = (0..<256 * motifLength).map { $0 < motifLength ? 0 : Float(generator.nextNormal()) }
        let dictionary = MotifDictionary(
          motifCount: 256, blockLength: length, isOverlapping: isOverlapping, elementType: .float32,
          hasZeroMotif: true, values: try Bytes(copying: motifs))
        let blockCount = dictionary.blockCount(covering: size.columns)
        let indices = (0..<size.rows * blockCount).map { _ in
          generator.nextUniform() < kept ? UInt16(1 + generator.nextIndex(below: 255)) : 0
        }
        let mosaic = try Mosaic(
          packing: indices, rowCount: size.rows, blockCount: blockCount, blockLength: length, indexWidth: 8,
          layout: .preferred(rowCount: size.rows, indexWidth: 8, blockLength: length))
        return Stage(dictionary: dictionary, mosaic: mosaic)
      }
      let scales = (0..<size.rows).map { _ in Float(generator.nextUniform() + 0.5) }
      tensor = MosaicTensor(
        elementType: .float32, shape: Shape(rows: size.rows, columns: size.columns),
        view: .lastAxisIsInput(rank: 2),
        parts: [MosaicPart(stages: stages, rowScale: try Tensor(scales, shape: Shape(vector: size.rows)))])
    }

    func multiplier() throws -> SparseMultiplier? {
      SparseMultiplier(
        rows: rows, columns: columns,
        stages: try tensor.parts[0].stages.map { ($0.mosaic, try ExecutableDictionary($0.dictionary)) },
        rowScale: tensor.parts[0].rowScale?.floats())
    }

    func product(_ input: [Float], batch: Int, threadCount: Int) throws -> [Float] {
      var output = [Float](repeating: .nan, count: batch * rows)
      var target = output.mutableSpan
      try #require(try multiplier()).multiply(
        input.span, batch: batch, into: &target, pool: ThreadPool(threadCount: threadCount))
      return output
    }
  }

  private func input(_ count: Int) -> [Float] {
    var generator = SeededGenerator(seed: 9)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  @Test(
    arguments: [[4], [2], [8, 4], [3], [16]], [(1, 1), (10, 256), (300, 37), (130, 515)])
  func productsAgreeWithReconstructedWeights(
    blockLengths: [Int], size: (rows: Int, columns: Int)
  ) throws {
    let part = try SparsePart(size, blockLengths: blockLengths, kept: size.rows == 1 ? 0 : 0.1)
    let weights = try Reconstruction(part.tensor).dense().floats()
    for batch in [1, 3, 4, 16, 21] {
      let input = input(batch * size.columns)
      let output = try part.product(input, batch: batch, threadCount: 1)
      for sample in 0..<batch {
        for row in 0..<size.rows {
          var (exact, magnitude) = (0.0, 0.0)
          for column in 0..<size.columns {
            let term =
              Double(weights[row * size.columns + column]) * Double(input[sample * size.columns + column])
            exact += term
            magnitude += abs(term)
          }
          // Each term passes at most one rounding for every term of its row and stage, for the scale and the stages.
          let roundings = Double(size.columns + 4)
          #expect(
            abs(Double(output[sample * size.rows + row]) - exact) <= roundings * 0x1p-24 * magnitude)
        }
      }
    }
  }

  @Test func resultsDoNotDependOnTheThreadCount() throws {
    let part = try SparsePart((700, 515), blockLengths: [4], kept: 0.2)
    for batch in [1, 3, 20] {
      let input = input(batch * 515)
      let expected = try part.product(input, batch: batch, threadCount: 1)
      for threads in [2, 3] {
        #expect(try part.product(input, batch: batch, threadCount: threads) == expected)
      }
    }
  }

  @Test func mosaicsOfFewZeroBlocksAreNotSparse() throws {
    #expect(try SparsePart((128, 256), blockLengths: [4], kept: 0.25).multiplier() != nil)
    #expect(try SparsePart((128, 256), blockLengths: [4], kept: 0.35).multiplier() == nil)
    #expect(try SparsePart((128, 256), blockLengths: [4], kept: 0.1, isOverlapping: true).multiplier() == nil)
  }
}
