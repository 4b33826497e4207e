"""Opens what `otx export --export-type pytorch` has written with PyTorch itself, in its strictest mode.

    python scripts/check-torch.py EXPORTED.pth [ORIGINAL]

ORIGINAL, a .pth or .safetensors file, holds the weights that were exported: every tensor must have the same name, shape and
bits. An optional check for those who have PyTorch; neither the package nor its tests need Python.
"""

import sys

import torch


def state_dict(path):
    if path.endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(path)
    content = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("model", "state_dict"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    return content


def main(exported, original=None):
    content = torch.load(exported, weights_only=True)
    classes, tensors = content["meta"]["CLASSES"], content["state_dict"]
    if not all(isinstance(value, torch.Tensor) for value in tensors.values()):
        sys.exit(f"{exported}: its state_dict holds something else than tensors")
    values = sum(value.numel() for value in tensors.values())
    print(f"{exported}: torch {torch.__version__} loads {len(tensors)} tensors ({values:,} values), classes {', '.join(classes)}")
    if original is None:
        return
    expected = {key: value for key, value in state_dict(original).items() if not key.startswith(("optimizer.", "state."))}
    if expected.keys() != tensors.keys():
        difference = sorted(expected.keys() ^ tensors.keys())
        sys.exit(f"{len(difference)} names are in one file only, such as {difference[0]}")
    for key, value in tensors.items():
        wanted = expected[key]
        if value.shape != wanted.shape or not torch.equal(value, wanted.to(value.dtype)):
            sys.exit(f"{key} differs: {tuple(value.shape)} {value.dtype}, expected {tuple(wanted.shape)} {wanted.dtype}")
    print(f"all {len(tensors)} tensors equal those of {original}, bit by bit")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
