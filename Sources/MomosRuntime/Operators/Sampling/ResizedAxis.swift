import Glibc

/// How one axis is resized.
struct ResizedAxis: Sendable {
  let input: Int
  let output: Int
  /// Output elements for each input element; may differ a little from the quotient of the sizes.
  let scale: Double
  /// The part of the axis that is taken, as fractions of it.
  var start = 0.0
  var end = 1.0

  /// Whether the output is the input.
  var isIdentity: Bool {
    input == output && (scale - 1).magnitude < 1e-9 && start.magnitude < 1e-9 && (end - 1).magnitude < 1e-9
  }

  /// How many times longer the output is.
  var growth: Double { Double(output) / Double(max(input, 1)) }

  /// The input coordinate of an output position.
  func coordinate(of position: Int, _ mode: ResizeAttributes.Coordinates) -> Double {
    let (x, inputLength, outputLength) = (Double(position), Double(input), scale * Double(input))
    switch mode {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      let offset = inputLength / 2 * (1 - Double(output) / outputLength)
      return offset + (x + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return outputLength == 1 ? -0.5 : (x + 0.5) / scale - 0.5
    case .alignCorners:
      return outputLength == 1 ? 0 : x * (inputLength - 1) / (outputLength - 1)
    case .asymmetric: return x / scale
    case .centredForNearest: return (x + 0.5) / scale
    case .cropAndResize:
      let first = start * (inputLength - 1)
      guard outputLength != 1 else { return first + (end - start) * (inputLength - 1) / 2 }
      return first + x * (end - start) * (inputLength - 1) / (outputLength - 1)
    }
  }

  /// The input position nearest to the coordinate of an output position.
  func nearest(to position: Int, _ attributes: ResizeAttributes) -> Int {
    let x = coordinate(of: position, attributes.coordinates)
    let rounded =
      switch attributes.rounding {
      case .preferFloor: ceil(x - 0.5)
      case .preferCeil: floor(x + 0.5)
      case .floor: floor(x)
      case .ceil: ceil(x)
      case .outward: scale < 1 ? ceil(x) : floor(x)
      }
    return clamped(rounded)
  }

  /// The input positions that an output position is made of, and their weights: as many for every position.
  func taps(of position: Int, _ attributes: ResizeAttributes) -> (positions: [Int], weights: [Double]) {
    let x = coordinate(of: position, attributes.coordinates)
    let kernel = attributes.antialiases ? min(scale, 1) : 1
    let reach = attributes.mode == .cubic ? 2.0 : 1.0
    // The first neighbour is the last position that lies a whole reach before x, the tie going to the left.
    let base = ceil(x) - 1
    let first = floor(-reach / kernel) + 1
    let count = Int(2 - 2 * first)
    var positions: [Int] = []
    var weights: [Double] = []
    for tap in 0..<count {
      let neighbour = base + first + Double(tap)
      let distance = ((neighbour - x) * kernel).magnitude
      let isOutside = neighbour < 0 || neighbour > Double(input - 1)
      positions.append(clamped(neighbour))
      weights.append(
        attributes.excludesOutside && isOutside
          ? 0 : weight(at: distance, attributes.mode, attributes.cubicCoefficient))
    }
    let sum = weights.reduce(0, +)
    if sum != 0 { for tap in weights.indices { weights[tap] /= sum } }
    return (positions, weights)
  }

  private func weight(at distance: Double, _ mode: ResizeAttributes.Mode, _ a: Double) -> Double {
    guard mode == .cubic else { return max(1 - distance, 0) }
    if distance <= 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
    return distance < 2 ? ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a : 0
  }

  private func clamped(_ position: Double) -> Int {
    Int(min(max(position, 0), Double(input - 1)))
  }
}
