"""Trains the network on the digits that scikit-learn ships, and measures it: runs while the image is built."""

import json
import sys
from pathlib import Path

import numpy as np  # type: ignore[import-not-found]
from sklearn.datasets import load_digits  # type: ignore[import-not-found]
from sklearn.metrics import accuracy_score, f1_score, recall_score  # type: ignore[import-not-found]
from sklearn.model_selection import train_test_split  # type: ignore[import-not-found]
from sklearn.neural_network import MLPClassifier  # type: ignore[import-not-found]

SEED = 7
TEST_SHARE = 0.25
LARGEST = 16
"""Each of the 64 cells counts the dark ones of its 4 x 4 pixels."""


def main(folder: Path) -> None:
    """Writes `weights.npz`, `metrics.json` and `groups.json` into a folder."""
    data = load_digits()
    cells, labels = data.data / LARGEST, data.target
    parts = train_test_split(cells, labels, test_size=TEST_SHARE, random_state=SEED, stratify=labels)
    train_cells, test_cells, train_labels, test_labels = parts
    network = MLPClassifier((48,), alpha=1e-3, learning_rate_init=3e-3, max_iter=400, random_state=SEED)
    network.fit(train_cells, train_labels)
    found = network.predict(test_cells)
    recalls = recall_score(test_labels, found, average=None)
    metrics = {
        "Accuracy": accuracy_score(test_labels, found),
        "F1 Score": f1_score(test_labels, found, average="macro"),
        "Lowest Recall": min(recalls),
    }
    groups = [
        {
            "group": f"the digit {digit}",
            "metric": "Recall",
            "value": round(float(recall), 2),
            "sampleCount": int((test_labels == digit).sum()),
        }
        for digit, recall in enumerate(recalls)
    ]
    (folder / "metrics.json").write_text(json.dumps({name: round(float(value), 2) for name, value in metrics.items()}))
    (folder / "groups.json").write_text(json.dumps(groups))
    (first, second), (first_bias, second_bias) = network.coefs_, network.intercepts_
    np.savez(folder / "weights.npz", first=first, first_bias=first_bias, second=second, second_bias=second_bias)
    print(f"trained on {len(train_cells)} digits, tested on {len(test_cells)}: {metrics}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
