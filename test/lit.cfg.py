"""How lit runs hfc's tests: which files are tests, what their RUN lines may call, which features exist."""

import os
import shutil
import subprocess

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "hfc"
config.test_format = lit.formats.ShTest(not llvm_config.use_lit_shell)
config.suffixes = [".mlir", ".test"]
config.excludes = ["lit.cfg.py", "lit.site.cfg.py", "Inputs", "Goldens", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.hfc_binary_dir, "test")

config.substitutions.append(("%goldens", os.path.join(config.test_source_root, "Goldens")))
config.substitutions.append(("%python", f'"{config.python_executable}"'))
config.substitutions.append(("%src", config.hfc_source_dir))
config.substitutions.append(("%build", config.hfc_binary_dir))
config.substitutions.append(("%llvm_include", config.llvm_include_dir))

llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.with_environment("PATH", config.hfc_tools_dir, append_path=True)
# A command that a user interrupted or a crash handler must not look different from machine to machine.
llvm_config.with_environment("LLVM_DISABLE_CRASH_REPORT", "1")

HFC_TOOLS = ["hfc-check-partition", "hfc-draw", "hfc-mutate", "hfc-new", "hfc-reduce", "hfc-opt", "hfc-compile", "hfc-run", "hfc-interpret", "hfc-lsp-server"]
LLVM_TOOLS = ["FileCheck", "llvm-readelf", "llvm-tblgen", "mlir-translate", "not", "count", "split-file", "mlir-tblgen"]
llvm_config.add_tool_substitutions([ToolSubst(tool, unresolved="ignore") for tool in HFC_TOOLS], config.hfc_tools_dir)
llvm_config.add_tool_substitutions(LLVM_TOOLS, config.llvm_tools_dir)

for tool in HFC_TOOLS:
    if os.path.exists(os.path.join(config.hfc_tools_dir, tool)):
        config.available_features.add(tool)
if shutil.which("ptxas", path=os.pathsep.join([config.cuda_bin_dir, os.environ.get("PATH", "")])):
    config.available_features.add("cuda")
if os.path.exists(os.path.join(config.hfc_binary_dir, "lib", "libhfc_rt_cuda.so.1")):
    config.available_features.add("cuda-runtime")
if config.sanitize:
    config.available_features.add("sanitize")
if os.environ.get("HFC_TEST_FULL") == "1":
    config.available_features.add("full")
if shutil.which("ip") and shutil.which("nsenter") and subprocess.run(
        ["unshare", "-n", "ip", "link", "add", "name", "here0", "type", "veth", "peer", "name", "there0"], capture_output=True).returncode == 0:
    config.available_features.add("namespaces")
if config.clang:
    config.available_features.add("clang")
    config.substitutions.append(("%clang", config.clang))
