"""States of every explorer that are worth testing, as arguments of its constructor."""

from typing import Any

STATES: dict[str, list[dict[str, Any]]] = {
    "CostExplorer": [
        {},
        {"in_channels": 256, "out_channels": 128, "size": 14, "kernel_size": 5, "kind": "shift"},
        {"kind": "dense", "cardinality": 64, "predict": True},
        {"kind": "factorised", "kernel_size": 1},
        {"kernel_size": 4},
        {"cardinality": 3},
    ],
    "FunctionClassExplorer": [
        {},
        {"classes": "nested", "target": (-1.25, 0.4), "member": 5, "predict": True},
        {"functions": "splines", "truth": "kink", "member": 8},
        {"functions": "networks", "classes": "nested", "truth": "peak", "member": 1},
        {"functions": "polynomials"},
        {"target": (9.0, 0.0)},
        {"classes": "nested", "functions": "steps", "member": 6},
    ],
    "GateExplorer": [
        {},
        {"stage": 1, "block": 2, "channel": 16, "gate": 0, "image": "shirt"},
        {"stage": 2, "gate": 0.35, "image": "t-shirt", "ratio": 256},
        {"model": "resnet18_fmnist", "ratio": 3},
        {"stage": 1, "channel": 17},
        {"block": 4},
        {"gate": 1.5},
        {"ratio": 257},
    ],
    "GroupedConvolutionExplorer": [
        {},
        {"shuffle": True, "channel": 2},
        {"in_channels": 8, "out_channels": 24, "cardinality": 4, "layers": 1, "kernel_size": 3},
        {"in_channels": 256, "out_channels": 512, "cardinality": 32, "shuffle": True},
        {"layers": 1, "shuffle": True, "predict": True},
        {"cardinality": 5},
        {"channel": 12},
    ],
    "LayerExplorer": [
        {},
        {"network": "resnet50", "compare": "resnet18", "opened": ("layer1", "layer1.0")},
        {"input_size": (225, 190), "in_channels": 1, "num_classes": 10, "width_mult": 0.25},
        {"input_size": 0},
        {"network": "seresnext50_32x4d", "cardinality": 8, "group_width": 9, "ratio": 4},
        {"network": "cifar_densenet_bc40_k12", "compare": "regnety_004", "width_mult": 0.6},
        {"depths": (1, 2, 3, 1), "stem": "deep", "predict": True, "compare": "googlenet"},
        {"network": "seresnet18", "ratio": 65},
        {"stem": "9x9"},
    ],
    "ResidualExplorer": [
        {},
        {"block": "full_preact", "compare": "original", "depth": 50, "fused": True},
        {"block": "exclusive_gating", "compare": None, "out_channels": 128, "stride": 2},
        {"block": "resnext", "compare": "se", "channels": 256, "out_channels": 256, "size": 14},
        {"block": "half_both", "scale": 0.9, "start": "small", "predict": True},
        {"block": "dense", "compare": "highway", "growth_rate": 12},
        {"block": "bottleneck", "out_channels": 66},
        {"block": "highway", "stride": 2},
    ],
    "ZooExplorer": [
        {},
        {"x": "latency", "chosen": ()},
        {
            "x": "macs",
            "chosen": (
                "cifar_plain20_fmnist",
                "cifar_resnet20_fmnist",
                "cifar_seresnet20_fmnist",
                "cifar_shufflenet_v1_g4_fmnist",
            ),
        },
        {"chosen": ("cifar_resnet20_fmnist",)},
        {"chosen": ("cifar_resnet20_fmnist", "nobody")},
        {"data": "CIFAR-10, JPEG copy"},
    ],
}
