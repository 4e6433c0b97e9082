import MomosKernels
import MomosModel

/// A part of a tensor of the plan.
struct PartKey: Hashable {
  let tensor: String
  /// Position among the parts.
  let part: Int
}

/// A part that a dictionary is trained for.
struct TrainingMember {
  let key: PartKey
  let rowCount: Int
  let columnCount: Int
  /// Blocks of the longest stage that are not zero by decision; nil means all.
  let annealing: AnnealingMask?
  let read: () throws -> PartRows

  /// Blocks to be trained on.
  func blockCount(length: Int) -> Int {
    annealing?.supportedCount ?? rowCount * ((columnCount + length - 1) / length)
  }
}

/// Finds the dictionaries of one class, one for each stage, for the parts that share them.
struct DictionaryTraining {
  let fitClass: FitClass
  /// One for each stage.
  let planned: [PlannedDictionary]
  let pool: ThreadPool
  var generator: SeededGenerator

  /// - Parameter members: parts that share the dictionaries; each is read once.
  mutating func dictionaries(
    for members: [TrainingMember]
  ) throws -> [MotifDictionary] {
    if fitClass.stages[0].isOverlapping {
      let sample = try rowSample(of: members)
      let first = try overlapping(sample)
      let length = fitClass.stages.dropFirst().map(\.blockLength).max() ?? 1
      let rest = sample.residual(of: first, blockLength: length, pool: pool)
      return try [first] + added(rest, from: 1)
    }
    return try added(try blocks(of: members), from: 0)
  }

  /// Plain stages, each on what the earlier ones leave; two of them then together.
  private mutating func added(_ blocks: [Float], from first: Int) throws -> [MotifDictionary] {
    let forms = fitClass.stages[first...]
    var residual = blocks
    var found: [[Float]] = []
    for (number, form) in zip(forms.indices, forms) {
      let clustering = KMeans(
        motifCount: form.storedMotifCount, length: form.blockLength,
        pinsZeroMotif: planned[number].hasZeroMotif, isAntipodal: form.isAntipodal)
      let motifs = clustering.motifs(for: residual, generator: &generator, pool: pool)
      found.append(motifs)
      if number + 1 < forms.endIndex { remove(motifs, found: clustering, from: &residual) }
    }
    if first == 0, let joint = JointStageTraining(fitClass, planned: planned, pool: pool) {
      joint.refine(&found, for: blocks)
    }
    return try zip(planned[first...], found).map { try $0.dictionary(rounding: $1) }
  }

  private mutating func rowSample(of members: [TrainingMember]) throws -> RowSample {
    let form = fitClass.stages[0]
    return try RowSample(
      of: members, blockLength: form.blockLength, blockCount: max(1 << 17, 64 * form.motifCount),
      generator: &generator)
  }

  private mutating func overlapping(_ sample: RowSample) throws -> MotifDictionary {
    let training = OverlappingTraining(
      form: fitClass.stages[0], pinsZeroMotif: planned[0].hasZeroMotif, pool: pool)
    return try planned[0].dictionary(rounding: training.motifs(for: sample, generator: &generator))
  }

  /// Sampled blocks, as long as the longest of the stages.
  private mutating func blocks(
    of members: [TrainingMember]
  ) throws -> [Float] {
    let length = fitClass.stages.map(\.blockLength).max() ?? 1
    let blockCounts = members.map { $0.blockCount(length: length) }
    let sample = BlockSample(
      blockCount: blockCounts.reduce(0, +), motifCount: fitClass.stages.map(\.motifCount).max() ?? 1,
      generator: &generator)
    var blocks: [Float] = []
    var start = 0
    for (member, count) in zip(members, blockCounts) {
      blocks += sample.blocks(of: try member.read(), blockLength: length, start: start)
      start += count
    }
    return blocks
  }

  /// Takes the nearest motif from every block.
  private func remove(_ motifs: [Float], found clustering: KMeans, from blocks: inout [Float]) {
    let length = clustering.length
    var start = 0
    for chunk in clustering.search(motifs).nearestChunks(to: blocks, pool: pool) {
      for index in chunk.indices {
        let (motif, sign) = clustering.signs.stored(index)
        for offset in 0..<length { blocks[start + offset] -= sign * motifs[motif * length + offset] }
        start += length
      }
    }
  }
}

extension PlannedDictionary {
  /// The dictionary with the given stored motifs, `[storedMotifCount, motifLength]`.
  func dictionary(rounding motifs: [Float]) throws(ModelError) -> MotifDictionary {
    let values = try Tensor(
      rounding: motifs, to: elementType,
      shape: Shape(rows: form.storedMotifCount, columns: form.motifLength))
    return MotifDictionary(
      motifCount: form.motifCount, blockLength: form.blockLength, isOverlapping: form.isOverlapping,
      elementType: elementType, isAntipodal: form.isAntipodal, hasZeroMotif: hasZeroMotif,
      values: values.bytes)
  }
}
