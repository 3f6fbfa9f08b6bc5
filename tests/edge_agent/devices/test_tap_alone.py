"""Two taps on one spool: the second says so at once, and the first goes on."""

import subprocess
import sys

from tests.edge_agent.devices.conftest import REPOSITORY, WAIT_S


def run_another(config):
    command = [sys.executable, "-m", "tillpoints", "tap", "run", "--config", str(config)]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=WAIT_S, check=False
    )


def test_a_second_tap_of_the_same_spool_ends_at_once_with_the_code_for_devices(tap, printer):
    second = run_another(tap.config)
    assert second.returncode == 4
    assert f"{tap.folder} 已有另一个 tap 在运行（进程 {tap.process.pid}）" in second.stderr
    assert f"another tap runs already on the spool {tap.folder}" in second.stderr
    assert f"process {tap.process.pid}" in second.stderr
    tap.print(b"still printing")
    assert printer.wait_until(lambda p: p.paper_bytes == b"still printing", WAIT_S)


def test_two_configurations_that_share_a_spool_are_found_out_too(tap, tmp_path):
    other = tmp_path / "other.toml"
    text = tap.config.read_text()
    text += '[[tap]]\nname = "b"\nlisten = "127.0.0.1:9"\nprinter = "127.0.0.1:10"\nspool = "b"\n'
    other.write_text(text)
    assert run_another(other).returncode == 4


def test_a_tap_starts_again_right_after_it_was_killed(tap, printer):
    tap.kill()
    tap.start()
    tap.print(b"back")
    assert printer.wait_until(lambda p: p.paper_bytes == b"back", WAIT_S)
