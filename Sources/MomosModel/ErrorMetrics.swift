import Glibc

/// How far a tensor is from a reference, accumulated in float64 over one or more chunks.
public struct ErrorMetrics: Sendable, Hashable {
  public private(set) var elementCount = 0
  public private(set) var maximumAbsoluteError = 0.0
  private var absoluteErrorSum = 0.0
  private var squaredErrorSum = 0.0
  private var squaredReferenceSum = 0.0
  private var squaredMeasuredSum = 0.0
  private var productSum = 0.0

  public init() {}

  public init(reference: [Float], measured: [Float]) {
    add(reference: reference, measured: measured)
  }

  /// Adds a chunk; both must have the same count.
  public mutating func add(reference: [Float], measured: [Float]) {
    precondition(reference.count == measured.count)
    elementCount += reference.count
    for index in reference.indices {
      let expected = Double(reference[index])
      let found = Double(measured[index])
      let error = abs(found - expected)
      // A NaN must not hide behind max(): it makes the maximum NaN and stays.
      if error > maximumAbsoluteError || error.isNaN { maximumAbsoluteError = error }
      absoluteErrorSum += error
      squaredErrorSum += error * error
      squaredReferenceSum += expected * expected
      squaredMeasuredSum += found * found
      productSum += expected * found
    }
  }

  /// Adds what another accumulation saw.
  public mutating func add(_ other: ErrorMetrics) {
    elementCount += other.elementCount
    if other.maximumAbsoluteError > maximumAbsoluteError || other.maximumAbsoluteError.isNaN {
      maximumAbsoluteError = other.maximumAbsoluteError
    }
    absoluteErrorSum += other.absoluteErrorSum
    squaredErrorSum += other.squaredErrorSum
    squaredReferenceSum += other.squaredReferenceSum
    squaredMeasuredSum += other.squaredMeasuredSum
    productSum += other.productSum
  }

  public var meanAbsoluteError: Double {
    elementCount == 0 ? 0 : absoluteErrorSum / Double(elementCount)
  }

  /// |measured - reference| / |reference|, root of sums of squares; 0 if both are zero, infinite if only the
  /// reference is.
  public var relativeError: Double {
    if squaredErrorSum == 0 { return 0 }
    return (squaredErrorSum / squaredReferenceSum).squareRoot()
  }

  /// 10 log10(|reference|^2 / |error|^2) in dB; infinite without error.
  public var signalToNoiseDecibels: Double {
    if squaredErrorSum == 0 { return .infinity }
    return 10 * log10(squaredReferenceSum / squaredErrorSum)
  }

  /// Cosine of the angle between both, 1 if both are zero, 0 if one is.
  public var cosine: Double {
    if squaredReferenceSum == 0 && squaredMeasuredSum == 0 { return 1 }
    if squaredReferenceSum == 0 || squaredMeasuredSum == 0 { return 0 }
    return productSum / (squaredReferenceSum.squareRoot() * squaredMeasuredSum.squareRoot())
  }
}

extension ErrorMetrics {
  /// A relative error as a signal-to-noise ratio in dB: -20 log10(relativeError).
  public static func decibels(relativeError: Double) -> Double {
    -20 * log10(relativeError)
  }
}
