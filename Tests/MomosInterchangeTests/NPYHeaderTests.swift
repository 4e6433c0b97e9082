import MomosModel
import Testing

@testable import MomosInterchange

struct NPYHeaderTests {
  /// A file of version `major`.0 with this header literal.
  static func file(_ literal: String, major: UInt8 = 1, data: [UInt8] = []) -> [UInt8] {
    let count = literal.utf8.count
    let bytes = [
      UInt8(count & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count >> 16 & 0xFF), UInt8(count >> 24),
    ]
    return [0x93] + Array("NUMPY".utf8) + [major, 0] + bytes.prefix(major == 1 ? 2 : 4) + Array(literal.utf8)
      + data
  }

  private func refusedRule(_ literal: String) -> InterchangeError.Rule? {
    refusal { () throws(InterchangeError) in try NPYFile(Bytes(Self.file(literal))) }?.rule
  }

  @Test(arguments: [
    "{'descr':'<f4','fortran_order':False,'shape':(2,3)}",
    "{\"shape\": (2, 3,), \"descr\": \"<f4\", \"fortran_order\": False, }   \n",
    "  { 'fortran_order' : False , 'descr' : '<f4' , 'shape' : ( 2 , 3 ) } \n",
  ])
  func keysMayComeInAnyOrderAndSpacing(_ literal: String) throws {
    let header = try NPYHeader(parsing: Self.file(literal).span)
    #expect(header.elementType == .float32)
    #expect(header.shape.dimensions == [2, 3])
    #expect(!header.isFortranOrder)
  }

  @Test(arguments: [
    ("()", []), ("(7,)", [7]), ("(0, 5)", [0, 5]),
  ])
  func tuplesAreReadAsPythonDoes(_ tuple: String, _ dimensions: [Int]) throws {
    let literal = "{'descr': '<f4', 'fortran_order': False, 'shape': \(tuple), }"
    #expect(try NPYHeader(parsing: Self.file(literal).span).shape.dimensions == dimensions)
  }

  @Test(arguments: [
    "", "{", "[]", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", "dict(descr='<f4')",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (01,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1L,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1+1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
    "{'descr': 'a\\x41', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}",
    "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,)}",
    "{'descr' '<f4', 'fortran_order': False, 'shape': (1,)}",
    "{, 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
  ])
  func otherPythonIsRefused(_ literal: String) {
    #expect(refusedRule(literal) == .npyHeaderSyntax)
  }

  @Test(arguments: [
    "{}", "{'descr': '<f4', 'fortran_order': False}",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'extra': 1}",
  ])
  func otherKeysAreRefused(_ literal: String) {
    #expect(refusedRule(literal) == .npyHeaderKeys)
  }

  @Test(arguments: ["=f4", "|f4", "f4", "xf4"])
  func unknownByteOrderIsRefused(_ descriptor: String) {
    let rule = refusedRule("{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (1,)}")
    #expect(rule == (descriptor == "f4" ? .npyElementType : .npyByteOrder))
  }

  @Test(arguments: ["(281474976710657,)", "(4294967296, 4294967296)", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"])
  func shapesBeyondTheLimitsAreRefused(_ tuple: String) {
    #expect(refusedRule("{'descr': '<f4', 'fortran_order': False, 'shape': \(tuple)}") == .shape)
  }

  @Test func smallFileThatClaimsThirtyTwoGibibytesIsRefused() throws {
    let file = Self.file("{'descr':'<f4','fortran_order':False,'shape':(2097152,4096)}", data: [0, 0, 0, 0])
    #expect(file.count < 80)
    let error = try #require(refusal { () throws(InterchangeError) in try NPYFile(Bytes(file)) })
    #expect(error.rule == .dataTruncated)
    #expect(
      error.description == "data: expected 34359738368 bytes for f32[2097152, 4096], found 4")
  }

  @Test(arguments: [[0, 0], [1, 1], [4, 0], [255, 0]] as [[UInt8]])
  func unknownVersionsAreRefused(_ version: [UInt8]) {
    var file = Self.file("{'descr':'<f4','fortran_order':False,'shape':(0,)}")
    file.replaceSubrange(6..<8, with: version)
    #expect(refusal { () throws(InterchangeError) in try NPYFile(Bytes(file)) }?.rule == .npyVersion)
  }

  @Test func headersUpToTheCapAreRead() throws {
    let literal = "{'descr':'<f4','fortran_order':False,'shape':(0,)}"
    let atCap = literal + String(repeating: " ", count: NPYHeader.maximumByteCount - literal.utf8.count)
    #expect(try NPYHeader(parsing: Self.file(atCap, major: 2).span).shape.dimensions == [0])
    let file = Self.file(atCap + " ", major: 2)
    #expect(refusal { () throws(InterchangeError) in try NPYFile(Bytes(file)) }?.rule == .npyHeaderTooLarge)
  }

  @Test(arguments: [0, 5, 6, 7, 9, 10, 30])
  func headersThatEndEarlyAreRefused(_ count: Int) {
    let file = Self.file("{'descr':'<f4','fortran_order':False,'shape':(0,)}").prefix(count)
    let rule = refusal { () throws(InterchangeError) in try NPYFile(Bytes(Array(file))) }?.rule
    #expect(rule == (count < 6 ? .npySignature : .npyHeaderTruncated))
  }

  /// The bytes by hand: 10 in front, 117 characters and a line end, so that data start at 128.
  @Test func encodedHeaderIsThatOfTheFormatDescription() {
    let literal = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"
    let expected =
      [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(literal.utf8)
      + [UInt8](repeating: 0x20, count: 117 - literal.utf8.count) + [0x0A]
    #expect(NPYHeader.encoded(elementType: .float32, shape: Shape(vector: 3)) == expected)
  }

  @Test func encodedHeaderOfEveryRankEndsAtAMultipleOfSixtyFour() throws {
    for rank in 0...Shape.maximumRank {
      let shape = try Shape([Int](repeating: 3, count: rank))
      let bytes = NPYHeader.encoded(elementType: .bool, shape: shape)
      #expect(bytes.count % 64 == 0)
      let header = try NPYHeader(parsing: bytes.span)
      #expect(header.shape == shape)
      #expect(header.elementType == .bool)
      #expect(header.dataOffset == bytes.count)
    }
  }
}
