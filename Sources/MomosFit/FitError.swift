/// Why a fit is refused, always before anything is written.
public enum FitError: Error, Hashable, CustomStringConvertible {
  case optionOutOfRange(name: String, found: String, expected: String)
  case capacityTooLarge(motifCount: Int)
  case nonfiniteTensor(name: String)
  /// The tensor is not the one that was planned.
  case sourceChanged(name: String)
  /// What a journal holds is not what a fit by this plan finds.
  case unusableFindings(entry: String, expected: String, found: String)
  /// Bytes of the whole file.
  case fileTooSmall(byteCount: Int, leastByteCount: Int)
  /// Bits for each weight that is allocated to, everything that belongs to the weights included.
  case budgetTooSmall(bits: Double, leastBits: Double)
  /// Losses as predicted.
  case lossOutOfReach(loss: Double, leastLoss: Double)

  /// A cosine as far as it says something.
  private static func rounded(_ cosine: Double) -> Double { (cosine * 1e6).rounded() / 1e6 }

  public var description: String {
    switch self {
    case .optionOutOfRange(let name, let found, let expected):
      "\(name): expected \(expected), found \(found)"
    case .capacityTooLarge(let motifCount):
      "the capacity asks for \(motifCount) motifs; a dictionary has at most 65536"
    case .sourceChanged(let name):
      "tensor '\(name)' changed while it was being converted"
    case .unusableFindings(let entry, let expected, let found):
      "\(entry) of the journal: expected \(expected), found \(found)"
    case .fileTooSmall(let byteCount, let leastByteCount):
      "the file is to have at most \(byteCount) bytes; the least that its forms lead to is \(leastByteCount)"
    case .budgetTooSmall(let bits, let leastBits):
      "the fit gets \(bits) bits per weight; the least that its forms take is \(leastBits)"
    case .lossOutOfReach(let loss, let leastLoss):
      """
      a cosine of \(Self.rounded(1 - loss)) is out of reach: the best that the forms are expected to give is \
      \(Self.rounded(1 - leastLoss))
      """
    case .nonfiniteTensor(let name):
      "tensor '\(name)' contains NaN or infinity; --allow-nonfinite keeps such tensors, dense"
    }
  }
}
