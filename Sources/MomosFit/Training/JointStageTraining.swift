import MomosKernels
import MomosModel

/// Improves the motifs of two plain stages for sums of both: in turn the best pairs of motifs for sampled blocks, and
/// the motifs of one stage as the means of what the other leaves to them.
struct JointStageTraining {
  private let forms: [FitClass.StageForm]
  private let pinsZeroMotif: [Bool]
  private let pool: ThreadPool
  private let length: Int

  private static let roundCount = 6
  private static let beamCount = 16

  /// nil for classes that are not two plain stages whose blocks are searched together.
  init?(_ fitClass: FitClass, planned: [PlannedDictionary], pool: ThreadPool) {
    let lengths = fitClass.stages.map(\.blockLength).sorted()
    guard lengths.count == 2, lengths[1] % lengths[0] == 0, lengths[1] <= StageSearch.mostBlockLength,
      !fitClass.stages.contains(where: \.isOverlapping)
    else { return nil }
    forms = fitClass.stages
    pinsZeroMotif = planned.map(\.hasZeroMotif)
    self.pool = pool
    length = lengths[1]
  }

  /// - Parameters:
  ///   - motifs: stored motifs of each stage.
  ///   - blocks: as long as the longer blocks.
  func refine(_ motifs: inout [[Float]], for blocks: [Float]) {
    for _ in 0..<Self.roundCount {
      let found = StageSearch(
        stageMotifs(motifs, 0), stageMotifs(motifs, 1), columns: length, feedback: nil,
        beamCount: Self.beamCount
      ).encode(blocks, pool: pool)
      let indices = [found.first, found.second]
      for stage in 0..<2 {
        var rest = blocks
        subtract(motifs[1 - stage], indices[1 - stage], of: forms[1 - stage], from: &rest)
        motifs[stage] = means(of: rest, indices[stage], stage: stage, current: motifs[stage])
      }
    }
  }

  private func stageMotifs(_ motifs: [[Float]], _ stage: Int) -> StageSearch.Motifs {
    StageSearch.Motifs(
      forms[stage].signs.expanded(motifs[stage]), count: forms[stage].motifCount,
      blockLength: forms[stage].blockLength)
  }

  private func subtract(
    _ motifs: [Float], _ indices: [UInt16], of form: FitClass.StageForm, from blocks: inout [Float]
  ) {
    for (number, index) in indices.enumerated() {
      let (motif, sign) = form.signs.stored(index)
      for offset in 0..<form.blockLength {
        blocks[number * form.blockLength + offset] -= sign * motifs[motif * form.blockLength + offset]
      }
    }
  }

  /// The mean of the blocks of every motif; a motif without any stays.
  private func means(of blocks: [Float], _ indices: [UInt16], stage: Int, current: [Float]) -> [Float] {
    let form = forms[stage]
    var sums = [Double](repeating: 0, count: current.count)
    var counts = [Double](repeating: 0, count: form.storedMotifCount)
    for (number, index) in indices.enumerated() {
      let (motif, sign) = form.signs.stored(index)
      counts[motif] += 1
      for offset in 0..<form.blockLength {
        sums[motif * form.blockLength + offset] += Double(sign * blocks[number * form.blockLength + offset])
      }
    }
    return current.indices.map { position in
      let motif = position / form.blockLength
      if counts[motif] == 0 || (motif == 0 && pinsZeroMotif[stage]) { return current[position] }
      return Float(sums[position] / counts[motif])
    }
  }
}
