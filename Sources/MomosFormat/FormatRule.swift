/// The rules of the spec by their ids, and what else can go wrong with a file.
public enum FormatRule: String, Sendable, Hashable, CaseIterable {
  // Preamble
  case f01 = "F-01"
  case f02 = "F-02"
  case f03 = "F-03"
  case f04 = "F-04"
  case f05 = "F-05"
  case f06 = "F-06"
  case f07 = "F-07"
  case f08 = "F-08"
  case f09 = "F-09"
  case f10 = "F-10"
  // Header
  case h01 = "H-01"
  case h02 = "H-02"
  case h03 = "H-03"
  case h04 = "H-04"
  case h05 = "H-05"
  case h06 = "H-06"
  case h07 = "H-07"
  // Sections
  case s01 = "S-01"
  case s02 = "S-02"
  case s03 = "S-03"
  case s04 = "S-04"
  case s05 = "S-05"
  case s06 = "S-06"
  case s07 = "S-07"
  // Tensors
  case t01 = "T-01"
  case t02 = "T-02"
  case t03 = "T-03"
  case t04 = "T-04"
  case t05 = "T-05"
  case t06 = "T-06"
  // Mosaic tensors
  case m01 = "M-01"
  case m02 = "M-02"
  case m03 = "M-03"
  case m04 = "M-04"
  case m05 = "M-05"
  case m06 = "M-06"
  case m07 = "M-07"
  case m08 = "M-08"
  case m09 = "M-09"
  case m10 = "M-10"
  case m11 = "M-11"
  case m12 = "M-12"
  case m13 = "M-13"
  case m14 = "M-14"
  case m15 = "M-15"
  case m16 = "M-16"
  case m17 = "M-17"
  // Dictionaries
  case d01 = "D-01"
  case d02 = "D-02"
  case d03 = "D-03"
  case d04 = "D-04"
  case d05 = "D-05"
  case d06 = "D-06"
  case d07 = "D-07"
  // Codecs
  case z01 = "Z-01"
  case z02 = "Z-02"
  case z03 = "Z-03"
  case z04 = "Z-04"
  case z05 = "Z-05"
  // Graph
  case g01 = "G-01"
  case g02 = "G-02"
  case g03 = "G-03"
  case g04 = "G-04"
  case g05 = "G-05"
  case g06 = "G-06"
  // Provenance
  case p01 = "P-01"
  case p02 = "P-02"

  // What is not a rule of the spec.
  case cannotOpen = "cannot open"
  case notRegularFile = "not a regular file"
  case cannotRead = "cannot read"
  case noSuchTensor = "no such tensor"
  case targetExists = "target exists"
  case cannotWrite = "cannot write"
  case diskFull = "disk full"
  case allocation = "out of memory"

  /// True for a rule of the spec: the bytes are at fault, not the system or the caller.
  public var isSpecRule: Bool {
    rawValue.utf8.count == 4 && rawValue.utf8.dropFirst().first == UInt8(ascii: "-")
  }
}
