"""Imports every model of a suite as the suite would. usage: import_all.py HFC_COMPILE FOLDER"""
import pathlib
import subprocess
import sys

compiler, folder = sys.argv[1], pathlib.Path(sys.argv[2])
models = sorted(path.parent for path in folder.glob("*/config.json"))
for model in models:
    subprocess.run([compiler, model, "--task=train", "--dtype=bfloat16", "--emit=import"], check=True, stdout=subprocess.DEVNULL)
meshes = [line for line in (folder / "meshes.txt").read_text().splitlines() if line.split("#")[0].strip()]
print(len(models), "models,", len(meshes), "meshes")
