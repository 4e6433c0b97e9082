import Momos
import Testing

/// What --target-size means.
struct ByteSizeTests {
  @Test(arguments: [
    ("0", 0), ("500000", 500_000), ("10MB", 10_000_000), ("10mb", 10_000_000), ("1.5GiB", 1_610_612_736),
    ("12b", 12),
    ("0.5KiB", 512), ("1.9b", 1), ("3TiB", 3_298_534_883_328),
    ("4611686018427387903", 4_611_686_018_427_387_903),
  ])
  func numbersHaveUnits(text: String, byteCount: Int) {
    #expect(ByteSize(argument: text)?.byteCount == byteCount)
  }

  @Test(arguments: [
    "", "MB", ".5MB", "5.MB", "1..5MB", "-1", "+1", "1 MB", "1e6", "0x10", "10MBs", "1,5MB", "٣", "１", "½",
    "1\u{301}",
    "4611686018427387904", "4194304TiB", "9e999", "99999999999999999999",
  ])
  func otherTextIsRefused(text: String) {
    #expect(ByteSize(argument: text) == nil)
  }
}
