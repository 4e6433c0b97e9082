/// Solves A x = b for a positive definite matrix A by conjugate gradients, preconditioned by a diagonal.
///
/// Sums run in ascending order, so that equal inputs give equal bits.
struct ConjugateGradient {
  /// That of A: every element is positive.
  let diagonal: [Double]
  /// Steps at most.
  let stepCount: Int
  /// The share of its first value at which r M r ends the steps, for the residual r and the inverse M of the diagonal.
  let tolerance: Double

  /// - Parameter product: A times a vector.
  func solution(of rightSide: [Double], _ product: ([Double]) -> [Double]) -> [Double] {
    var solution = [Double](repeating: 0, count: rightSide.count)
    var residual = rightSide
    var scaled = zip(residual, diagonal).map { $0 / $1 }
    var direction = scaled
    var energy = dot(residual, scaled)
    let enough = energy * tolerance
    for _ in 0..<stepCount where energy > enough {
      let moved = product(direction)
      let step = energy / dot(direction, moved)
      for position in solution.indices {
        solution[position] += step * direction[position]
        residual[position] -= step * moved[position]
        scaled[position] = residual[position] / diagonal[position]
      }
      let next = dot(residual, scaled)
      for position in direction.indices {
        direction[position] = scaled[position] + next / energy * direction[position]
      }
      energy = next
    }
    return solution
  }

  private func dot(_ first: [Double], _ second: [Double]) -> Double {
    var sum = 0.0
    for position in first.indices { sum += first[position] * second[position] }
    return sum
  }
}
