import MomosModel
import Testing

/// Rows of tables small enough to compute by hand.
struct RowReconstructionTests {
  private func stage(_ indices: [UInt16], rows: Int) throws -> Stage {
    let dictionary = MotifDictionary(
      motifCount: 3, blockLength: 2, elementType: .float32,
      values: try Bytes(copying: [1, 2, 3, 4, 5, 6] as [Float]))
    return Stage(
      dictionary: dictionary,
      mosaic: try Mosaic(
        packing: indices, rowCount: rows, blockCount: indices.count / rows, blockLength: 2, indexWidth: 2))
  }

  private func table(
    _ elementType: ElementType, blocking: Blocking, composition: Composition = .sum,
    outliers: Outliers = .none
  ) throws -> RowReconstruction {
    // Rows of three columns: blocks of two with a short last one, or one run of blocks over all rows.
    let stage = try stage([0, 2, 1, 0, 2, 1], rows: blocking == .rows ? 3 : 1)
    let indices = try blocking == .rows ? stage : self.stage([0, 2, 1, 0, 2], rows: 1)
    return RowReconstruction(
      MosaicTensor(
        elementType: elementType, shape: try Shape([3, 3]), view: .lastAxisIsInput(rank: 2),
        blocking: blocking,
        composition: composition, parts: [MosaicPart(stages: [indices])], outliers: outliers))
  }

  private func row<Pattern: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ row: Int, of table: RowReconstruction, _ pattern: Pattern.Type
  ) -> [Pattern] {
    var weights = [Pattern](repeating: 0, count: table.columnCount)
    var span = weights.mutableSpan
    table.write(row: row, to: &span)
    return weights
  }

  @Test(arguments: [Composition.sum, .copy])
  func rowsOfBlocksAlongColumns(composition: Composition) throws {
    let table = try table(.float32, blocking: .rows, composition: composition)
    let rows: [[Float]] = [[1, 2, 5], [3, 4, 1], [5, 6, 3]]
    for (number, expected) in rows.enumerated() {
      #expect(row(number, of: table, UInt32.self) == expected.map(\.bitPattern))
    }
  }

  @Test(arguments: [Composition.sum, .copy])
  func rowsOfBlocksAcrossRows(composition: Composition) throws {
    let table = try table(.float32, blocking: .flat, composition: composition)
    let rows: [[Float]] = [[1, 2, 5], [6, 3, 4], [1, 2, 5]]
    for (number, expected) in rows.enumerated() {
      #expect(row(number, of: table, UInt32.self) == expected.map(\.bitPattern))
    }
  }

  @Test(arguments: [Blocking.rows, .flat])
  func outliersAreAddedToTheirRow(blocking: Blocking) throws {
    // Row 1, column 1.
    let place = blocking == .rows ? (row: 1, column: 1) : (row: 0, column: 4)
    let outliers = Outliers(rows: [place.row], columns: [place.column], values: [0.5])
    let table = try table(.float32, blocking: blocking, outliers: outliers)
    let expected: [Float] = blocking == .rows ? [3, 4.5, 1] : [6, 3.5, 4]
    #expect(row(1, of: table, UInt32.self) == expected.map(\.bitPattern))
    #expect(row(0, of: table, UInt32.self) == [1, 2, 5].map { Float($0).bitPattern })
  }

  @Test func rowsHaveTheElementTypeOfTheTensor() throws {
    #expect(row(0, of: try table(.float16, blocking: .rows), UInt16.self) == [0x3C00, 0x4000, 0x4500])
    #expect(row(0, of: try table(.bfloat16, blocking: .flat), UInt16.self) == [0x3F80, 0x4000, 0x40A0])
    #expect(row(0, of: try table(.float64, blocking: .rows), UInt64.self)[2] == Double(5).bitPattern)
  }

  @Test(arguments: [
    (1, IndexLayout.rowMajor), (3, .rowMajor), (8, .rowMajor), (11, .rowMajor), (16, .rowMajor),
    (8, .tileK256), (4, .tileK16), (6, .tileK64),
  ])
  func singleIndicesAreThoseOfTheRow(_ indexWidth: Int, _ layout: IndexLayout) throws {
    let (rowCount, blockCount) = (5, 9)
    let indices = (0..<rowCount * blockCount).map {
      UInt16(truncatingIfNeeded: $0 * 40_503) & UInt16((1 << indexWidth) - 1)
    }
    let mosaic = try Mosaic(
      packing: indices, rowCount: rowCount, blockCount: blockCount, blockLength: 4, indexWidth: indexWidth,
      layout: layout)
    for row in 0..<rowCount {
      for block in 0..<blockCount {
        #expect(mosaic.index(row: row, block: block) == indices[row * blockCount + block])
      }
    }
  }
}
