import Glibc
public import MomosModel

/// How an allocation stores the weights of one item.
public enum AllocatedForm: Sendable, Hashable {
  case motifs(FitClass)
  /// Float16 values as they are.
  case dense

  /// The class where there is one.
  public var fitClass: FitClass? {
    if case .motifs(let fitClass) = self { fitClass } else { nil }
  }
}

extension AllocatedForm: CustomStringConvertible {
  public var description: String {
    switch self {
    case .motifs(let fitClass): fitClass.description
    case .dense: "dense"
    }
  }
}

/// The forms that an allocation may choose from, from few bits to many, and what each is expected to lose.
public struct ClassTable: Sendable {
  /// Which kinds of motifs may be used.
  public enum FormFilter: String, Sendable, CaseIterable {
    /// Overlapping motifs from 1.5 bits up, plain ones below.
    case auto
    case plain
    case overlapping
  }

  /// Whether classes count that execute without the table kernels.
  public enum Preference: String, Sendable, CaseIterable {
    case accuracy
    case speed
  }

  public struct Entry: Sendable, Hashable {
    public let form: AllocatedForm
    /// Bits of indices for a weight; 16 for a dense one.
    public let bits: Double
    /// Expected squared error as a share of the squared weights, 10^(-SNR / 10), without feedback.
    public let distortion: Double
    /// The distortion beside what is left of the signal: the reconstruction has 1 - distortion of the energy, so that
    /// errors of few bits weigh more than noise added to whole weights would.
    public var noiseToSignal: Double { distortion / (1 - distortion) }
  }

  /// Forms for matrices that are multiplied by.
  public let products: [Entry]
  /// Forms for tables of rows.
  public let tables: [Entry]

  public init(filter: FormFilter = .auto, preference: Preference = .speed) {
    let entries = Self.entries(filter)
    tables = entries.filter { preference == .accuracy || $0.form.isFast(for: .rows) }
    products = entries.filter { preference == .accuracy || $0.form.isFast(for: .product) } + [Self.dense]
  }

  /// The forms that execute fast: indices of 4, 6 or 8 bits stream through the table kernels, those of single rows
  /// have any width.
  public func entries(for use: WeightUse) -> [Entry] {
    switch use {
    case .product: products
    case .rows: tables
    }
  }

  /// Rounding to float16 leaves a relative error of about 2^-24 of the square.
  private static let dense = Entry(form: .dense, bits: 16, distortion: 0x1p-24)
}

extension ClassTable {
  /// SNR of classes without calibration, scales and outliers included: that of the mean distortion of the 36 linear
  /// layers of all-MiniLM-L6-v2 (`tools/models/rates`).
  private static let decibels: [(fitClass: FitClass, decibels: Double)] = [
    (.plain(16, 256), 2.38),
    (.plain(8, 64), 3.48),
    (.plain(8, 256), 4.84),
    (.overlapping(4, 32), 6.26),
    (.plain(4, 64), 7.10),
    (.overlapping(4, 64), 7.85),
    (.overlapping(4, 128), 9.41),
    (.plain(4, 256), 9.91),
    (.overlapping(4, 256), 10.99),
    (.overlapping(2, 32), 13.13),
    (.overlapping(4, 1024), 14.05),
    (.plain(2, 64), 14.66),
    (.overlapping(2, 64), 16.29),
    (.overlapping(4, 4096), 17.11),
    (.overlapping(2, 128), 19.47),
    (.plain(2, 256), 19.93),
    (.overlapping(2, 256), 22.77),
    (.overlapping(2, 1024), 28.64),
    (.overlapping(2, 256, adding: .plain(4, 256)), 32.22),
    (.overlapping(2, 256, adding: .plain(2, 256)), 40.21),
  ]

  private static func entries(_ filter: FormFilter) -> [Entry] {
    decibels.filter { filter.admits($0.fitClass) }.map { row in
      // To float32, so that the last bit of a library's power does not matter.
      let distortion = Double(Float(pow(10, -row.decibels / 10)))
      return Entry(
        form: .motifs(row.fitClass), bits: row.fitClass.indexBits, distortion: distortion)
    }
  }
}

extension ClassTable.FormFilter {
  fileprivate func admits(_ fitClass: FitClass) -> Bool {
    let isOverlapping = fitClass.stages[0].isOverlapping
    return switch self {
    // Below 1.25 bits overlapping motifs gain too little, above it plain ones are never better.
    case .auto: isOverlapping || fitClass.indexBits <= 1
    case .plain: !isOverlapping
    case .overlapping: isOverlapping
    }
  }
}

extension AllocatedForm {
  fileprivate func isFast(for use: WeightUse) -> Bool {
    guard let fitClass else { return true }
    return fitClass.stages.allSatisfy { stage in
      switch use {
      case .product: [16, 64, 256].contains(stage.motifCount)
      case .rows: stage.motifCount <= 256
      }
    }
  }
}

extension FitClass {
  /// Bits of indices for a weight, in blocks that are whole.
  public var indexBits: Double {
    stages.reduce(0) { sum, stage in
      sum + Double(MotifDictionary.indexWidth(motifCount: stage.motifCount)) / Double(stage.blockLength)
    }
  }
}
