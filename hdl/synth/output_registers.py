"""Registers that follow block memories become the memories' own output registers, which yosys leaves unused.

A read of an ECP5's memory (DP16KD) takes 5.8 ns of a clock by nextpnr's figures, and the rest of it goes to the wires
to the register. The memory's own register, REGMODE = OUTREG with the enable OCE, holds the same word at the same clock.
"""
import json
from collections import defaultdict


def absorb(path):
    """Rewrites the netlist `path`, whose module is `top`; gives how many registers are gone."""
    netlist = json.loads(path.read_text())
    module = netlist["modules"]["top"]
    cells = module["cells"]
    before = len(cells)
    readers = defaultdict(list)
    for port in module["ports"].values():
        for bit in port["bits"]:
            readers[bit].append((None, None))
    for name, cell in cells.items():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "input":
                for bit in bits:
                    readers[bit].append((name, port))
    for memory in [cell for cell in cells.values() if cell["type"] == "DP16KD"]:
        # one port of 36 bits has the outputs of both
        wide = int(memory["parameters"]["DATA_WIDTH_B"], 2) == 36
        for sides in ["AB"] if wide else "AB":
            absorb_port(cells, readers, memory, sides)
    path.write_text(json.dumps(netlist))
    return before - len(cells)


def absorb_port(cells, readers, memory, sides):
    """Takes in the registers of one port, if they are all that its outputs go to and change when it reads."""
    wires = memory["connections"]
    outputs = [port for port in wires if port.startswith("DO") and port[2] in sides and readers[wires[port][0]]]
    found = [readers[wires[port][0]] for port in outputs]
    names = [reader[0][0] for reader in found]
    clock, enable = wires["CLK" + sides[-1]], wires["CE" + sides[-1]]
    if not all(len(reader) == 1 and is_plain(cells, *reader[0], clock, enable) for reader in found):
        return
    for port, name in zip(outputs, names):
        wires[port] = cells.pop(name)["connections"]["Q"]
    for side in sides if outputs else "":
        memory["parameters"]["REGMODE_" + side] = "OUTREG"
        wires["OCE" + side] = enable


def is_plain(cells, name, port, clock, enable):
    """Whether this is the input of a register with this clock and enable that nothing sets or resets."""
    cell = cells.get(name, {"type": None})
    if (cell["type"], port) != ("TRELLIS_FF", "DI"):
        return False
    wires, parameters = cell["connections"], cell["parameters"]
    own = wires["CE"] if parameters["CEMUX"].strip() == "CE" else ["1"]
    plain = (parameters["CLKMUX"], wires["LSR"], parameters["REGSET"]) == ("CLK", ["0"], "RESET")
    return plain and (wires["CLK"], own) == (clock, enable)
