import MomosModel
import Testing

struct ElementTypeTests {
  // Bit patterns by hand: bfloat16 keeps the sign, the 8 exponent bits and 7 bits of the significand.
  static let roundings: [(Float, UInt16)] = [
    (1, 0x3F80), (-2, 0xC000), (0, 0), (-0.0, 0x8000), (.infinity, 0x7F80),
    (Float(bitPattern: 0x3F80_8000), 0x3F80),  // halfway, down to even
    (Float(bitPattern: 0x3F81_8000), 0x3F82),  // halfway, up to even
    (Float(bitPattern: 0x3F80_8001), 0x3F81),  // above halfway
    (.greatestFiniteMagnitude, 0x7F80),
  ]

  @Test(arguments: roundings)
  func bfloat16RoundsToNearestEven(value: Float, bits: UInt16) {
    #expect(value.bfloat16Bits == bits)
  }

  @Test func bfloat16KeepsNaN() {
    #expect(Float(bfloat16Bits: Float.nan.bfloat16Bits).isNaN)
    // A NaN whose upper half alone would read as infinity.
    #expect(Float(bfloat16Bits: Float(bitPattern: 0x7F80_0001).bfloat16Bits).isNaN)
  }

  @Test func everyBfloat16SurvivesFloat32() {
    for bits in UInt16.min...UInt16.max where !Float(bfloat16Bits: bits).isNaN {
      #expect(Float(bfloat16Bits: bits).bfloat16Bits == bits)
    }
  }

  @Test func namesAreUniqueAndReadBack() {
    for type in ElementType.allCases { #expect(ElementType(name: type.name) == type) }
    #expect(ElementType(name: "f8") == nil)
  }
}
