import MomosModel
import Testing

struct TensorTests {
  @Test func transposingAMatrixSwapsItsAxes() throws {
    let matrix = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: Shape([2, 3]))
    let transposed = try matrix.transposed([1, 0])
    #expect(transposed.shape.dimensions == [3, 2])
    #expect(transposed.floats() == [1, 4, 2, 5, 3, 6])
  }

  // numpy: np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).ravel()
  @Test func transposingThreeAxesAgreesWithNumpy() throws {
    let tensor = try Tensor((0..<24).map { Int64($0) }, shape: Shape([2, 3, 4]))
    let transposed = try tensor.transposed([2, 0, 1])
    #expect(transposed.shape.dimensions == [4, 2, 3])
    #expect(
      transposed.integers() == [
        0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23,
      ])
  }

  @Test func transposingAndBackIsIdentity() throws {
    let values = (0..<120).map { Float($0) }
    for type in [ElementType.float32, .float64, .float16, .bfloat16] {
      let tensor = try Tensor(rounding: values, to: type, shape: Shape([2, 3, 4, 5]))
      #expect(try tensor.transposed([3, 1, 0, 2]).transposed([2, 1, 3, 0]) == tensor)
    }
  }

  @Test func emptyAndScalarTensorsTranspose() throws {
    let empty = try Tensor([] as [Float], shape: Shape([0, 3]))
    #expect(try empty.transposed([1, 0]).shape.dimensions == [3, 0])
    let scalar = try Tensor([7] as [Float], shape: Shape([]))
    #expect(try scalar.transposed([]) == scalar)
  }

  @Test func integersOfEveryTypeRead() throws {
    let bytes = try Bytes(copying: [0xFF, 0x7F] as [UInt8])
    let vector = Shape(vector: 2)
    #expect(Tensor(elementType: .int8, shape: vector, bytes: bytes).integers() == [-1, 127])
    #expect(Tensor(elementType: .uint8, shape: vector, bytes: bytes).integers() == [255, 127])
    #expect(Tensor(elementType: .uint16, shape: Shape(vector: 1), bytes: bytes).integers() == [0x7FFF])
    let large = try Bytes(copying: [UInt64.max])
    #expect(Tensor(elementType: .uint64, shape: Shape(vector: 1), bytes: large).integers() == nil)
    #expect(try Tensor([1.5] as [Float], shape: Shape(vector: 1)).integers() == nil)
  }

  @Test func floatsOfARangeAreThatRange() throws {
    let tensor = try Tensor(rounding: [1, 2, 3, 4], to: .float16, shape: Shape([4]))
    #expect(tensor.floats(in: 1..<3) == [2, 3])
  }
}
