import CMomosKernels

/// Finds the motifs of two stages together: rows become sums of a motif for every block of one length and one for
/// every block of another, of which a whole number make up the longer ones.
///
/// The motifs of a longer block that come closest on their own are tried, each with the best motifs of the shorter
/// blocks beside it (momos_fit.h says how). Columns beyond the row's end cost nothing. Results depend neither on the
/// thread count nor on the instruction set.
@safe
public struct StageSearch: Sendable {
  /// The plain motifs of one stage.
  public struct Motifs: Sendable {
    public let values: [Float]
    public let count: Int
    public let blockLength: Int

    /// - Parameter values: `[count, blockLength]`, finite, both signs of antipodal ones.
    public init(_ values: [Float], count: Int, blockLength: Int) {
      precondition(count > 0 && blockLength > 0 && values.count == count * blockLength)
      self.values = values
      self.count = count
      self.blockLength = blockLength
    }
  }

  /// Most weights in a block of the longer stage.
  public static let mostBlockLength = Int(MOMOS_PATH_MOST_BLOCK)

  public let columns: Int
  /// Of the longer blocks, and of the shorter ones.
  private let long: Motifs
  private let short: Motifs
  private let isShortFirst: Bool
  private let longTable: [Float]
  private let shortTable: [Float]
  private let factor: [Float]
  private let longInverses: [Float]
  private let shortInverses: [Float]
  private let beamCount: Int

  /// - Parameters:
  ///   - first, second: 1 to 65,536 motifs each; one block length divides the other, which is at most 16.
  ///   - columns: of the rows, at least 1.
  ///   - feedback: for inputs of as many columns; nil leaves the targets as they are.
  ///   - beamCount: motifs of a longer block that are tried, 1 to 32.
  public init(
    _ first: Motifs, _ second: Motifs, columns: Int, feedback: ErrorFeedback?,
    beamCount: Int = 32
  ) {
    isShortFirst = first.blockLength < second.blockLength
    (long, short) = isShortFirst ? (second, first) : (first, second)
    precondition(max(long.count, short.count) <= 65_536 && long.blockLength <= Self.mostBlockLength)
    precondition(long.blockLength % short.blockLength == 0 && columns > 0)
    precondition((1...Int(MOMOS_STAGE_BEAM)).contains(beamCount))
    precondition(feedback == nil || feedback!.columns == columns)
    self.columns = columns
    self.beamCount = min(beamCount, long.count)
    longTable = transposedMotifs(long.values, count: long.count, length: long.blockLength)
    shortTable = transposedMotifs(short.values, count: short.count, length: short.blockLength)
    factor = feedback?.factor ?? []
    let reach = (columns + long.blockLength - 1) / long.blockLength * long.blockLength
    longInverses = Self.inverses(of: feedback, blockLength: long.blockLength, columns: columns, reach: reach)
    shortInverses = Self.inverses(
      of: feedback, blockLength: short.blockLength, columns: columns, reach: reach)
  }

  /// T of all blocks up to the column `reach`; zero beyond the row.
  private static func inverses(
    of feedback: ErrorFeedback?, blockLength: Int, columns: Int, reach: Int
  ) -> [Float] {
    let inverses =
      feedback?.inverses(blockLength: blockLength)
      ?? identityInverses(blockLength: blockLength, columns: columns)
    return inverses + [Float](repeating: 0, count: reach * blockLength - inverses.count)
  }

  /// The motif indices of both stages, `[count, blocks]` each, of rows `[count, columns]`, finite, on the calling
  /// thread.
  public func encode(_ rows: Span<Float>) -> (first: [UInt16], second: [UInt16]) {
    let count = rows.count / columns
    precondition(rows.count == count * columns)
    let longBlocks = (columns + long.blockLength - 1) / long.blockLength
    let reached = longBlocks * (long.blockLength / short.blockLength)
    var longIndices = [UInt16](repeating: 0, count: count * longBlocks)
    var shortIndices = [UInt16](repeating: 0, count: count * reached)
    encode(rows, count: count, long: &longIndices, short: &shortIndices)
    let blocks = (columns + short.blockLength - 1) / short.blockLength
    if blocks < reached {
      shortIndices = (0..<count).flatMap { shortIndices[$0 * reached..<$0 * reached + blocks] }
    }
    return isShortFirst ? (shortIndices, longIndices) : (longIndices, shortIndices)
  }

  /// The same, the rows spread over all threads.
  public func encode(_ rows: [Float], pool: ThreadPool) -> (first: [UInt16], second: [UInt16]) {
    let count = rows.count / columns
    precondition(rows.count == count * columns)
    let chunk = Int(MOMOS_PATH_ROWS)
    let chunks = pool.map(taskCount: (count + chunk - 1) / chunk) { task in
      encode(rows.span.extracting(task * chunk * columns..<min((task + 1) * chunk, count) * columns))
    }
    return (chunks.flatMap(\.first), chunks.flatMap(\.second))
  }

  /// Indices of the shorter blocks are those of all that the longer ones reach.
  private func encode(_ rows: Span<Float>, count: Int, long: inout [UInt16], short: inout [UInt16]) {
    guard count > 0 else { return }
    let step = Int(MOMOS_PATH_ROWS)
    let (longBlocks, shortBlocks) = (long.count / count, short.count / count)
    unsafe withSearch { search in
      unsafe rows.withUnsafeBufferPointer { rows in
        unsafe long.withUnsafeMutableBufferPointer { long in
          unsafe short.withUnsafeMutableBufferPointer { short in
            let byteCount = unsafe momos_stage_scratch_byte_count(search, min(count, step))
            unsafe withFittingScratch(byteCount: byteCount) { scratch in
              for row in Swift.stride(from: 0, to: count, by: step) {
                unsafe InstructionSet.fitting.encode_stages(
                  search, rows.baseAddress! + row * columns, min(step, count - row),
                  long.baseAddress! + row * longBlocks, short.baseAddress! + row * shortBlocks, scratch)
              }
            }
          }
        }
      }
    }
  }

  private func withSearch(_ body: (UnsafePointer<momos_stage_search>) -> Void) {
    unsafe longTable.withUnsafeBufferPointer { motifs in
      unsafe shortTable.withUnsafeBufferPointer { added in
        unsafe factor.withUnsafeBufferPointer { factor in
          unsafe longInverses.withUnsafeBufferPointer { inverses in
            unsafe shortInverses.withUnsafeBufferPointer { addedInverses in
              var search = unsafe momos_stage_search(
                columns: columns, block_length: long.blockLength, motif_count: long.count,
                padded: paddedMotifCount(long.count), motifs: motifs.baseAddress!,
                added_length: short.blockLength, added_count: short.count, added: added.baseAddress!,
                beam_count: beamCount, factor: factor.isEmpty ? nil : factor.baseAddress!,
                inverses: inverses.baseAddress!, added_inverses: addedInverses.baseAddress!)
              unsafe body(&search)
            }
          }
        }
      }
    }
  }
}
