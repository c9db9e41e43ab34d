"""How torch.onnx was made: python3 torch_export.py, with PyTorch 1.13 for CPUs (Debian: python3-torch)."""

import torch

NAMES = ("features", "score", "classes")


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = torch.nn.Sequential(
            torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.LayerNorm(16), torch.nn.Linear(16, 16), torch.nn.GELU()
        )
        self.score = torch.nn.Linear(16, 1)
        self.classes = torch.nn.Linear(16, 3)

    def forward(self, features):
        hidden = self.hidden(features)
        return self.score(hidden), torch.softmax(self.classes(hidden), 1)


torch.manual_seed(7)
torch.onnx.export(
    Net().eval(),
    torch.zeros(2, 8),
    "torch.onnx",
    opset_version=16,
    input_names=NAMES[:1],
    output_names=NAMES[1:],
    dynamic_axes={name: {0: "rows"} for name in NAMES},
)
