import Glibc

/// A system call that failed.
package struct SystemFailure: Error {
  /// As in `errno`.
  package let code: Int32

  package init(code: Int32) { self.code = code }

  /// What the system says of it: "No space left on device".
  package var reason: String { unsafe String(cString: strerror(code)) }
}

/// A file that takes its target's name when it is complete.
///
/// Until then it has no name, so that nothing is left of it however the process ends. Where the file system only knows
/// files with names, it is called `TARGET.tmp-PID-N` and locked; it is removed if the owner goes away before
/// `rename`, and files that a dead process left behind are removed when the next one is created.
package final class PendingFile {
  private let target: String
  /// Where the bytes can be read.
  package let path: String
  /// Bytes written so far.
  package private(set) var byteCount = 0
  private let descriptor: Int32
  private var isNamed: Bool

  /// - Parameter hasName: true gives it a name from the start, as on systems that know no others.
  package init(target: String, hasName: Bool = false) throws(SystemFailure) {
    self.target = target
    Self.removeStale(beside: target)
    if !hasName, let (descriptor, path) = Self.nameless(beside: target) {
      (self.descriptor, self.path, isNamed) = (descriptor, path, false)
      return
    }
    var descriptor: Int32 = -1
    path = try Self.claimName(beside: target) { name in
      descriptor = unsafe open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      return descriptor >= 0
    }
    self.descriptor = descriptor
    isNamed = true
    flock(descriptor, LOCK_EX | LOCK_NB)
  }

  deinit {
    close(descriptor)
    remove()
  }

  /// Removes the name, if there is one; the target stays as it is.
  package func remove() {
    if isNamed { unsafe unlink(path) }
    isNamed = false
  }

  /// A file that has no name yet in the folder of `target`, and the path under which the process can still reach it;
  /// nil where the system does not have both.
  private static func nameless(beside target: String) -> (descriptor: Int32, path: String)? {
    let descriptor = unsafe open(
      split(target).folder, O_RDWR | temporaryFlag | O_DIRECTORY | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return nil }
    let path = "/proc/self/fd/\(descriptor)"
    if unsafe access(path, R_OK | W_OK) == 0 { return (descriptor, path) }
    close(descriptor)
    return nil
  }

  /// `O_TMPFILE` without `O_DIRECTORY`; the macro is not visible here.
  private static let temporaryFlag: Int32 = 0o20_000_000

  /// The first name `TARGET.tmp-PID-N` that `create` makes a file of.
  private static func claimName(
    beside target: String, create: (String) -> Bool
  ) throws(SystemFailure) -> String {
    for number in 1...1000 {
      let name = "\(target).tmp-\(getpid())-\(number)"
      if create(name) { return name }
      guard errno == EEXIST else { break }
    }
    throw SystemFailure(code: errno)
  }

  /// Appends bytes.
  package func write(_ bytes: Bytes) throws(SystemFailure) {
    try Self.write(bytes, to: descriptor, at: byteCount)
    byteCount += bytes.count
  }

  /// Overwrites the start of the file.
  package func overwriteStart(_ bytes: Bytes) throws(SystemFailure) {
    try Self.write(bytes, to: descriptor, at: 0)
  }

  /// Brings the contents to the disk.
  package func synchronize() throws(SystemFailure) {
    while fsync(descriptor) != 0 {
      guard errno == EINTR else { throw SystemFailure(code: errno) }
    }
  }

  /// Gives the file its target's name, atomically, and brings the folder to the disk.
  /// - Throws: with `EEXIST` if there is one already, unless `overwrite`.
  package func rename(overwrite: Bool) throws(SystemFailure) {
    if overwrite {
      try moveOverTarget()
    } else if link(as: target) {
      remove()
    } else if [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) {
      // A file system without links: claim the name, which fails if it is taken, and move over the claim.
      let claim = unsafe open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard claim >= 0 else { throw SystemFailure(code: errno) }
      close(claim)
      try moveOverTarget()
    } else {
      throw SystemFailure(code: errno)
    }
    Self.synchronizeFolder(of: target)
  }

  private func link(as name: String) -> Bool {
    unsafe linkat(AT_FDCWD, path, AT_FDCWD, name, isNamed ? 0 : AT_SYMLINK_FOLLOW) == 0
  }

  private func moveOverTarget() throws(SystemFailure) {
    let name = isNamed ? path : try Self.claimName(beside: target, create: link(as:))
    guard unsafe Glibc.rename(name, target) == 0 else {
      let code = errno
      unsafe unlink(name)
      throw SystemFailure(code: code)
    }
    isNamed = false
  }

  /// Best effort: some file systems refuse to synchronise a folder, and the file itself is complete.
  private static func synchronizeFolder(of path: String) {
    let folder = unsafe open(split(path).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    while fsync(folder) != 0, errno == EINTR {}
    close(folder)
  }

  package static func write(_ bytes: Bytes, to descriptor: Int32, at offset: Int) throws(SystemFailure) {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.bytes.withUnsafeBytes { buffer in
        unsafe pwrite(descriptor, buffer.baseAddress! + done, buffer.count - done, offset + done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw SystemFailure(code: count < 0 ? errno : ENOSPC) }
      done += count
    }
  }

  /// Removes temporary files of this target whose process is gone and whose lock is free.
  private static func removeStale(beside target: String) {
    let (folder, name) = split(target)
    guard let stream = unsafe opendir(folder) else { return }
    defer { unsafe closedir(stream) }
    while let entry = unsafe readdir(stream) {
      let candidate = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
        unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let process = processNumber(in: candidate, target: name), kill(process, 0) != 0, errno == ESRCH
      else { continue }
      removeIfUnlocked("\(folder)/\(candidate)")
    }
  }

  private static func removeIfUnlocked(_ path: String) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unsafe unlink(path) }
    close(descriptor)
  }

  /// PID in `NAME.tmp-PID-N`, nil for other names.
  static func processNumber(in candidate: String, target name: String) -> pid_t? {
    let prefix = "\(name).tmp-"
    guard candidate.hasPrefix(prefix) else { return nil }
    let numbers = candidate.dropFirst(prefix.count).split(separator: "-", omittingEmptySubsequences: false)
    guard numbers.count == 2, let process = pid_t(numbers[0]), process > 0, Int(numbers[1]) != nil else {
      return nil
    }
    return process
  }

  /// Folder and name of a path.
  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let folder = slash == path.startIndex ? "/" : String(path[..<slash])
    return (folder, String(path[path.index(after: slash)...]))
  }
}
