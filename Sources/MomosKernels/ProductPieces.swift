/// How images, or matrices of a batch, are cut into pieces for threads: by rows and pixels, at places that change no
/// bit.
struct ProductPieces {
  private let images: Int
  private let rows: Int
  private let pixels: Int
  private let rowStep: Int
  private let pixelStep: Int
  /// Tasks, each with pieces of its own.
  let taskCount: Int

  /// Pixels that share the packing of a panel and the laying out of a tile.
  private static let blockPixels = 240

  /// - Parameters:
  ///   - images: matrices of the same shape, one after the other.
  ///   - rowGranularity: rows of a piece are a multiple of this, or the rest.
  ///   - splitsPixels: false if a piece must have all pixels.
  ///   - work: multiplications of one image; few are not worth a thread.
  init(
    images: Int, rows: Int, pixels: Int, rowGranularity: Int, splitsPixels: Bool = true, work: Int,
    threadCount: Int
  ) {
    self.images = images
    self.rows = rows
    self.pixels = pixels
    let threads = images * work < 200_000 ? 1 : threadCount
    let wanted = (threads + images - 1) / images
    let byPixels = splitsPixels && pixels >= wanted * Self.blockPixels
    let pixelShare = byPixels ? (pixels + wanted - 1) / wanted : pixels
    let rowShare = byPixels ? rows : (rows + wanted - 1) / wanted
    pixelStep = (pixelShare + 15) / 16 * 16
    rowStep = (rowShare + rowGranularity - 1) / rowGranularity * rowGranularity
    let pieceCount = images * ((rows + rowStep - 1) / rowStep) * ((pixels + pixelStep - 1) / pixelStep)
    taskCount = min(threads, pieceCount)
  }

  private var rowPieces: Int { (rows + rowStep - 1) / rowStep }
  private var pixelPieces: Int { (pixels + pixelStep - 1) / pixelStep }

  /// The pieces of one task.
  func forEach(of task: Int, _ body: (_ image: Int, _ rows: Range<Int>, _ pixels: Range<Int>) -> Void) {
    let count = images * rowPieces * pixelPieces
    for piece in task * count / taskCount..<(task + 1) * count / taskCount {
      let row = piece % (rowPieces * pixelPieces) / pixelPieces * rowStep
      let pixel = piece % pixelPieces * pixelStep
      body(
        piece / (rowPieces * pixelPieces), row..<min(row + rowStep, rows),
        pixel..<min(pixel + pixelStep, pixels)
      )
    }
  }
}
