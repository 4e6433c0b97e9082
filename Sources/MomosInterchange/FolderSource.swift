import Glibc
import MomosModel

/// A folder of .npy files; the tensors get the files' names without ".npy" and are sorted by the bytes of
/// their names.
///
/// Other files, hidden files and subfolders are left aside. A symbolic link named like a tensor is followed
/// only if its target stays inside the folder. Files are opened to read their headers and again to read a
/// tensor, so that a folder may hold more files than a process may have mapped.
struct FolderSource: TensorSource {
  let catalog: [SourceTensor]
  private let files: [String: TensorFile]

  private struct TensorFile {
    let tensor: SourceTensor
    /// Without symbolic links.
    let resolvedPath: String
  }

  init(path: String) throws(InterchangeError) {
    do throws(InterchangeError) {
      let folder = try SourceFolder(path: path)
      var files: [TensorFile] = []
      for fileName in try folder.fileNames(ending: ".npy") {
        guard let file = try Self.tensorFile(fileName, folder: folder) else { continue }
        files.append(file)
      }
      guard !files.isEmpty else {
        throw InterchangeError(
          .folderWithoutTensors, expected: "a folder with .npy files", found: "none in it")
      }
      catalog = files.map(\.tensor)
      try catalog.requireUniqueNames()
      self.files = Dictionary(uniqueKeysWithValues: files.map { ($0.tensor.name, $0) })
    } catch {
      throw error.inFile(path)
    }
  }

  func read(_ name: String) throws(InterchangeError) -> Tensor {
    guard let file = files[name] else { throw .unknownTensor(name) }
    do throws(InterchangeError) {
      let content = try NPYFile(path: file.resolvedPath)
      guard content.elementType == file.tensor.elementType, content.shape == file.tensor.shape else {
        throw InterchangeError(
          .fileChanged, expected: "\(file.tensor.elementType.name)\(file.tensor.shape) as when it was opened",
          found: "\(content.elementType.name)\(content.shape)")
      }
      return try content.tensor()
    } catch {
      throw error.inFile(file.tensor.origin)
    }
  }

  static func isFolder(_ path: String) -> Bool {
    kind(ofFile: path) == S_IFDIR
  }

  private static func kind(ofFile path: String) -> mode_t? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  /// The tensor in a file of the folder, or nil for a subfolder.
  private static func tensorFile(
    _ fileName: String, folder: SourceFolder
  ) throws(InterchangeError) -> TensorFile? {
    let path = folder.path(of: fileName)
    let resolvedPath = try folder.resolve(fileName)
    guard kind(ofFile: resolvedPath) != S_IFDIR else { return nil }
    do throws(InterchangeError) {
      let file = try NPYFile(SourceFile.map(resolvedPath))
      let name = try SourceTensor.name(Array(fileName.utf8.dropLast(4)))
      let tensor = SourceTensor(name: name, elementType: file.elementType, shape: file.shape, origin: path)
      return TensorFile(tensor: tensor, resolvedPath: resolvedPath)
    } catch {
      throw error.inFile(path)
    }
  }
}
