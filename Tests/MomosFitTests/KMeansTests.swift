import MomosKernels
import MomosModel
import Testing

@testable import MomosFit

struct KMeansTests {
  private let pool = ThreadPool(threadCount: 2)

  /// Blocks around `centers`, each with a little noise.
  private func blocks(around centers: [[Float]], each count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count * centers.count).flatMap { number in
      centers[number % centers.count].map { $0 + Float(generator.nextNormal()) * 0.01 }
    }
  }

  /// Lloyd's condition: every motif but the pinned one is the mean of the blocks nearest to it.
  @Test func motifsAreMeansOfTheirBlocks() {
    let centers: [[Float]] = [[0, 0], [10, 0], [0, 10], [-10, -10], [7, 7]]
    let sample = blocks(around: centers, each: 200, seed: 1)
    var generator = SeededGenerator(seed: 3)
    let motifs = KMeans(motifCount: 5, length: 2, pinsZeroMotif: true)
      .motifs(for: sample, generator: &generator, pool: pool)
    #expect(Array(motifs[0..<2]) == [0, 0])
    var sums = [Float](repeating: 0, count: 15)
    for block in 0..<1000 {
      let distances = (0..<5).map { motif in
        (0..<2).reduce(Float(0)) { sum, offset in
          let difference = sample[block * 2 + offset] - motifs[motif * 2 + offset]
          return sum + difference * difference
        }
      }
      let nearest = distances.firstIndex(of: distances.min()!)!
      for offset in 0..<2 { sums[nearest * 3 + offset] += sample[block * 2 + offset] }
      sums[nearest * 3 + 2] += 1
    }
    for motif in 1..<5 {
      for offset in 0..<2 {
        #expect(abs(motifs[motif * 2 + offset] - sums[motif * 3 + offset] / sums[motif * 3 + 2]) < 1e-3)
      }
    }
  }

  // The optimal 4-level quantiser of a normal variable has distortion 0.1175 (Max 1960); Lloyd's algorithm reaches
  // it in one dimension, where it has no other minima.
  @Test func fourLevelsReachMaxsQuantiser() {
    var generator = SeededGenerator(seed: 7)
    let sample = (0..<200_000).map { _ in Float(generator.nextNormal()) }
    var clustering = KMeans(motifCount: 4, length: 1, pinsZeroMotif: false)
    clustering.iterationCount = 60
    let motifs = clustering.motifs(for: sample, generator: &generator, pool: pool).sorted()
    let distortion =
      sample.reduce(0.0) { sum, value in
        sum + motifs.map { Double(($0 - value) * ($0 - value)) }.min()!
      } / Double(sample.count)
    #expect(abs(distortion - 0.1175) < 0.002)
    for (found, level) in zip(motifs, [-1.510, -0.4528, 0.4528, 1.510]) {
      #expect(abs(Double(found) - level) < 0.03)
    }
  }

  @Test func emptyMotifsMoveToTheWorstBlocks() {
    // Five equal blocks and one far away: all random starts but one coincide.
    let sample: [Float] = [1, 1, 1, 1, 1, 50]
    var generator = SeededGenerator(seed: 0)
    let motifs = KMeans(motifCount: 2, length: 1, pinsZeroMotif: false)
      .motifs(for: sample, generator: &generator, pool: pool)
    #expect(Set(motifs) == [1, 50])
  }

  @Test func theMostUsedMotifsComeFirst() {
    let sample = [Float](repeating: 5, count: 10) + [Float](repeating: -3, count: 30) + [8] + [0, 0]
    var generator = SeededGenerator(seed: 0)
    let motifs = KMeans(motifCount: 4, length: 1, pinsZeroMotif: true)
      .motifs(for: sample, generator: &generator, pool: pool)
    #expect(motifs == [0, -3, 5, 8])
  }

  @Test func resultsDependOnTheSeedAlone() {
    let sample = blocks(around: [[1, 2, 3], [4, 5, 6]], each: 3000, seed: 5)
    func motifs(seed: UInt64, threads: Int) -> [Float] {
      var generator = SeededGenerator(seed: seed)
      return KMeans(motifCount: 16, length: 3, pinsZeroMotif: true)
        .motifs(for: sample, generator: &generator, pool: ThreadPool(threadCount: threads))
    }
    #expect(motifs(seed: 1, threads: 1) == motifs(seed: 1, threads: 3))
    #expect(motifs(seed: 1, threads: 1) != motifs(seed: 2, threads: 1))
  }
}
