"""What is installed is what is in the tree."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.test_tidy import FILES, PRODUCT, ROOT


def test_a_wheel_holds_every_product_file_and_no_test(tmp_path):
    product = {name for name in FILES if name.parts[0] in PRODUCT}
    source = tmp_path / "source"
    for name in {*product, Path("pyproject.toml"), Path("README.md"), Path("LICENSE")}:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    how = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path)]
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *how, str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("tillpoints-*.whl")
    shipped = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in shipped if not name.parts[0].endswith(".dist-info")} == product
