import Glibc

/// A folder of a source, outside of which no file is opened.
struct SourceFolder {
  /// As the user gave it; "" for the current folder.
  let path: String
  /// Absolute, without symbolic links, with a slash at its end.
  private let prefix: String

  init(path: String) throws(InterchangeError) {
    let resolved = try Self.resolved(path.isEmpty ? "." : path)
    self.path = path
    prefix = resolved == "/" ? resolved : resolved + "/"
  }

  /// The folder that a file lies in.
  init(ofFile file: String) throws(InterchangeError) {
    let slash = file.utf8.lastIndex(of: UInt8(ascii: "/"))
    try self.init(path: slash.map { String(file[...$0]) } ?? "")
  }

  /// The path of a file of the folder as the user would write it.
  func path(of file: String) -> String {
    path.isEmpty || path.last == "/" ? path + file : "\(path)/\(file)"
  }

  /// Where a file of the folder lies, without symbolic links.
  ///
  /// - Parameter file: the name of an entry of the folder.
  /// - Throws: `linkLeavesFolder` for a symbolic link out of the folder; for files that are not there.
  func resolve(_ file: String) throws(InterchangeError) -> String {
    let path = path(of: file)
    let resolved = try Self.resolved(path)
    guard resolved.utf8.starts(with: prefix.utf8) else {
      throw InterchangeError(
        .linkLeavesFolder, path: path, expected: "a link that stays inside the folder",
        found: "one to \(resolved)")
    }
    return resolved
  }

  /// Where a file lies that another file names by a path relative to the folder.
  /// - Throws: as `resolve`, and `pathLeavesFolder` for an absolute path and for one with "..".
  func resolve(named path: String) throws(InterchangeError) -> String {
    let steps = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard !path.isEmpty, path.utf8.first != UInt8(ascii: "/"), !path.utf8.contains(0),
      !steps.contains(where: { Array($0) == Array("..".utf8) })
    else {
      throw InterchangeError(
        .pathLeavesFolder, expected: "a path inside the folder of the file, without '..'",
        found: InterchangeError.quoted(path))
    }
    return try resolve(path)
  }

  /// The names of files that are not hidden and end so, sorted by their bytes, because a folder has no order of its own.
  func fileNames(ending: String) throws(InterchangeError) -> [String] {
    guard let stream = unsafe opendir(prefix) else {
      throw .system(expected: "a readable folder")
    }
    defer { unsafe closedir(stream) }
    let ending = Array(ending.utf8)
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let bytes = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      guard bytes.first != UInt8(ascii: "."), bytes.suffix(ending.count) == ending[...] else { continue }
      names.append(try SourceTensor.name(bytes))
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func resolved(_ path: String) throws(InterchangeError) -> String {
    guard let resolved = unsafe realpath(path, nil) else {
      throw .system(expected: "a readable file or folder").inFile(path)
    }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }
}
