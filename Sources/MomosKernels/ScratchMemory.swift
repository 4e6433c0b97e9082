public import MomosModel
import Synchronization

/// Memory that a product writes to and nobody reads after it, from blocks that are kept for the products that follow:
/// where the same products are done again and again, nothing is allocated.
@safe
public struct ScratchMemory: ~Copyable {
  private let block: ByteArena
  private var region: MutableBytes

  /// - Parameter byteCount: bytes of any values, the first one at a multiple of 64.
  /// - Throws: `ModelError.allocationFailed` when memory is short.
  public init(byteCount: Int) throws(ModelError) {
    block = try IdleBlocks.take(byteCount: byteCount)
    region = block.region(0..<byteCount)
  }

  /// So many floats.
  public init(floatCount: Int) throws(ModelError) {
    try self.init(byteCount: floatCount * MemoryLayout<Float>.stride)
  }

  deinit { IdleBlocks.giveBack(block) }

  /// The memory as elements; the byte count must be a multiple of the stride.
  @_lifetime(&self)
  public mutating func mutableSpan<Element: BitwiseCopyable>(of type: Element.Type) -> MutableSpan<Element> {
    region.mutableSpan(of: type)
  }
}

/// The blocks that nobody uses at the moment.
private enum IdleBlocks {
  /// Blocks that are kept.
  private static let limit = 4
  private static let blocks = Mutex<[ByteArena]>([])

  /// A block of at least so many bytes.
  static func take(byteCount: Int) throws(ModelError) -> ByteArena {
    let found = blocks.withLock { blocks in
      blocks.firstIndex { $0.byteCount >= byteCount }.map { blocks.remove(at: $0) }
    }
    if let found { return found }
    return try ByteArena(byteCount: byteCount)
  }

  static func giveBack(_ block: ByteArena) {
    blocks.withLock { blocks in
      blocks.append(block)
      // The smallest block is the one that others can do without.
      if blocks.count > limit,
        let smallest = blocks.indices.min(by: { blocks[$0].byteCount < blocks[$1].byteCount })
      {
        blocks.remove(at: smallest)
      }
    }
  }
}
