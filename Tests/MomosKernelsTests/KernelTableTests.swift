import CMomosKernels
import MomosKernels
import MomosModel
import Testing

/// Every instruction set of this machine against the scalar kernels, bit for bit.
struct KernelTableTests {
  static let sets = InstructionSet.available

  private func table(_ name: String) throws -> momos_kernel_table {
    try unsafe #require(unsafe momos_kernels_named(name)).pointee
  }

  private func normals(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.nextNormal()) }
  }

  @Test func scalarIsAlwaysThere() {
    #expect(Self.sets.contains("scalar"))
    #expect(unsafe momos_kernels_named("sse9") == nil)
  }

  @Test(arguments: sets, [0, 1, 15, 16, 17, 31, 32, 33, 100, 257])
  func denseProductsAgree(set: String, columns: Int) throws {
    let rows = 5
    let matrix = normals(rows * columns, seed: 1)
    let input = normals(columns, seed: 2)
    var expected = [Float](repeating: 9, count: rows)
    var found = expected
    unsafe try table("scalar").multiply_dense(matrix, columns, input, 1, rows, &expected)
    unsafe try table(set).multiply_dense(matrix, columns, input, 1, rows, &found)
    #expect(found == expected)
    #expect(found[0] == 9, "rows outside the range are not touched")
    for row in 1..<rows {
      var exact = 0.0
      var magnitude = 0.0
      for column in 0..<columns {
        exact += Double(matrix[row * columns + column]) * Double(input[column])
        magnitude += abs(Double(matrix[row * columns + column]) * Double(input[column]))
      }
      // Each of the products and at most ceil(n / 16) + 4 additions rounds once: bound (n / 16 + 6) 2^-24.
      #expect(abs(Double(found[row]) - exact) <= (Double(columns) / 16 + 6) * 0x1p-24 * magnitude)
    }
  }

  @Test(arguments: sets, [1, 2, 15, 16, 17, 255, 256, 300])
  func nearestMotifsAgree(set: String, motifCount: Int) throws {
    let (length, count) = (3, 41)
    let padded = (motifCount + 15) & ~15
    var transposed = [Float](repeating: 0, count: length * padded)
    var halfNorms = [Float](repeating: .infinity, count: padded)
    let motifs = normals(motifCount * length, seed: 3)
    for motif in 0..<motifCount {
      halfNorms[motif] = 0
      for offset in 0..<length {
        transposed[offset * padded + motif] = motifs[motif * length + offset]
        halfNorms[motif] += motifs[motif * length + offset] * motifs[motif * length + offset] / 2
      }
    }
    let blocks = normals(count * length, seed: 4)
    var expected = [UInt16](repeating: .max, count: count)
    var found = expected
    var scores = [Float](repeating: 0, count: count)
    unsafe try table("scalar").nearest_motifs(
      blocks, count, length, transposed, halfNorms, padded, &expected, nil)
    unsafe try table(set).nearest_motifs(
      blocks, count, length, transposed, halfNorms, padded, &found, &scores)
    #expect(found == expected)
    for block in 0..<count {
      let distances = (0..<motifCount).map { motif in
        (0..<length).reduce(0.0) { sum, offset in
          let difference = Double(blocks[block * length + offset]) - Double(motifs[motif * length + offset])
          return sum + difference * difference
        }
      }
      #expect(distances[Int(found[block])] <= distances.min()! + 1e-5)
    }
  }

  @Test(arguments: sets)
  func tiesGoToTheLowestMotif(set: String) throws {
    // Motifs 3 and 20 are equal and nearest; 16 lanes would see them in different vectors.
    var transposed = [Float](repeating: 5, count: 32)
    transposed[3] = 1
    transposed[20] = 1
    let halfNorms = transposed.map { $0 * $0 / 2 }
    var nearest: [UInt16] = [99]
    unsafe try table(set).nearest_motifs([1], 1, 1, transposed, halfNorms, 32, &nearest, nil)
    #expect(nearest == [3])
  }
}
