/// Mean and 1 / sqrt(variance + epsilon) of every slice, for slices that lie one after the other.
///
/// Accumulated in float64, in ascending order.
struct SliceStatistics {
  private(set) var means: [Double] = []
  private(set) var inverseDeviations: [Double] = []

  init<Number: RealNumber>(_ values: Span<Number>, count: Int, length: Int, _ epsilon: Float) {
    for slice in 0..<count {
      let elements = values.extracting((slice * length)..<((slice + 1) * length))
      var sum = 0.0
      for index in elements.indices { sum += Double(elements[index]) }
      let mean = sum / Double(length)
      var squares = 0.0
      for index in elements.indices {
        let deviation = Double(elements[index]) - mean
        squares += deviation * deviation
      }
      means.append(mean)
      inverseDeviations.append(1 / (squares / Double(length) + Double(epsilon)).squareRoot())
    }
  }
}
