import ModelFiles
import NetworkArchitectures
import Testing
import TestSupport

struct SwinConfigurationTests {
  private static let swin = #"{"architecture": "swin_small_patch4_window7_224"}"#

  private func swin(_ text: String) throws -> SwinShape {
    let keys = Self.swin.replacing("}", with: ", \(text)}")
    let folder = try TemporaryFolder()
    let path = try folder.write(keys, to: "config.json")
    return try #require(NetworkConfiguration(path: path).architecture as? SwinShape)
  }

  @Test func `a Swin transformer is read by the same reader`() throws {
    let named = try #require(
      SwinShape.named.first { $0.name == "swin_small_patch4_window7_224" }
    ).architecture
    #expect(try swin(#""num_classes": 1000"#) == named)
    let changed = try swin(
      #""model_args": {"depths": [1, 1], "num_heads": [2, 4], "embed_dim": 32, "mlp_ratio": 2}"#)
    #expect(changed.depths == [1, 1])
    #expect(changed.heads == [2, 4])
    #expect(changed.embeddingWidth == 32)
    #expect(changed.hiddenRatio == 2)
    #expect(changed.windowSize == 7)
    let uneven = try swin(
      #""window_size": [7, 4], "mlp_ratio": 2.5, "qkv_bias": false"#)
    #expect(uneven.windowSize == GridSize(height: 7, width: 4))
    #expect(uneven.hiddenWidth(ofStage: 1) == 480)
    #expect(!uneven.hasQKVBias)
  }

  @Test(arguments: [
    (#""depths": 3"#, "a list of integers"), (#""depths": [2, "x"]"#, "a list of integers"),
    (#""num_heads": []"#, "a list of integers"), (#""mlp_ratio": 0"#, "a number above 0"),
    (#""window_size": "7""#, "an integer or a pair"), (#""global_pool": "token""#, "nothing else"),
    (#""model_args": {"depth": 3}"#, "only keys of a plain Swin transformer"),
    (#""depths": [2, 2]"#, "stages with heads"),
  ])
  func `a wrong value of a Swin transformer is named`(text: String, diagnostic: String) throws {
    let error = #expect(throws: ModelFileError.self) { try swin(text) }
    #expect(error?.description.contains(diagnostic) == true, "\(String(describing: error))")
  }
}
