/// The positions with the largest keys among those offered, of equal ones the lowest; as a heap with the last of them on
/// top.
struct PositionHeap {
  struct Entry {
    let key: Int64
    let position: Int

    func precedes(_ other: Entry) -> Bool {
      key != other.key ? key > other.key : position < other.position
    }
  }

  private(set) var entries: [Entry]
  private var count = 0

  /// - Parameter limit: how many positions are kept, 1 or more.
  init(limit: Int) {
    entries = [Entry](repeating: Entry(key: 0, position: 0), count: limit)
  }

  /// Forgets everything.
  mutating func clear() { count = 0 }

  /// Takes the positions from `first` on that are among those to keep; positions are offered in ascending order.
  mutating func offer(_ keys: Span<Int64>, first: Int) {
    var index = 0
    while index < keys.count && count < entries.count {
      count += 1
      rise(Entry(key: keys[index], position: first + index))
      index += 1
    }
    var worst = entries[0].key
    while index < keys.count {
      // Of equal ones the earlier stays.
      if keys[index] > worst {
        sink(Entry(key: keys[index], position: first + index))
        worst = entries[0].key
      }
      index += 1
    }
  }

  /// Puts the entries in their order.
  mutating func sort() {
    while count > 1 {
      count -= 1
      let last = entries[count]
      entries[count] = entries[0]
      sink(last)
    }
  }

  /// Places an entry from the last place upwards.
  private mutating func rise(_ entry: Entry) {
    var place = count - 1
    var places = entries.mutableSpan
    while place > 0 {
      let parent = (place - 1) / 2
      guard places[parent].precedes(entry) else { break }
      places[place] = places[parent]
      place = parent
    }
    places[place] = entry
  }

  /// Places an entry from the top downwards.
  private mutating func sink(_ entry: Entry) {
    let count = count
    var places = entries.mutableSpan
    var place = 0
    while 2 * place + 1 < count {
      var child = 2 * place + 1
      if child + 1 < count, places[child].precedes(places[child + 1]) { child += 1 }
      guard entry.precedes(places[child]) else { break }
      places[place] = places[child]
      place = child
    }
    places[place] = entry
  }
}
