import Glibc
import MomosModel

@testable import MomosFormat

/// Files of the repository that tests read.
enum Repository {
  static func path(_ relative: String, from file: String = #filePath) -> String {
    let components = file.split(separator: "/").dropLast(3)
    return "/" + components.joined(separator: "/") + "/" + relative
  }

  static func text(_ relative: String) throws -> String {
    String(decoding: try MappedFile.open(path(relative)).array(of: UInt8.self), as: UTF8.self)
  }

  static func exists(_ relative: String) -> Bool {
    unsafe access(path(relative), R_OK) == 0
  }

  /// Names of the files in a folder that end with `suffix`, sorted.
  static func files(in relative: String, suffix: String) -> [String] {
    guard let stream = unsafe opendir(path(relative)) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
        unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(suffix) { names.append(name) }
    }
    return names.sorted()
  }
}

extension StringProtocol {
  /// Without spaces at both ends.
  var trimmingSpaces: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
