import Glibc
public import MomosModel

/// How the bytes of a file come into memory.
public enum LoadMode: String, Sendable, Hashable, CaseIterable {
  /// The file is mapped and read page by page when needed. If somebody else shortens it meanwhile, reading the
  /// missing pages raises the signal SIGBUS; if somebody else changes it, what was checked may no longer hold.
  case map
  /// The file is read into memory at once: immune to both.
  case copy
}

/// Opens regular files as `Bytes`.
public enum MappedFile {
  /// The contents of a file; the memory is given back when the last `Bytes` that shares it is gone.
  ///
  /// - Returns: bytes that start at a multiple of the page size.
  /// - Throws: `cannotOpen` if there is no such file, `notRegularFile`, `cannotRead`, `allocation`.
  public static func open(_ path: String, load: LoadMode = .map) throws(FormatError) -> Bytes {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer instead of being refused.
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let isMissing = errno == ENOENT || errno == ENOTDIR
      throw .system(
        isMissing ? .cannotOpen : .cannotRead, path: path, expected: "a readable file", code: errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .system(.cannotRead, path: path, expected: "a readable file", code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FormatError(
        .notRegularFile, at: quoted(path), expected: "a regular file",
        found: status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a special file")
    }
    let byteCount = Int(status.st_size)
    if byteCount == 0 { return Bytes() }
    switch load {
    case .map: return try map(descriptor, byteCount: byteCount, path: path)
    case .copy: return try copy(descriptor, byteCount: byteCount, path: path)
    }
  }

  private static func map(_ descriptor: Int32, byteCount: Int, path: String) throws(FormatError) -> Bytes {
    let base = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let base = unsafe base, unsafe base != MAP_FAILED else {
      throw .system(.cannotRead, path: path, expected: "a file that can be mapped", code: errno)
    }
    return unsafe adopt(base, byteCount)
  }

  private static func copy(_ descriptor: Int32, byteCount: Int, path: String) throws(FormatError) -> Bytes {
    let base = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let base = unsafe base, unsafe base != MAP_FAILED else {
      throw .system(.allocation, path: path, expected: "memory for \(byteCount) bytes", code: errno)
    }
    let bytes = unsafe adopt(base, byteCount)
    // Huge pages are a wish: their absence changes nothing but speed.
    unsafe madvise(base, byteCount, MADV_HUGEPAGE)
    var done = 0
    while done < byteCount {
      let count = unsafe read(descriptor, base + done, byteCount - done)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw .system(.cannotRead, path: path, expected: "\(byteCount) bytes", code: errno)
      }
      guard count > 0 else {
        throw FormatError(
          .cannotRead, at: quoted(path), expected: "\(byteCount) bytes",
          found: "only \(done): the file shrank")
      }
      done += count
    }
    return bytes
  }

  @unsafe
  private static func adopt(_ base: UnsafeMutableRawPointer, _ byteCount: Int) -> Bytes {
    unsafe Bytes(owning: UnsafeRawPointer(base), count: byteCount) { base, count in
      unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
    }
  }
}
