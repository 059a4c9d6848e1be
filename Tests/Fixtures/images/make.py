# Makes the files beside it: small images of formulas, and what Pillow sees in them.
# The committed files are those of Pillow 12.2.0 (numpy and safetensors are needed too).
import os, zlib, struct, numpy as np, PIL
from PIL import Image
import safetensors.numpy as sn

out = os.path.dirname(os.path.abspath(__file__))
print("Pillow", PIL.__version__)


def tv(img, resize, crop, interp):
    w, h = img.size
    if resize and min(w, h) != resize:
        if w <= h:
            nw, nh = resize, int(resize * h / w)
        else:
            nw, nh = int(resize * w / h), resize
        img = img.resize((nw, nh), interp)
    w, h = img.size
    if crop > w or crop > h:
        from PIL import ImageOps

        l = (crop - w) // 2 if crop > w else 0
        t = (crop - h) // 2 if crop > h else 0
        r = (crop - w + 1) // 2 if crop > w else 0
        b = (crop - h + 1) // 2 if crop > h else 0
        img = ImageOps.expand(img, border=(l, t, r, b), fill=0)
        w, h = img.size
    top = int(round((h - crop) / 2.0))
    left = int(round((w - crop) / 2.0))
    return img.crop((left, top, left + crop, top + crop))


W, H = 12, 9


def pattern(w, h, c):
    y, x, k = np.meshgrid(np.arange(h), np.arange(w), np.arange(c), indexing="ij")
    return ((x * x * 7 + y * y * 13 + x * y * 31 + k * 89 + x * k * 5) % 256).astype(np.uint8)


def smooth(w, h, c):
    y, x, k = np.meshgrid(np.arange(h), np.arange(w), np.arange(c), indexing="ij")
    return (127 + 120 * np.sin(x * (0.31 + 0.1 * k) + y * 0.23 + k)).astype(np.uint8)


rgb = Image.fromarray(smooth(W, H, 3))
grey = Image.fromarray(smooth(W, H, 1)[..., 0])


def save(im, name, **k):
    im.save(f"{out}/{name}", **k)


save(rgb, "rgb420.jpg", quality=85, subsampling=2)
save(rgb, "rgb444progressive.jpg", quality=90, subsampling=0, progressive=True)
save(grey, "grey.jpg", quality=85)
save(rgb.convert("CMYK"), "cmyk.jpg", quality=90)
ex = Image.Exif()
ex[0x112] = 6
save(rgb, "rotated.jpg", quality=85, exif=ex)
p = pattern(W, H, 4)
save(Image.fromarray(p[..., :3]), "rgb.png")
save(Image.fromarray(p[..., 0]), "grey.png")
save(Image.fromarray(p, "RGBA"), "rgba.png")
save(Image.fromarray(p[..., :2], "LA"), "greyalpha.png")
pal = rgb.quantize(11)
save(pal, "palette.png", bits=4)
save(pal, "palettetransparent.png", transparency=3)
save(Image.fromarray(p[..., 0]).point(lambda v: 255 * (v > 127), mode="1"), "onebit.png")


def chunk(t, d):
    return struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))


def png(a, ct, depth, interlaced=False, extra=b""):
    h, w = a.shape[:2]
    rows = b""
    passes = (
        [
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        ]
        if interlaced
        else [(0, 0, 1, 1)]
    )
    for x0, y0, dx, dy in passes:
        s = a[y0::dy, x0::dx]
        if s.size == 0:
            continue
        bpp = s.reshape(s.shape[0], s.shape[1], -1).shape[2] * depth // 8
        prev = None
        for i, r in enumerate(s):
            b = r.astype(">u2" if depth == 16 else "u1").tobytes()
            f = i % 3  # filters none, sub, up
            v = np.frombuffer(b, np.uint8).astype(int)
            if f == 1:
                e = v.copy()
                e[bpp:] -= v[:-bpp]
            elif f == 2:
                e = v - prev
            else:
                e = v
            rows += bytes([f]) + (e % 256).astype(np.uint8).tobytes()
            prev = v
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, ct, 0, 0, int(interlaced)))
        + extra
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


y, x, k = np.meshgrid(np.arange(H), np.arange(W), np.arange(4), indexing="ij")
p16 = ((x * x * 1777 + y * y * 3331 + x * y * 7919 + k * 12345) % 65536).astype(np.uint16)
wr = lambda n, b: open(f"{out}/{n}", "wb").write(b)
wr("grey16.png", png(p16[..., 0], 0, 16))
wr("grey16interlaced.png", png(p16[..., 0], 0, 16, True))
wr("greyalpha16.png", png(p16[..., :2], 4, 16))
wr("rgb16.png", png(p16[..., :3], 2, 16))
wr("rgba16.png", png(p16, 6, 16))
wr(
    "gamma.png",
    png(
        p[..., :3],
        2,
        8,
        extra=chunk(b"gAMA", struct.pack(">I", 100000))
        + chunk(b"tRNS", struct.pack(">HHH", *[int(v) for v in p[0, 0, :3]])),
    ),
)
wr("gamma16.png", png(p16[..., :3], 2, 16, extra=chunk(b"gAMA", struct.pack(">I", 45455))))
wr("interlaced.png", png(p[..., :3], 2, 8, True))
g = {}
for n in sorted(os.listdir(out)):
    if not n.endswith((".jpg", ".png")):
        continue
    im = Image.open(f"{out}/{n}")
    print(n, im.mode, im.size, os.path.getsize(f"{out}/{n}"))
    R = np.asarray(im.convert("RGB"))
    L = np.asarray(im.convert("L"))
    if n.startswith("grey16"):  # Pillow clips these; the high byte is what 16-bit colour gives
        L = (p16[..., 0] >> 8).astype(np.uint8)
        R = np.stack([L] * 3, -1)
    g[n + "/3"] = R
    g[n + "/1"] = L[..., None]
sn.save_file(g, f"{out}/decoded.safetensors", metadata={"Pillow": PIL.__version__})
# resize: images by the formula
r = {}
for w, h, c, resize, crop, interp in [
    (61, 47, 3, 20, 16, "bicubic"),
    (47, 61, 3, 20, 16, "bilinear"),
    (61, 47, 1, 20, 18, "bicubic"),
    (7, 5, 3, 12, 10, "bicubic"),
    (31, 31, 1, 16, 16, "bilinear"),
    (200, 9, 1, 8, 8, "bicubic"),
    (9, 14, 3, None, 11, "bicubic"),
    (5, 6, 1, None, 9, "bicubic"),
    (13, 10, 1, None, 7, "bicubic"),
    (17, 17, 3, 17, 15, "bicubic"),
    (15, 40, 1, 14, 13, "bilinear"),
]:
    a = pattern(w, h, c)
    im = Image.fromarray(a if c == 3 else a[..., 0])
    o = np.asarray(tv(im, resize, crop, {"bicubic": 3, "bilinear": 2}[interp])).reshape(
        crop, crop, c
    )
    r[f"{w}x{h}x{c}/{resize or 'none'}/{interp}/{crop}"] = o
sn.save_file(r, f"{out}/resized.safetensors", metadata={"Pillow": PIL.__version__})
