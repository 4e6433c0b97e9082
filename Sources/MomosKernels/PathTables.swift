import CMomosKernels

/// What the kernels of path searches read (momos_fit.h), shared by all rows.
@safe
struct PathTables: Sendable {
  private let motifCount: Int
  private let blockLength: Int
  private let columns: Int
  /// Both halves of the motifs, `[blockLength, padded]`.
  private let first: [Float]
  private let second: [Float]
  private let factor: [Float]
  private let inverses: [Float]
  private let survivorCount: Int
  private let lookahead: Float
  /// `[padded, padded]` each; empty unless all paths are kept.
  private let cross: [Float]
  private let lastCross: [Float]

  /// - Parameter survivorCount: nil keeps all paths, which wants overlapping motifs and no feedback.
  init(
    motifs: [Float], motifCount: Int, blockLength: Int, isOverlapping: Bool, columns: Int,
    feedback: ErrorFeedback?,
    survivorCount: Int?, lookahead: Float
  ) {
    self.motifCount = motifCount
    self.blockLength = blockLength
    self.columns = columns
    self.survivorCount = min(survivorCount ?? motifCount, motifCount)
    self.lookahead = lookahead
    let both = transposedMotifs(
      motifs, count: motifCount, length: isOverlapping ? 2 * blockLength : blockLength)
    let half = blockLength * paddedMotifCount(motifCount)
    let (first, second) = (Array(both[..<half]), Array(both[half...]))
    let factor = feedback?.factor ?? []
    let inverses =
      feedback?.inverses(blockLength: blockLength)
      ?? identityInverses(blockLength: blockLength, columns: columns)
    self.first = first
    self.second = second
    self.factor = factor
    self.inverses = inverses
    let rest = columns % blockLength
    let isExact = survivorCount == nil
    cross = isExact ? Self.cross(first, second, length: blockLength, padded: half / blockLength) : []
    lastCross =
      isExact && rest > 0 ? Self.cross(first, second, length: rest, padded: half / blockLength) : cross
  }

  /// Products of first and second halves over their first `length` weights.
  private static func cross(_ first: [Float], _ second: [Float], length: Int, padded: Int) -> [Float] {
    var cross = [Float](repeating: 0, count: padded * padded)
    unsafe first.withUnsafeBufferPointer { first in
      unsafe second.withUnsafeBufferPointer { second in
        var search = unsafe momos_path_search()
        unsafe search.padded = padded
        unsafe search.first = first.baseAddress!
        unsafe search.second = second.baseAddress!
        unsafe momos_path_cross(&search, length, &cross)
      }
    }
    return cross
  }

  /// - Parameters:
  ///   - rows: `[count, columns]`.
  ///   - zeros: `[count, blocks]`, 1 for blocks that take motif 0; nil for none.
  ///   - indices: `[count, blocks]`, overwritten.
  func encode(
    _ rows: Span<Float>, zeros: Span<UInt8>?, count: Int, blocks: Int, into indices: inout [UInt16]
  ) {
    guard count > 0 else { return }
    let step = Int(MOMOS_PATH_ROWS)
    unsafe withSearch { search in
      let byteCount = unsafe momos_path_scratch_byte_count(search, min(count, step))
      unsafe rows.withUnsafeBufferPointer { rows in
        unsafe indices.withUnsafeMutableBufferPointer { indices in
          unsafe withFittingScratch(byteCount: byteCount) { scratch in
            for row in stride(from: 0, to: count, by: step) {
              var search = unsafe search.pointee
              func encode() {
                unsafe InstructionSet.fitting.encode_paths(
                  &search, rows.baseAddress! + row * columns, min(step, count - row),
                  indices.baseAddress! + row * blocks, scratch)
              }
              guard let zeros else {
                encode()
                continue
              }
              unsafe zeros.withUnsafeBufferPointer { zeros in
                unsafe search.zeros = zeros.baseAddress! + row * blocks
                encode()
              }
            }
          }
        }
      }
    }
  }

  private func withSearch(_ body: (UnsafePointer<momos_path_search>) -> Void) {
    unsafe first.withUnsafeBufferPointer { first in
      unsafe second.withUnsafeBufferPointer { second in
        unsafe factor.withUnsafeBufferPointer { factor in
          unsafe inverses.withUnsafeBufferPointer { inverses in
            unsafe cross.withUnsafeBufferPointer { cross in
              unsafe lastCross.withUnsafeBufferPointer { lastCross in
                var search = unsafe momos_path_search(
                  columns: columns, block_length: blockLength, motif_count: motifCount,
                  padded: paddedMotifCount(motifCount), first: first.baseAddress!,
                  second: second.isEmpty ? nil : second.baseAddress!,
                  factor: factor.isEmpty ? nil : factor.baseAddress!, inverses: inverses.baseAddress!,
                  survivor_count: survivorCount, lookahead: lookahead,
                  cross: cross.isEmpty ? nil : cross.baseAddress!,
                  last_cross: cross.isEmpty ? nil : lastCross.baseAddress!, zeros: nil)
                unsafe body(&search)
              }
            }
          }
        }
      }
    }
  }
}

/// T of inputs that are not correlated.
func identityInverses(blockLength: Int, columns: Int) -> [Float] {
  let blocks = (columns + blockLength - 1) / blockLength
  var identities = [Float](repeating: 0, count: blocks * blockLength * blockLength)
  for column in 0..<columns { identities[column * blockLength + column % blockLength] = 1 }
  return identities
}
