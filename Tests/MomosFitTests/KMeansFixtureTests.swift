import FoundationEssentials
import MomosKernels
import MomosModel
import MomosTestSupport
import Testing

@testable import MomosFit

/// k-means against scikit-learn's on the weights of a network (tools/fixtures/make_kmeans_fixture.py).
struct KMeansFixtureTests {
  private struct Fixture: Decodable {
    struct Case: Decodable {
      let motifCount: Int
      /// What scikit-learn reaches from ten starts.
      let inertia: [Double]
    }

    let matrix: String
    let blockLength: Int
    let cases: [Case]
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../fixtures").standardizedFileURL

  @Test func inertiaIsThatOfScikitLearn() throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let fixture = try decoder.decode(
      Fixture.self, from: Data(contentsOf: Self.folder.appending(path: "fitting/kmeans.json")))
    let blocks = try NPYFixture.tensor(at: Self.folder.appending(path: fixture.matrix), elementType: .float32)
      .floats()
    let pool = ThreadPool(threadCount: 2)
    for expected in fixture.cases {
      let clustering = KMeans(
        motifCount: expected.motifCount, length: fixture.blockLength, pinsZeroMotif: false)
      let inertias = (0..<10).map { seed in
        var generator = SeededGenerator(seed: UInt64(seed))
        let motifs = clustering.motifs(for: blocks, generator: &generator, pool: pool)
        return inertia(of: blocks, motifs, clustering, pool: pool)
      }
      let ours = inertias.reduce(0, +) / 10
      let theirs = expected.inertia.reduce(0, +) / Double(expected.inertia.count)
      #expect(ours < 1.01 * theirs, "\(expected.motifCount) motifs")
      // Much less would mean that the distances are wrong.
      #expect(ours > 0.97 * theirs, "\(expected.motifCount) motifs")
    }
  }

  /// The sum of squared distances to the nearest motif.
  private func inertia(of blocks: [Float], _ motifs: [Float], _ clustering: KMeans, pool: ThreadPool)
    -> Double
  {
    let length = clustering.length
    let indices = clustering.search(motifs).nearestChunks(to: blocks, pool: pool).flatMap(\.indices)
    return indices.enumerated().reduce(0.0) { sum, block in
      (0..<length).reduce(sum) { sum, offset in
        let error = Double(
          blocks[block.offset * length + offset] - motifs[Int(block.element) * length + offset])
        return sum + error * error
      }
    }
  }
}
