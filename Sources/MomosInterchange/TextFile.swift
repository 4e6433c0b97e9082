import MomosModel

/// Files of UTF-8 text.
public enum TextFile {
  /// Writes a file: it appears whole or not at all.
  public static func write(_ text: String, to path: String) throws(InterchangeError) {
    do throws(InterchangeError) {
      var file = try OutputFile(path: path)
      try file.write(
        try InterchangeError.translating { () throws(ModelError) in try Bytes(copying: Array(text.utf8)) })
      try file.commit()
    } catch {
      throw error.inFile(path)
    }
  }
}
