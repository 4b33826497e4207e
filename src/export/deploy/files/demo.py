"""Segments pictures: python demo.py photo.jpg another.png --output results

Writes results/masks/NAME.png (a pixel is the index of its class) and results/overlays/NAME.png. Needs what
requirements.txt names. The arithmetic is that of `otx predict`, step by step; `segment` is what to copy.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

# Weights of a resize are whole numbers out of this.
ONE = 2048
# The smallest ordinary float32, which keeps logarithms finite.
SMALLEST = 2.0**-126
# A row of windows is merged with weights that never vanish.
LEAST_WEIGHT = 1e-3
# In both directions so many times as large as what was learned from, an image is looked at in windows.
MUCH_LARGER = 2
# Rows that are classified at a time, for bounded memory.
ROWS = 64


class Model:
    """An exported model, and what it says of itself."""

    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        entry = self.session.get_modelmeta().custom_metadata_map.get("otx")
        if entry is None:
            sys.exit(f"{path}: does not name its classes; expected a model that otx has exported")
        about = json.loads(entry)
        if about["version"] not in (1, 2):
            sys.exit(f"{path}: is of a newer version ({about['version']}); this program reads versions 1 and 2")
        reading = about.get("data", {}).get("imageReading", {})
        if reading:
            sys.exit("the model learned from samples of more than 8 bits, or from chosen bands; use node/demo.mjs")
        self.classes = about["classes"]
        self.size = (about["input"]["height"], about["input"]["width"])
        self.mean, self.std = np.float64(about["mean"]), np.float64(about["std"])
        self.threshold = about["threshold"]
        self.form = about.get("form", {})
        self.tiling = about.get("tiling", {"tile": "auto", "overlap": 0.25})
        self.learned = about.get("data", {}).get("imageSize")

    def probabilities(self, pixels):
        """[K, H, W] of the input for pixels [h, w, 3], at most as large as it; beside them is the mean colour."""
        fed = np.tile(self.mean, (*self.size, 1))
        fed[: pixels.shape[0], : pixels.shape[1]] = pixels
        if self.form.get("normalisation") != "inside":
            fed = (fed - self.mean) / self.std
        if self.form.get("channels") == "bgr":
            fed = fed[..., ::-1]
        if self.form.get("layout") != "nhwc":
            fed = fed.transpose(2, 0, 1)
        answer = self.session.run(["output"], {"input": np.ascontiguousarray(fed[None], np.float32)})[0][0]
        if self.form.get("output") != "labels":
            return answer
        # A model that gives labels alone is sure of them.
        return (np.arange(len(self.classes))[:, None, None] == answer).astype(np.float32)


def taps(source, target, start=0, count=None):
    """Between which inputs each output lies, and how near to the second: half-pixel centres, edges clamped."""
    index = np.arange(start, start + (target if count is None else count), dtype=np.float64)
    position = np.clip((index + 0.5) * source / target - 0.5, 0, source - 1)
    low = np.floor(position).astype(np.int64)
    return low, np.minimum(low + 1, source - 1), position - low


def resize(image, size, top=0, left=0, rows=None, columns=None):
    """A part of an image [H, W, 3] of bytes that was resized to `size`: bilinear without smoothing, in whole numbers."""
    y0, y1, v = taps(image.shape[0], size[0], top, rows)
    x0, x1, h = taps(image.shape[1], size[1], left, columns)
    v, h = (np.floor(weight * ONE + 0.5).astype(np.int64) for weight in (v, h))
    first = int(y0[0])
    lines = image[first : int(y1[-1]) + 1].astype(np.int64)
    lines = lines[:, x0] * ONE + (lines[:, x1] - lines[:, x0]) * h[:, None]
    above, below = lines[y0 - first], lines[y1 - first]
    return ((above * ONE + (below - above) * v[:, None, None] + ONE * ONE // 2) // (ONE * ONE)).astype(np.uint8)


def classes_of(probabilities, size, threshold):
    """The class of each pixel of an image: logarithms of probabilities are interpolated, then the best one is taken."""
    scores = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST))
    y0, y1, v = taps(scores.shape[1], size[0])
    x0, x1, h = taps(scores.shape[2], size[1])
    labels = np.zeros(size, np.uint8)
    for start in range(0, size[0], ROWS):
        rows = slice(start, start + ROWS)
        lines = scores[:, y0[rows]] + (scores[:, y1[rows]] - scores[:, y0[rows]]) * v[rows][:, None]
        values = lines[:, :, x0] + (lines[:, :, x1] - lines[:, :, x0]) * h
        best = values.argmax(0)
        if threshold is not None:
            sure = 1 / np.exp(values - values.max(0)).sum(0) >= threshold
            best = np.where(sure, best, 0)
        labels[rows] = best
    return labels


def window_of(model, size):
    """The size [height, width] of windows in which an image is looked at; None for one that is looked at as a whole."""
    tile = model.tiling["tile"]
    if tile == "off":
        return None
    if tile == "auto":
        if model.learned is None:
            return None
        learned = (model.learned["height"], model.learned["width"])
        return learned if all(side >= MUCH_LARGER * of for side, of in zip(size, learned)) else None
    width, _, height = tile.partition("x")
    window = (int(height or width), int(width))
    return window if any(side > of for side, of in zip(size, window)) else None


def starts(length, window, overlap):
    """Where windows begin along one side, evenly spread."""
    if length <= window:
        return [0]
    stride = max(int(window * (1 - overlap)), 1)
    steps = -(-(length - window) // stride)
    return [int(np.floor(i * (length - window) / steps + 0.5)) for i in range(steps + 1)]


def probabilities_in_windows(model, image, window):
    """[K, H, W] of an image at the scale of the network, merged from windows with weights that fall towards their edges."""
    rows, columns = model.size
    size = [max(int(np.floor(side * of / by + 0.5)), 1) for side, of, by in zip(image.shape, model.size, window)]
    high, wide = min(rows, size[0]), min(columns, size[1])
    down, across = (
        np.maximum(np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2, LEAST_WEIGHT).astype(np.float32) for n in model.size
    )
    weight = (down[:, None] * across)[:high, :wide]
    sums = np.zeros((len(model.classes), *size), np.float32)
    weights = np.zeros(size, np.float32)
    overlap = model.tiling["overlap"]
    for top in starts(size[0], rows, overlap):
        for left in starts(size[1], columns, overlap):
            answer = model.probabilities(resize(image, size, top, left, high, wide))
            sums[:, top : top + high, left : left + wide] += answer[:, :high, :wide] * weight
            weights[top : top + high, left : left + wide] += weight
    return sums / weights


def segment(model, image):
    """The class of each pixel [H, W] of an image [H, W, 3] of bytes, RGB."""
    window = window_of(model, image.shape[:2])
    if window is None:
        probabilities = model.probabilities(resize(image, model.size))
    else:
        probabilities = probabilities_in_windows(model, image, window)
    return classes_of(probabilities, image.shape[:2], model.threshold)


def read(path):
    """An image [H, W, 3] of bytes, turned as its EXIF data says."""
    picture = Image.open(path)
    if picture.mode.startswith("I") or picture.mode == "F":
        raise ValueError("it has samples of more than 8 bits; save it with 8")
    return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))


def write(folder, name, image, labels, classes):
    """A mask whose pixels are class indices, with a palette of the colours, and the image under the colours."""
    colors = np.array([one["color"] for one in classes], np.uint8)
    mask = Image.fromarray(labels)
    mask.putpalette(colors.tobytes())
    painted = np.where((labels > 0)[..., None], (image // 2 + colors[labels] // 2), image).astype(np.uint8)
    for kind, picture in (("masks", mask), ("overlays", Image.fromarray(painted))):
        target = Path(folder) / kind
        target.mkdir(parents=True, exist_ok=True)
        picture.save(target / f"{name}.png", bits=8)


def main():
    parser = argparse.ArgumentParser(description="Segments pictures.")
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("-o", "--output", default="results", help="folder for masks/ and overlays/")
    default = Path(__file__).resolve().parent.parent / "model" / "model.onnx"
    parser.add_argument("-m", "--model", default=str(default))
    options = parser.parse_args()
    model = Model(options.model)
    failed = False
    for path in options.pictures:
        try:
            image = read(path)
        except (OSError, ValueError) as problem:
            print(f"error: {path}: {problem}", file=sys.stderr)
            failed = True
            continue
        labels = segment(model, image)
        counts = np.bincount(labels.ravel(), minlength=len(model.classes)) / labels.size
        shares = [f"{model.classes[k]['name']} {100 * counts[k]:.1f} %" for k in np.argsort(-counts) if counts[k] > 0]
        print(f"{path}: {image.shape[1]}x{image.shape[0]}, {', '.join(shares)}")
        write(options.output, Path(path).stem, image, labels, model.classes)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
