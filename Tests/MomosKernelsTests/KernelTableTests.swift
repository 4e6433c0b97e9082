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
