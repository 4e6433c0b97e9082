import MomosKernels
import MomosModel
import MomosRuntime
import Testing

struct OperatorFixtureTests {
  @Test func everyWrittenCaseIsTested() throws {
    let written = try OperatorFixture.writtenNames()
    #expect(written.count > 250)
    #expect(try OperatorFixture.names() == written)
  }

  @Test(arguments: try OperatorFixture.names())
  func outputsEqualNumpy(_ name: String) throws {
    let fixture = try OperatorFixture(name)
    let plan = try ExecutionPlan(model: fixture.model, pool: ThreadPool(threadCount: 2), precision: .exact)
    let outputs = try plan.execute(fixture.inputs)
    #expect(outputs.count == fixture.expected.count)
    for (output, expected, tolerance) in fixture.expected {
      let found = try #require(outputs[output])
      #expect(found.elementType == expected.elementType)
      #expect(found.shape == expected.shape)
      #expect(firstDifference(found, expected, tolerance: tolerance) == nil, "\(output)")
    }
  }
}

/// The first position at which two tensors of one type differ by more than `tolerance` times the larger of 1 and
/// the expected magnitude, or nil. With a tolerance of 0 the bytes must be equal. NaN equals NaN.
func firstDifference(_ found: Tensor, _ expected: Tensor, tolerance: Double) -> Int? {
  guard tolerance > 0 else { return found.bytes == expected.bytes ? nil : 0 }
  let (founds, expecteds) = (doubles(found), doubles(expected))
  return expecteds.indices.first { position in
    let (found, expected) = (founds[position], expecteds[position])
    if expected.isNaN { return !found.isNaN }
    if !expected.isFinite { return found != expected }
    return !(abs(found - expected) <= tolerance * max(1, abs(expected)))
  }
}

private func doubles(_ tensor: Tensor) -> [Double] {
  tensor.elementType == .float64 ? tensor.bytes.array(of: Double.self) : tensor.floats().map(Double.init)
}
