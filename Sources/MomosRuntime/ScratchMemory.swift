import MomosModel
import Synchronization

/// Blocks of memory that steps write to and nobody reads after them, kept for the steps that follow.
enum ScratchMemory {
  /// Blocks that are kept while nobody uses them.
  private static let limit = 4
  private static let idle = Mutex<[ByteArena]>([])

  /// A block of at least so many bytes, holding anything, to be given back.
  static func take(byteCount: Int) throws(ModelError) -> ByteArena {
    let found = idle.withLock { arenas in
      arenas.firstIndex { $0.byteCount >= byteCount }.map { arenas.remove(at: $0) }
    }
    if let found { return found }
    return try ByteArena(byteCount: byteCount)
  }

  static func giveBack(_ arena: ByteArena) {
    idle.withLock { arenas in
      arenas.append(arena)
      // The smallest block is the one that others can do without.
      if arenas.count > limit,
        let smallest = arenas.indices.min(by: { arenas[$0].byteCount < arenas[$1].byteCount })
      {
        arenas.remove(at: smallest)
      }
    }
  }
}
