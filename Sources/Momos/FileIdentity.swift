import Glibc

/// Which file a path leads to, links followed.
struct FileIdentity: Hashable {
  let device: UInt
  let node: UInt
  let isFolder: Bool
  /// Neither a folder nor a pipe, socket or device.
  let isRegular: Bool

  /// nil if there is no such file.
  init?(path: String) {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    device = UInt(facts.st_dev)
    node = UInt(facts.st_ino)
    isFolder = facts.st_mode & S_IFMT == S_IFDIR
    isRegular = facts.st_mode & S_IFMT == S_IFREG
  }

  /// Whether a path itself, its last part, is a symbolic link.
  static func isLink(_ path: String) -> Bool {
    var facts = stat()
    return unsafe lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFLNK
  }
}
