import Coordination
import SparsityCore
import Testing

struct MinimumHeapTests {
  @Test(arguments: UInt64(0)..<20)
  func `elements come out in order`(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var heap = MinimumHeap<Int>()
    var sorted: [Int] = []
    for _ in 0..<200 {
      if generator.index(below: 3) == 0 {
        #expect(heap.minimum == sorted.first)
        #expect(heap.popMinimum() == (sorted.isEmpty ? nil : sorted.removeFirst()))
      } else {
        let element = generator.index(below: 50)
        heap.insert(element)
        sorted.insert(element, at: sorted.firstIndex { $0 > element } ?? sorted.count)
      }
      #expect(heap.count == sorted.count)
    }
    while let minimum = heap.popMinimum() { #expect(minimum == sorted.removeFirst()) }
    #expect(sorted.isEmpty)
    #expect(heap.isEmpty)
  }
}
