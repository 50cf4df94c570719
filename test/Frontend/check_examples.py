"""Runs hfc-compile over the examples of python-frontend-spec. usage: check_examples.py HFC_COMPILE SPEC_DIR OUT_DIR

Good examples import, and fit the schema. Bad ones give exit status 2, nothing on standard output, no output file, and
one message that holds every line of the .txt beside them. Texts that are too large to keep are made here.
"""
import json
import pathlib
import subprocess
import sys

compiler, spec, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
problems, count = [], 0
out.mkdir(parents=True, exist_ok=True)


def compile_model(path, *options):
    return subprocess.run([compiler, str(path), *options], capture_output=True, text=True, errors="replace", timeout=60)


def check_good(path):
    global count
    count += 1
    run = compile_model(path, "--emit=import")
    if run.returncode or run.stderr or "hf.program" not in run.stdout:
        problems.append(f"{path}: should import, and gives {run.returncode}: {run.stderr.strip()}")


def check_bad(path, expected):
    global count
    count += 1
    program = out / "bad.so"
    run = compile_model(path, "-o", str(program))
    if run.returncode != 2 or run.stdout:
        problems.append(f"{path}: should give 2 and no output, and gives {run.returncode}: {run.stderr.strip()}")
    if run.stderr.count("error:") != 1:
        problems.append(f"{path}: should give one message, and says: {run.stderr.strip()}")
    for line in expected:
        if line not in run.stderr:
            problems.append(f"{path}: should say '{line}', and says: {run.stderr.strip()}")
    if program.exists():
        problems.append(f"{path}: wrote {program}")
        program.unlink()


def check_made(name, text, *expected):
    path = out / name
    path.write_text(text)
    check_bad(path, expected)
    path.unlink()


def check_schema():
    """The examples and the schemas agree, where the jsonschema package is there to tell."""
    try:
        import jsonschema
    except ImportError:
        return
    model = json.loads((spec / "model.schema.json").read_text())
    program = json.loads((spec / "program.schema.json").read_text())
    jsonschema.validate(json.loads((spec / "examples" / "program.json").read_text()), program)
    for path in sorted((spec / "examples" / "good").glob("*.json")):
        text = json.loads(path.read_text())
        jsonschema.validate(text if "hfc" in text else {"hfc": "0.1", "model": text}, model)


for path in sorted((spec / "examples" / "good").glob("*.json")):
    check_good(path)
for path in sorted((spec / "examples" / "bad").glob("*.json")):
    check_bad(path, path.with_suffix(".txt").read_text().splitlines())
check_made("deep.json", "[" * 1000000, "nested more than 64 levels deep")
check_made("deep-objects.json", '{"a":' * 100000, "nested more than 64 levels deep")
check_made("large.json", '{"a": "' + "x" * (65 << 20) + '"}', "a config has at most 64 MiB")
check_made("long-key.json", '{"' + "k" * 100000 + '": 1}', "model_type is missing")
check_bad(out / "absent.json", ["cannot read", "No such file"])
(out / "folder").mkdir(exist_ok=True)
check_bad(out / "folder", ["the folder has no config.json"])
check_schema()
print("\n".join(problems) or f"all of {count} examples are as they should be")
sys.exit(bool(problems))
