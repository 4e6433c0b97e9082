import MomosModel

/// What a conversion did, or would do.
public struct ConversionReport: Report, Sendable {
  /// One tensor of the model.
  public struct TensorReport: Codable, Sendable {
    public let name: String
    public let elementType: String
    public let shape: [Int]
    /// "s4k256", "exact s4k17" or "dense".
    public let className: String
    /// Why a tensor stays dense.
    public let reason: String?
    /// Bits per weight in memory, the tensor's share of its dictionary included.
    public let bits: Double
    /// Bytes in memory: indices and row scales, or dense values.
    public let byteCount: Int
    /// What the outputs are expected to lose through it, 1 - cosine; nil where nothing was measured.
    public let predictedLoss: Double?
    /// |stored - source| / |source|; nil before the fit.
    public let relativeError: Double?
    /// The same in dB; nil before the fit and without error.
    public let snrDb: Double?
    /// The relative error of what the tensor makes of the calibration's inputs; nil where they are not known.
    public let outputError: Double?
    /// What the outputs lose through the tensor alone; nil unless it was measured.
    public let measuredLoss: Double?
    /// Time of the fit; nil for a preview.
    public let seconds: Double?
  }

  /// The file written; nil for a preview.
  public let output: String?
  /// Bytes of the dense source values.
  public let sourceByteCount: Int
  /// Bytes of the file.
  public let fileByteCount: Int
  /// False if `fileByteCount` is an upper bound, because compression is decided while writing.
  public let isExact: Bool
  /// Bits per fitted weight in memory, as `loadedBits` of an inspection: indices, dictionaries, row scales,
  /// outliers; nil if nothing is fitted.
  public let bits: Double?
  /// The same as stored in the file, which is smaller where zstd saves bytes; nil for a preview.
  public let storedBits: Double?
  /// What the outputs are expected to lose in all, 1 - cosine; nil where nothing was measured.
  public let predictedLoss: Double?
  /// 8 * file bytes / weights of the model.
  public let fileBits: Double
  public let tensors: [TensorReport]
  /// Time of the work; nil for a preview.
  public let seconds: Double?
  /// nil unless matrices were decomposed.
  public let decomposition: DecompositionReport?

  public var text: String {
    let columns = Self.columns.filter { column in
      !column.isOptional || tensors.contains { column.text($0) != "" }
    }
    var table = TextTable(columns.map { ($0.heading, $0.alignment) })
    for tensor in tensors { table.add(columns.map { $0.text(tensor) }) }
    let name = output.map { "\($0): " } ?? ""
    let share = Double(fileByteCount) / Double(max(sourceByteCount, 1)) * 100
    let bound = isExact ? "" : "at most "
    let stored = storedBits.map { ", \($0.text(decimals: 2)) in the file" } ?? ""
    let fitted = bits.map { ", \($0.text(decimals: 2)) bits per fitted weight loaded\(stored)" } ?? ""
    let loss = predictedLoss.map { ", predicted loss \($0.shortText)" } ?? ""
    return table.text + "\n\n\(name)\(bound)\(fileByteCount.grouped) bytes, \(share.text(decimals: 1)) % of "
      + "\(sourceByteCount.grouped)\(fitted), \(fileBits.text(decimals: 2)) with everything in the file\(loss)"
      + (seconds.map { ", in \($0.text(decimals: 1)) s" } ?? "")
      + (decomposition.map { "\n\n" + $0.text } ?? "")
  }

  private struct Column {
    let heading: String
    let alignment: TextTable.Alignment
    /// Left out where it would be empty.
    var isOptional = false
    let text: @Sendable (TensorReport) -> String
  }

  private static let columns = [
    Column(heading: "tensor", alignment: .left) { $0.name },
    Column(heading: "type", alignment: .left) { $0.elementType },
    Column(heading: "shape", alignment: .left) { $0.shape.map(String.init).joined(separator: "x") },
    Column(heading: "class", alignment: .left) { $0.className },
    Column(heading: "bits", alignment: .right) { $0.bits.text(decimals: 2) },
    Column(heading: "bytes", alignment: .right) { $0.byteCount.grouped },
    Column(heading: "rel. error", alignment: .right) { $0.relativeError.map(\.shortText) ?? "" },
    Column(heading: "SNR dB", alignment: .right) { $0.snrDb.map { $0.text(decimals: 1) } ?? "" },
    Column(heading: "output error", alignment: .right, isOptional: true) {
      $0.outputError.map(\.shortText) ?? ""
    },
    Column(heading: "pred. loss", alignment: .right, isOptional: true) {
      $0.predictedLoss.map(\.shortText) ?? ""
    },
    Column(heading: "loss", alignment: .right, isOptional: true) { $0.measuredLoss.map(\.shortText) ?? "" },
    Column(heading: "seconds", alignment: .right, isOptional: true) {
      $0.seconds.map { $0.text(decimals: 2) } ?? ""
    },
    Column(heading: "", alignment: .left) { $0.reason ?? "" },
  ]
}
