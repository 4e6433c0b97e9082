import MomosFit
import MomosFormat
import MomosInterchange
import MomosKernels
import MomosModel
import MomosRuntime

/// Why something was refused or failed: a line for the user, and a kind that commands turn into exit codes.
public struct MomosError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable, Hashable {
    /// Arguments that cannot be meant as they are.
    case usage
    /// A file or tensor whose content is wrong.
    case badData
    /// A file or name that is not there.
    case missingInput
    /// The system refused: no space, no permission, no memory.
    case system
    /// Whoever is told of the progress asked to stop.
    case cancelled
  }

  public let kind: Kind
  /// One line: where, what was expected, what was found.
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// An error of any module, with the kind that it has there.
  ///
  /// - Parameter file: the `.momos` file that it is about, for errors of the format that do not name it.
  init(_ error: any Error, in file: String? = nil) {
    switch error {
    case let error as MomosError: self = error
    case let error as InterchangeError: self.init(Self.kind(of: error), "\(error)")
    case let error as FormatError:
      // A place in quotes is a file.
      let prefix = error.place.hasPrefix("'") ? "" : file.map { "'\($0)': " } ?? ""
      self.init(Self.kind(of: error), "\(prefix)\(error)")
    case let error as FitError: self.init(Self.kind(of: error), "\(error)")
    case let error as ModelError: self.init(Self.kind(of: error), "\(error)")
    case RuntimeError.model(let error, _): self.init(Self.kind(of: error), "\(error)")
    case RuntimeError.missingInput, RuntimeError.unexpectedInput: self.init(.usage, "\(error)")
    case let error as RuntimeError: self.init(.badData, "\(error)")
    case let error as KernelError: self.init(.usage, "\(error)")
    default: self.init(.system, "\(error)")
    }
  }

  /// Runs work of other modules and gives their errors this type.
  static func translating<Value: ~Copyable>(
    in file: String? = nil, _ work: () throws -> Value
  ) throws(MomosError) -> Value {
    do {
      return try work()
    } catch {
      throw MomosError(error, in: file)
    }
  }

  private static func kind(of error: InterchangeError) -> Kind {
    switch error.rule {
    case .missingFile, .unknownTensor: .missingInput
    case .unreadableFile, .outputNotWritable, .outOfMemory, .fileChanged: .system
    default: .badData
    }
  }

  private static func kind(of error: FormatError) -> Kind {
    switch error.rule {
    case .cannotOpen, .noSuchTensor: .missingInput
    case .targetExists: .usage
    case .cannotRead, .cannotWrite, .diskFull, .allocation: .system
    default: .badData
    }
  }

  private static func kind(of error: FitError) -> Kind {
    switch error {
    case .optionOutOfRange, .capacityTooLarge, .budgetTooSmall, .fileTooSmall, .lossOutOfReach: .usage
    case .nonfiniteTensor, .sourceChanged, .unusableFindings: .badData
    }
  }

  private static func kind(of error: ModelError) -> Kind {
    switch error {
    case .allocationFailed, .spoolFailed: .system
    case .negativeDimension, .rankTooLarge, .elementCountOverflow: .badData
    }
  }
}
