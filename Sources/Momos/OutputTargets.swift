import Glibc

/// The files that an operation is about to write, checked before any work is done.
struct OutputTargets {
  /// Refuses an output that is also an input, two outputs that are one file (both however their paths are
  /// spelled, through links as well), a path without a name, a folder, pipe or device, a link, which would be replaced
  /// itself, an output that exists unless it may be replaced, and one whose folder is missing or read-only.
  static func check(_ outputs: [String], inputs: [String], overwrites: Bool) throws(MomosError) {
    var seen: [Destination: String] = [:]
    for output in outputs {
      guard !output.isEmpty else { throw MomosError(.usage, "an output has an empty name; name a file") }
      let identity = FileIdentity(path: output)
      if identity != nil, let input = inputs.first(where: { FileIdentity(path: $0) == identity }) {
        throw MomosError(.usage, "the output '\(output)' is also an input ('\(input)'); choose another name")
      }
      guard identity?.isFolder != true else {
        throw MomosError(.usage, "the output '\(output)' is a folder; name a file in it")
      }
      guard !FileIdentity.isLink(output) else {
        throw MomosError(.usage, "the output '\(output)' is a link; name the file that it stands for")
      }
      guard identity?.isRegular != false else {
        throw MomosError(.usage, "the output '\(output)' is a pipe or device; name a file")
      }
      guard overwrites || identity == nil else {
        throw MomosError(.usage, "'\(output)' exists already; --force replaces it")
      }
      guard let destination = Destination(path: output) else {
        throw MomosError(.system, "'\(output)': there is no such folder to write to")
      }
      guard unsafe access(folder(of: output), W_OK | X_OK) == 0 else {
        let reason = unsafe String(cString: strerror(errno))
        throw MomosError(.system, "'\(output)': expected a folder to write to, found \(reason)")
      }
      if let other = seen.updateValue(output, forKey: destination) {
        throw MomosError(.usage, "two outputs are the same file: '\(other)' and '\(output)'")
      }
    }
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
  }

  /// The file that a path would create: its folder, links followed, and its name.
  private struct Destination: Hashable {
    let folder: FileIdentity
    let name: String

    /// nil without such a folder.
    init?(path: String) {
      let folderPath = OutputTargets.folder(of: path)
      guard let folder = FileIdentity(path: folderPath) else { return nil }
      self.folder = folder
      name = String(path.contains("/") ? path.dropFirst(folderPath.count) : path[...])
    }
  }
}
