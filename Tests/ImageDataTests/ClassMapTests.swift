import Foundation
import ImageData
import ModelFiles
import NetworkArchitectures
import SparsityCore
import Testing
import TestSupport

/// Class folders and the outputs of a model.
struct ClassMapTests {
  private let preprocessing = Preprocessing(
    resize: 8, cropSize: 7, interpolation: .bicubic, channels: 3)

  /// Makes class folders of one image each and loads them for a model with so many outputs.
  private func load(
    _ folders: [String], outputs: Int, classesText: String? = nil, mapText: String? = nil
  ) throws -> LoadedImages {
    try withTemporaryFolder { folder in
      let data = folder + "/data"
      for name in folders { try write(fixture("rgb.png"), to: "\(data)/\(name)/a.png") }
      if let classesText { try write(Array(classesText.utf8), to: data + "/classes.txt") }
      if let mapText { try write(Array(mapText.utf8), to: folder + "/map.txt") }
      return try loadImages(
        path: data, preprocessing: preprocessing,
        classes: ModelClasses(
          count: outputs, map: mapText == nil ? nil : try ClassMap(path: folder + "/map.txt")),
        threads: 1)
    }
  }

  private func refusal(
    _ folders: [String], outputs: Int, classesText: String? = nil, mapText: String? = nil
  ) throws -> String {
    let error = #expect(throws: ImageDataError.self) {
      try load(folders, outputs: outputs, classesText: classesText, mapText: mapText)
    }
    return try #require(error).description
  }

  @Test func `as many folders as outputs are taken in their order, and that is said`() throws {
    let loaded = try load(["b", "a", "c"], outputs: 3)
    #expect(loaded.set.labels == [0, 1, 2])
    #expect(loaded.assignment == .byOrder(count: 3))
    #expect(loaded.assignment?.description.contains("0…2 in the order of their names") == true)
  }

  @Test func `folders that cannot be the outputs are refused with what to write`() throws {
    let words = try refusal(["cat", "dog", "fox"], outputs: 1000)
    #expect(words.contains("has 3 class folders (cat, dog, fox), the model 1000 outputs"))
    #expect(words.contains("/classes.txt (or give --class-map"))
    #expect(try refusal(["a", "b", "c", "d"], outputs: 3).contains("(a, b, c, …)"))
    // One of them is no id of ImageNet's 1,000 classes.
    #expect(try refusal(["n01440764", "n00000001"], outputs: 1000).contains("2 class folders"))
    // Ids of ImageNet, but a model of other classes.
    #expect(try refusal(["n01440764"], outputs: 10).contains("1 class folder (n01440764)"))
  }

  @Test(arguments: [2, 1000])
  func `sets one level too high are no classes, even where their number fits`(outputs: Int)
    throws
  {
    let words = try refusal(["train", "val"], outputs: outputs)
    #expect(words.contains("holds train, val, which are sets and no classes"))
    #expect(words.hasSuffix("/data/train"))
  }

  @Test func `WordNet ids are outputs of ImageNet's models`() throws {
    let loaded = try load(["n15075141", "n01440764", "n01443537"], outputs: 1000)
    #expect(loaded.set.labels == [0, 1, 999])
    #expect(loaded.set.classNames == nil)
    #expect(loaded.assignment == .byWordNet(folders: 3))
  }

  @Test func `a class map gives each folder its output, in either form`() throws {
    for text in [
      "fox\t7\n\ncat 0\nred fox 9\nunused 3", "cat\na\nb\nc\nd\ne\nf\nfox\ng\nred fox\n",
    ] {
      for given in [(nil, text), (text, nil), ("cat 5", text)] as [(String?, String?)] {
        let loaded = try load(
          ["cat", "fox", "red fox"], outputs: 10, classesText: given.0, mapText: given.1)
        #expect(loaded.set.labels == [0, 7, 9])
        guard case .byMap(let path, folders: 3)? = loaded.assignment else {
          Issue.record("another assignment: \(String(describing: loaded.assignment))")
          continue
        }
        #expect(path.hasSuffix(given.1 == nil ? "/data/classes.txt" : "/map.txt"))
        #expect(loaded.otherFiles.isEmpty)
      }
    }
  }

  @Test func `a class map that does not fit is refused with its place`() throws {
    let unmapped = try refusal(["cat", "dog"], outputs: 3, mapText: "cat 1")
    #expect(unmapped.contains("map.txt gives no output for 1 class folder: dog"))
    let large = try refusal(["cat", "dog"], outputs: 3, mapText: "cat 1\ndog 3")
    #expect(large.contains("gives dog the output 3, but the model has outputs 0…2"))
    let repeated = try refusal(["cat"], outputs: 3, mapText: "cat 1\ncat 2")
    #expect(repeated.contains("map.txt:2: cat has an output already"))
    #expect(try refusal(["cat"], outputs: 3, mapText: "\n").contains("names no class"))
  }

  @Test func `a class map for a set that has labels is refused`() throws {
    try withTemporaryFolder { folder in
      try write(fixture("rgb.png"), to: folder + "/a.png")
      try write(Array("a.png 1".utf8), to: folder + "/labels.txt")
      try write(Array("cat".utf8), to: folder + "/map")
      let classes = ModelClasses(count: 2, map: try ClassMap(path: folder + "/map"))
      let packed = Checkout.demoData + "/test.safetensors"
      for path in [folder, packed] {
        #expect(throws: ImageDataError.needlessClassMap(path: folder + "/map", set: path)) {
          try loadImages(path: path, preprocessing: preprocessing, classes: classes, threads: 1)
        }
      }
    }
  }

  @Test func `a set that was packed without the model's classes can only calibrate`() throws {
    try withTemporaryFolder { folder in
      for name in ["cat", "dog"] { try write(fixture("rgb.png"), to: "\(folder)/d/\(name)/a.png") }
      func packed(requiresClasses: Bool) throws -> PackingReport {
        try pack(
          source: folder + "/d", output: folder + "/p", preprocessing: preprocessing,
          classes: ModelClasses(count: 5), requiresClasses: requiresClasses, threads: 1)
      }
      #expect(throws: ImageDataError.self) { try packed(requiresClasses: true) }
      let words = try packed(requiresClasses: false).assignment?.description
      #expect(words?.hasSuffix("it can calibrate, but measure no accuracy") == true)
      let set = try ImageSet(packedFile: folder + "/p")
      let shape = try TransformerShape(
        imageSize: 7, patchSize: 1, channels: 3, width: 4, depth: 1, heads: 1, hiddenWidth: 4,
        classes: 5)
      try set.checkSize(shape.network.input)
      let error = #expect(throws: ImageDataError.self) { try set.checkFits(shape.network) }
      #expect(error?.description.contains("2 class folders (cat, dog), the model 5") == true)
    }
  }

  @Test func `a packed set keeps the outputs that a class map gave`() throws {
    try withTemporaryFolder { folder in
      for name in ["cat", "dog"] { try write(fixture("rgb.png"), to: "\(folder)/d/\(name)/a.png") }
      try write(Array("dog\ncat\n".utf8), to: folder + "/d/classes.txt")
      _ = try pack(
        source: folder + "/d", output: folder + "/p", preprocessing: preprocessing,
        classes: ModelClasses(count: 5), requiresClasses: true, threads: 1)
      #expect(try ImageSet(packedFile: folder + "/p").labels == [1, 0])
    }
  }
}
