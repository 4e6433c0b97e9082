import MomosModel

/// Why a foreign file was refused or could not be written.
///
/// `description` is one complete line, "FILE: PLACE: expected X, found Y": a caller adds no path to it.
public struct InterchangeError: Error, Hashable {
  public var rule: Rule
  /// The file or folder as the user gave it; "" if the bytes did not come from a file.
  public var path: String
  /// Where inside the file, for instance "member 'fc1.npy': header"; "" for the file as a whole.
  public var place: String
  /// What would have been right.
  public var expected: String
  public var found: String

  public init(_ rule: Rule, path: String = "", place: String = "", expected: String, found: String) {
    self.rule = rule
    self.path = path
    self.place = place
    self.expected = expected
    self.found = found
  }

  /// The rules of this module. Each one has its own case, so that tests and callers can tell them apart.
  public enum Rule: Sendable, Hashable, CaseIterable {
    // Files and folders.
    case missingFile, unreadableFile, notARegularFile, unknownContent, momosAsSource
    case folderWithoutTensors, linkLeavesFolder, pathLeavesFolder, fileChanged, outputNotWritable
    case severalGraphs
    // Tensor names and arguments.
    case tensorName, duplicateTensor, unknownTensor, nameForSeveralTensors, rawElementType, rawShape
    // Every kind of tensor.
    case shape, dataTruncated, dataTrailing, boolValue, outOfMemory
    // npy.
    case npySignature, npyVersion, npyHeaderTruncated, npyHeaderTooLarge, npyHeaderSyntax, npyHeaderKeys
    case npyElementType, npyByteOrder
    // npz.
    case zipEndRecord, zipSeveralDisks, zipDirectory, zipMemberName, zipDuplicateMember, zipEncrypted
    case zipMethod, zipLocalHeader, zipOverlap, zipRatio, zipDeflate, zipMemberSize, zipChecksum
    // ONNX.
    case protobufSyntax, onnxTooLarge, onnxGraph, onnxOperatorSet, onnxElementType, onnxTensorData
    case onnxExternalData, onnxHardLink, onnxConstant, onnxValueType, onnxAttribute, onnxFunction,
      onnxSparseTensor
    // safetensors.
    case safetensorsHeader, safetensorsElementType, safetensorsOffsets, safetensorsIndex
    // JSON, and graphs in it.
    case jsonSyntax, jsonRepeatedKey, jsonMissingKey, jsonUnknownKey, jsonValue
    case graphTooLarge, graphAttributeValue, graphNumber
    case planTooLarge, planParts, planRows
    // Options.
    case optionsTooLarge
  }

  /// The same error in the file at `path`, unless it already names one.
  func inFile(_ path: String) -> InterchangeError {
    var error = self
    if error.path.isEmpty { error.path = path }
    return error
  }

  /// The same error with its place inside `outer`.
  func inside(_ outer: String) -> InterchangeError {
    var error = self
    error.place = place.isEmpty ? outer : "\(outer): \(place)"
    return error
  }
}

extension InterchangeError: CustomStringConvertible {
  public var description: String {
    let location = [path, place].filter { !$0.isEmpty }.map { $0 + ": " }.joined()
    return "\(location)expected \(expected), found \(found)"
  }
}

extension InterchangeError {
  /// Text from a file for a message: in quotes, on one line, cut after 80 characters.
  static func quoted(_ text: some StringProtocol) -> String {
    var result = "'"
    for scalar in text.unicodeScalars.prefix(80) {
      result += scalar.printable
    }
    return result + (text.unicodeScalars.count > 80 ? "...'" : "'")
  }

  /// Runs work on model values and turns their errors into errors of this module.
  static func translating<Value: ~Copyable>(
    _ work: () throws(ModelError) -> Value
  ) throws(InterchangeError) -> Value {
    do {
      return try work()
    } catch {
      if case .allocationFailed(let byteCount) = error {
        throw InterchangeError(.outOfMemory, expected: "\(byteCount) bytes of memory", found: "less")
      }
      throw InterchangeError(.shape, expected: "an allowed shape", found: "one that breaks a rule: \(error)")
    }
  }
}
