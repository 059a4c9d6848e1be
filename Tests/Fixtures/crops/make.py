# Makes crops.safetensors beside it: what torchvision's Resize and CenterCrop give for small images.
# The committed file is that of torchvision 0.29.2 (torch 2.15.0) with Pillow 12.2.0; needed are
# also numpy and safetensors. Pillow 13 resizes some images in another order of passes.
#
# A tensor "RESIZE/CROP/CHANNELS" holds [height, width, CROP, CROP, CHANNELS]: for each height and
# width from 1 to CROP + 3 the pixels that CenterCrop(CROP) leaves after Resize(RESIZE), or alone
# where RESIZE is "none". An image is the formula of `pattern`.
import os

import numpy as np
import PIL
import safetensors.numpy as sn
import torchvision
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

out = os.path.dirname(os.path.abspath(__file__))


def pattern(w, h, c):
    y, x, k = np.meshgrid(np.arange(h), np.arange(w), np.arange(c), indexing="ij")
    return (1 + (x * x * 7 + y * y * 13 + x * y * 31 + k * 89 + x * k * 5) % 255).astype(np.uint8)


def prepared(resize, crop, channels):
    steps = [Resize(resize, InterpolationMode.BICUBIC)] if resize else []
    transform = Compose(steps + [CenterCrop(crop)])
    sizes = range(1, crop + 4)
    images = np.zeros((len(sizes), len(sizes), crop, crop, channels), np.uint8)
    for height in sizes:
        for width in sizes:
            pixels = pattern(width, height, channels)
            image = Image.fromarray(pixels if channels == 3 else pixels[..., 0])
            cut = np.asarray(transform(image)).reshape(crop, crop, channels)
            images[height - 1, width - 1] = cut
    return images


tensors = {
    f"{resize or 'none'}/{crop}/{channels}": prepared(resize, crop, channels)
    for resize, crop, channels in [(None, 7, 3), (None, 8, 1), (5, 7, 1), (6, 7, 1), (7, 8, 1)]
}
versions = {"torchvision": torchvision.__version__, "Pillow": PIL.__version__}
sn.save_file(tensors, f"{out}/crops.safetensors", metadata=versions)
