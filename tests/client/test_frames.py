"""Tables of pandas, in an environment that has it; and what is said in one that has not."""

import os
import subprocess
from importlib.util import find_spec

import pytest

from modelyard.client import PandasMissing
from modelyard.client.results import results_of
from tests.environments import python_with
from tests.house.tree import ROOT


@pytest.mark.slow
def test_tables_in_and_out() -> None:
    command = [str(python_with("notebook")), str(ROOT / "tests" / "client" / "frames_script.py")]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert done.stdout == "sound\n", done.stderr


@pytest.mark.skipif(find_spec("pandas") is not None, reason="pandas is here")
def test_without_pandas() -> None:
    with pytest.raises(PandasMissing, match=r"modelyard\[pandas\]"):
        results_of("job", {}).to_frame()
