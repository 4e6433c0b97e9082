import Glibc

/// Which file a path leads to, links followed.
struct FileIdentity: Hashable {
  let device: UInt
  let node: UInt
  let isFolder: Bool

  /// nil if there is no such file.
  init?(path: String) {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    device = UInt(facts.st_dev)
    node = UInt(facts.st_ino)
    isFolder = facts.st_mode & S_IFMT == S_IFDIR
  }
}
