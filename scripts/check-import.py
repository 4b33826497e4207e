"""Networks of torchvision with random weights, exported in training mode, take ten steps here and in PyTorch (docs/import.md).

    pip install torch torchvision onnx
    python scripts/check-import.py [NAME ...]

PyTorch takes them in float64, which is the measure, and in float32. What is demanded: at the largest learning rate of RATES at which the
losses of PyTorch's own float32 stay within 1e-4 of float64, so do the losses here. All rates are printed. Takes a build. An optional check;
neither the package nor its tests need Python.
"""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.deeplabv3 import DeepLabHead

warnings.filterwarnings("ignore")
RATES = [0.05, 0.01, 0.002, 0.0004, 0.00008]
STEPS = 10
WITHIN = 1e-4
STEPS_HERE = pathlib.Path(__file__).with_name("import-steps.mjs")


class DeepLab(nn.Module):
    """A DeepLab head on the features of a ResNet-18, enlarged to the image."""

    def __init__(self):
        super().__init__()
        self.backbone = IntermediateLayerGetter(torchvision.models.resnet18(weights=None), {"layer4": "out"})
        self.head = DeepLabHead(512, 7)

    def forward(self, x):
        return F.interpolate(self.head(self.backbone(x)["out"]), size=x.shape[-2:], mode="bilinear", align_corners=False)


class Scores(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)["out"]


NETWORKS = {
    "ResNet-18": lambda: torchvision.models.resnet18(num_classes=10),
    "MobileNet-V3": lambda: torchvision.models.mobilenet_v3_small(num_classes=10),
    "LR-ASPP": lambda: Scores(
        torchvision.models.segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=7)
    ),
    "DeepLab": DeepLab,
    "ViT": lambda: torchvision.models.VisionTransformer(
        image_size=64, patch_size=16, num_layers=2, num_heads=4, hidden_dim=64, mlp_dim=128, num_classes=10
    ),
}


def losses_of(model, dtype, images, truth, rate):
    model = copy.deepcopy(model).to(dtype)
    losses = []
    for _ in range(STEPS):
        loss = F.cross_entropy(model(images.to(dtype)), truth)
        losses.append(loss.item())
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                if p.grad is not None:
                    p -= rate * p.grad
    return losses


def farthest(a, b):
    return max(abs(x - y) for x, y in zip(a, b))


def check(name, folder):
    torch.manual_seed(1)
    model = NETWORKS[name]().train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    images = torch.randn(4, 3, 64, 64)
    with torch.no_grad():
        scores = copy.deepcopy(model)(images)
    classes = scores.shape[1]
    truth = torch.randint(0, classes, (4, *scores.shape[2:]))
    path = folder / "network.onnx"
    torch.onnx.export(
        copy.deepcopy(model),
        images,
        str(path),
        input_names=["image"],
        output_names=["scores"],
        training=torch.onnx.TrainingMode.TRAINING,
        do_constant_folding=False,
        opset_version=17,
        dynamo=False,
    )
    one_hot = F.one_hot(truth, classes).movedim(-1, 1).float().contiguous()
    images.numpy().tofile(folder / "images.bin")
    one_hot.numpy().tofile(folder / "truth.bin")
    (folder / "shapes.json").write_text(json.dumps({"shape": list(images.shape)}))
    words = ["node", str(STEPS_HERE), str(path), str(folder), *map(str, RATES)]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    here = [json.loads(line) for line in said.strip().split("\n")]
    decided = None
    for rate, found in zip(RATES, here):
        exact = losses_of(model, torch.float64, images, truth, rate)
        own = farthest(losses_of(model, torch.float32, images, truth, rate), exact)
        ours = farthest(found, exact)
        print(f"{name:13} steps of {rate:<7g} loss {exact[0]:.4f} -> {exact[-1]:.4f}  PyTorch float32 {own:.1e}  here {ours:.1e}")
        if decided is None and own <= WITHIN:
            decided = ours <= WITHIN
    print(f"{name:13} {'within' if decided else 'NOT within' if decided is False else 'no rate at which PyTorch itself is within'} {WITHIN:g}")
    return decided is True


def main(names):
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}")
    right = True
    for name in names or NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            right = check(name, pathlib.Path(folder)) and right
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
