import ModelFiles
import NetworkArchitectures
import Testing
import TestSupport

struct SwinShapeTests {
  @Test(.needsSharedData("golden/swin.safetensors"))
  func `tensors have timm's names and shapes`() throws {
    let shape = try SwinShape(
      imageSize: 32, patchSize: 4, channels: 3, embeddingWidth: 12, depths: [2, 4, 1],
      heads: [2, 4, 8], windowSize: 4, classes: 10)
    let file = try SafetensorsFile(path: SharedData.path("golden/swin.safetensors"))
    let names = file.names.filter { name in
      ["patch_embed.", "layers.", "norm.", "head."].contains { name.hasPrefix($0) }
    }
    let tensors = shape.network.tensors
    #expect(Set(tensors.map(\.name)) == Set(names))
    for tensor in tensors {
      // Where the window of this geometry has another size, so has its table.
      let own = file.tensors["w4.\(tensor.name)"] ?? file.tensors[tensor.name]
      #expect(own?.shape == tensor.shape, "\(tensor.name)")
    }
  }
}
