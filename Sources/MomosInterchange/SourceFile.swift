import Glibc
import MomosModel

/// The files of a source.
enum SourceFile {
  /// The content of a file, mapped read-only and private to this process.
  ///
  /// Nothing is read until its pages are touched. Another process must not shrink the file while it is
  /// mapped.
  /// - Parameter allowsHardLinks: whether the file may have further names.
  /// - Throws: `missingFile`, `notARegularFile` (a folder, pipe or device) or `unreadableFile`, without the
  ///   path.
  static func map(_ path: String, allowsHardLinks: Bool = true) throws(InterchangeError) -> Bytes {
    guard !path.isEmpty else {
      throw InterchangeError(.missingFile, expected: "the name of a file", found: "an empty one")
    }
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system(expected: "a readable file") }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .system(expected: "a readable file") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw InterchangeError(.notARegularFile, expected: "a file", found: "a folder, pipe or device")
    }
    guard allowsHardLinks || status.st_nlink <= 1 else {
      throw InterchangeError(
        .onnxHardLink, expected: "a file with one name",
        found: "one with \(status.st_nlink) (hard links), which may lie outside the folder; copy it")
    }
    return try mapped(descriptor, byteCount: status.st_size)
  }

  private static func mapped(_ descriptor: Int32, byteCount: Int) throws(InterchangeError) -> Bytes {
    // An empty mapping does not exist.
    guard byteCount > 0 else { return Bytes() }
    let base = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let base = unsafe base, unsafe base != MAP_FAILED else {
      throw .system(expected: "a readable file")
    }
    return unsafe Bytes(owning: base, count: byteCount) { base, byteCount in
      unsafe munmap(UnsafeMutableRawPointer(mutating: base), byteCount)
    }
  }
}

extension InterchangeError {
  /// What the system call that just failed says.
  static func system(expected: String) -> InterchangeError {
    let code = errno
    let rule: Rule = code == ENOENT || code == ENOTDIR ? .missingFile : .unreadableFile
    return InterchangeError(rule, expected: expected, found: "\"\(unsafe String(cString: strerror(code)))\"")
  }
}

extension Span<UInt8> {
  /// The little-endian integer at `offset`, which must lie inside with all its bytes.
  func littleEndian<Integer: FixedWidthInteger>(_ type: Integer.Type, at offset: Int) -> Integer {
    var value: Integer = 0
    for position in (0..<MemoryLayout<Integer>.size).reversed() {
      value = value << 8 | Integer(truncatingIfNeeded: self[offset + position])
    }
    return value
  }

  /// A copy of the bytes in `range`, which must lie inside.
  func array(_ range: Range<Int>) -> [UInt8] {
    range.map { self[$0] }
  }

  /// True if the bytes at `offset` are `expected`; false if there are not so many.
  func contains(_ expected: [UInt8], at offset: Int) -> Bool {
    guard offset >= 0, offset <= count, count - offset >= expected.count else { return false }
    return expected.indices.allSatisfy { self[offset + $0] == expected[$0] }
  }
}
