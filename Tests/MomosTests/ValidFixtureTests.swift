import Glibc
import Momos
import MomosInterchange
import Testing

/// Every valid fixture reads back, bit for bit, as the arrays that numpy computed without any reader.
struct ValidFixtureTests {
  static let folder = fixtureFolder("valid")

  @Test func fixturesAreThere() {
    #expect(momosFiles(in: Self.folder).count >= 60)
  }

  @Test(arguments: momosFiles(in: folder))
  func tensorsAreThoseOfNumpy(file: String) throws {
    let inspection = try Inspection(path: "\(Self.folder)/\(file)")
    let report = try inspection.report(checksAll: true)
    let expected = try SourceCollection.open(["\(Self.folder)/\(file.dropLast(6)).npz"])
    #expect(Set(report.tensors.map(\.name)) == Set(expected.catalog.map(\.name)))
    for tensor in report.tensors {
      let found = try inspection.dense(tensor.name)
      let wanted = try expected.read(tensor.name)
      #expect(found.shape == wanted.shape)
      // numpy has no bfloat16: its bit patterns are stored as uint16.
      #expect(
        found.elementType == wanted.elementType
          || (found.elementType == .bfloat16 && wanted.elementType == .uint16))
      #expect(found.bytes == wanted.bytes, "tensor \(tensor.name)")
    }
  }
}

/// A folder of `fixtures`.
func fixtureFolder(_ name: String, file: String = #filePath) -> String {
  file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/fixtures/\(name)"
}

private func momosFiles(in folder: String) -> [String] {
  guard let stream = unsafe opendir(folder) else { return [] }
  defer { unsafe closedir(stream) }
  var names: [String] = []
  while let entry = unsafe readdir(stream) {
    let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      String(decoding: unsafe Array(bytes.prefix { $0 != 0 }), as: UTF8.self)
    }
    if name.hasSuffix(".momos") { names.append(name) }
  }
  return names.sorted()
}
