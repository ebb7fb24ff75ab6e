"""Setting a model's picture against plain Pillow that makes the same files in a process of its own."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.deployment import new_version
from benchmarks.processes import forget_peak, highest_while, peak_mib, with_descendants
from benchmarks.sample_pictures import drawing, photograph
from benchmarks.server_process import Server, running_server
from benchmarks.turns import Comparison, Scale, by_turns, percentile

_PLAIN = "plain Pillow"
_PROGRAM = Path(__file__).with_name("plain_pictures.py")
_GOAL = "ratio ≥ 0.8"
_JPEG_BYTES, _PNG_BYTES = 5_000_000, 200_000


def measure(scale: Scale) -> Iterator[Comparison]:
    """A large photograph and a small drawing, through the API of a server that does nothing else."""
    with running_server() as server, tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        folder = Path(directory)
        model, _ = new_version(server, "pictures")
        for what, file in _make_pictures(scale, folder).items():
            yield from _compare(server, scale, what, file, f"/api/models/{model}/image")


def _make_pictures(scale: Scale, folder: Path) -> dict[str, Path]:
    jpeg, png = folder / "photograph.jpg", folder / "drawing.png"
    jpeg.write_bytes(photograph(_JPEG_BYTES) if not scale.quick else photograph(_JPEG_BYTES // 10, (1440, 1024)))
    png.write_bytes(drawing(_PNG_BYTES))
    return {f"{_size(jpeg)} JPEG": jpeg, f"{_size(png)} PNG": png}


def _size(file: Path) -> str:
    size = file.stat().st_size
    return f"{size / 1e6:.1f} MB" if size > 1e6 else f"{size / 1000:.0f} kB"


def _compare(server: Server, scale: Scale, what: str, file: Path, path: str) -> Iterator[Comparison]:
    def ours() -> None:
        server.upload(path, file)

    def plain() -> None:
        subprocess.run([sys.executable, str(_PROGRAM), str(file), str(file.parent)], check=True)

    times, plain_times = by_turns(scale.of(50, 2), _timer(ours), _timer(plain), warm_up=True)
    yield Comparison(f"picture of {what}", _PLAIN, times, plain_times, _GOAL)
    worst = [percentile(times, 99)], [percentile(plain_times, 99)]
    yield Comparison(f"… p99 of {len(times)}", "… its p99", *worst, _GOAL)
    peaks = [(_peaks(server, ours), _plain_peak(file)) for _ in range(scale.of(3))]
    plain_peaks = [plain_peak for _, plain_peak in peaks]
    cutting = [cutting for (cutting, _), _ in peaks]
    everything = [everything for (_, everything), _ in peaks]
    yield Comparison("… memory of the cutting process", _PLAIN, cutting, plain_peaks, unit="MiB")
    yield Comparison("… memory of server and cutting process", _PLAIN, everything, plain_peaks, unit="MiB")


def _timer(act: Callable[[], None]) -> Callable[[], float]:
    def timed() -> float:
        began = time.perf_counter()
        act()
        return time.perf_counter() - began

    return timed


def _peaks(server: Server, upload: Callable[[], None]) -> tuple[float, float]:
    """The most that the cutting process holds, and the most of it and the server together."""
    main = server.process.pid
    before = with_descendants(main)
    for pid in before:
        forget_peak(pid)
    cutting = highest_while(upload, lambda: sum(map(peak_mib, with_descendants(main) - before)))
    return cutting, cutting + sum(map(peak_mib, before))


def _plain_peak(file: Path) -> float:
    process = subprocess.Popen([sys.executable, str(_PROGRAM), str(file), str(file.parent)])
    return highest_while(process.wait, lambda: peak_mib(process.pid))
