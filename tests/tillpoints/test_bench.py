import importlib
import json
import sys

import pytest
from click.testing import CliRunner

import tillpoints.bench
from tillpoints.commands import bench


@pytest.fixture
def one_benchmark(tmp_path, monkeypatch):
    """A package of benchmarks holding one, which counts to three."""
    (tmp_path / "counting.py").write_text(
        "def run():\n    return {'ratio': 3.0}\n"
        "def describe(result):\n    return f\"ratio {result['ratio']}\"\n"
    )
    monkeypatch.setattr(tillpoints.bench, "__path__", [str(tmp_path)])
    importlib.invalidate_caches()
    yield
    sys.modules.pop("tillpoints.bench.counting", None)


def test_without_a_name_every_benchmark_runs_and_is_described(one_benchmark):
    answer = CliRunner().invoke(bench.command)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout == "counting\nratio 3.0\n"


def test_json_holds_the_figures_under_the_benchmarks_name(one_benchmark):
    answer = CliRunner().invoke(bench.command, ["counting", "--json"])
    assert json.loads(answer.stdout) == {"counting": {"ratio": 3.0}}


def test_an_unknown_benchmark_is_a_usage_error_that_names_the_known_ones(one_benchmark):
    answer = CliRunner().invoke(bench.command, ["nonsense"])
    assert answer.exit_code == 2
    assert "counting" in answer.output


@pytest.mark.parametrize("name", bench.benchmarks())
def test_every_benchmark_can_be_run_and_described(name):
    module = importlib.import_module(f"tillpoints.bench.{name}")
    assert callable(module.run)
    assert callable(module.describe)


@pytest.mark.parametrize(
    "words", [["--events", "100000"], ["read", "--events", "100000", "--keep", "x"]]
)
def test_a_large_ledger_needs_its_folder_and_the_benchmark_ledger(words):
    answer = CliRunner().invoke(bench.command, words)
    assert answer.exit_code == 2
    assert "--keep" in answer.output
