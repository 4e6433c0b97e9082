import MomosModel

/// Every limit and constant of the spec that is a plain number.
enum FormatLimits {
  static let majorVersion: UInt16 = 1
  static let minorVersion: UInt16 = 0

  /// Offsets of sections and of the header are multiples of this (S-01, F-09).
  static let alignment = 64
  static let preambleByteCount = 64
  /// F-08.
  static let maximumHeaderByteCount = 64 << 20
  /// What opening may allocate, as a multiple of the header's byte count, plus `budgetBase` (spec section 2).
  static let budgetFactor = 64
  static let budgetBase = 1 << 20
  /// Of that, what opening holds beside the header's message: the file, an error, the reader itself.
  static let budgetReserve = 1 << 16

  /// H-04 and G-01.
  static let maximumNameByteCount = 1024
  /// P-01.
  static let maximumProvenanceTextByteCount = 4096

  /// S-05: raw bytes per stored byte.
  static let maximumExpansion = 1024
  /// Z-03.
  static let maximumWindowByteCount: UInt64 = 1 << 27

  /// T-02.
  static let maximumRank = Shape.maximumRank
  static let maximumElementCount = Shape.maximumElementCount

  /// M-03.
  static let maximumMatrixExtent = Int(Int32.max)
  /// M-04.
  static let maximumPartCount = 4096
  static let maximumStageCount = 8
  /// D-01 and D-02.
  static let maximumBlockLength = MotifDictionary.maximumBlockLength
  static let maximumMotifCount = MotifDictionary.maximumMotifCount
  /// Largest number of rows and of columns whose outliers are numbered by u16 (spec section 6.3).
  static let maximumNarrowExtent = 65_536

  /// G-04.
  static let maximumOperatorSetVersion = UInt64(Int32.max)
  /// G-05.
  static let maximumGraphRank = 16
  static let maximumGraphDimension: UInt64 = 1 << 48
  /// G-06.
  static let maximumNodeCount = 65_536

  /// The smallest multiple of 64 that is at least `offset`, or nil if that overflows.
  static func aligned(_ offset: Int) -> Int? {
    let (sum, overflow) = offset.addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum & ~(alignment - 1)
  }
}
