import Foundation
import RunPreparation
import RunStorage
import Testing
import TestSupport

struct PreparationLogTests {
  @Test func `a log says what is being done and how far, until it ends`() throws {
    let folder = try TemporaryFolder()
    let directory = RunDirectory(path: folder.path)
    let log = PreparationLog(in: directory)
    let first = try #require(Preparation.read(in: directory))
    #expect(first.what == "inputs read")
    #expect(first.total == 0)
    let listener = Listener()
    let observer = log.listening(before: listener.observer)
    observer.progressed(2, 9, "layers pruned")
    let next = try #require(Preparation.read(in: directory))
    #expect(next.what == "layers pruned")
    #expect(next.done == 2)
    #expect(next.total == 9)
    #expect(listener.lines == ["2/9 layers pruned"])
    log.end()
    #expect(Preparation.read(in: directory) == nil)
    observer.progressed(3, 9, "images read")
    #expect(try folder.files.isEmpty)
    #expect(listener.lines == ["2/9 layers pruned", "3/9 images read"])
  }

  @Test func `a file of another version says as much as none`() throws {
    let folder = try TemporaryFolder()
    let directory = RunDirectory(path: folder.path)
    _ = try folder.write(#"{"what": 3}"#, to: "preparation.json")
    #expect(Preparation.read(in: directory) == nil)
  }
}
