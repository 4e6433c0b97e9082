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
  /// What the outputs are expected to lose in all, 1 - cosine; nil where nothing was measured.
  public let predictedLoss: Double?
  /// 8 * file bytes / weights of the model.
  public let fileBits: Double
  public let tensors: [TensorReport]
  /// Time of the work; nil for a preview.
  public let seconds: Double?

  public var text: String {
    var table = TextTable([
      ("tensor", .left), ("type", .left), ("shape", .left), ("class", .left), ("bits", .right),
      ("bytes", .right), ("pred. loss", .right), ("rel. error", .right), ("SNR dB", .right), ("", .left),
    ])
    for tensor in tensors {
      table.add([
        tensor.name, tensor.elementType, tensor.shape.map(String.init).joined(separator: "x"),
        tensor.className, tensor.bits.text(decimals: 2), tensor.byteCount.grouped,
        tensor.predictedLoss.map(\.shortText) ?? "", tensor.relativeError.map(\.shortText) ?? "",
        tensor.snrDb.map { $0.text(decimals: 1) } ?? "",
        tensor.reason ?? "",
      ])
    }
    let name = output.map { "\($0): " } ?? ""
    let share = Double(fileByteCount) / Double(max(sourceByteCount, 1)) * 100
    let bound = isExact ? "" : "at most "
    let fitted = bits.map { ", \($0.text(decimals: 2)) bits per fitted weight loaded" } ?? ""
    let loss = predictedLoss.map { ", predicted loss \($0.shortText)" } ?? ""
    return table.text + "\n\n\(name)\(bound)\(fileByteCount.grouped) bytes, \(share.text(decimals: 1)) % of "
      + "\(sourceByteCount.grouped)\(fitted), \(fileBits.text(decimals: 2)) with everything in the file\(loss)"
      + (seconds.map { ", in \($0.text(decimals: 1)) s" } ?? "")
  }
}
