"""Makes one fault in the text of a local program. usage: make_fault.py FAULT FILE; prints the program."""
import re
import sys


class Program:
    def __init__(self, text):
        self.lines = text.split("\n")

    def find(self, pattern, entry="last_micro_step"):
        """The first line of an entry that matches."""
        first = next(i for i, line in enumerate(self.lines) if f"func.func @{entry}(" in line)
        return next(i for i in range(first, len(self.lines)) if re.search(pattern, self.lines[i]))

    def end(self, line):
        """The end of the function around a line."""
        return next(i for i in range(line, len(self.lines)) if self.lines[i].startswith("  }"))

    def result(self, line):
        return re.match(r"\s*(%\w+) = ", self.lines[line]).group(1)

    def replace(self, line, old, new):
        assert old in self.lines[line], (old, self.lines[line])
        self.lines[line] = self.lines[line].replace(old, new, 1)

    def rename(self, old, new, line):
        """A value's users behind a line read another one."""
        for i in range(line + 1, self.end(line)):
            self.lines[i] = re.sub(re.escape(old) + r"\b", new, self.lines[i])

    def drop(self, line, operand=0):
        """Users of an op's result read one of its operands instead."""
        values = re.findall(r"%\w+", self.lines[line])
        self.rename(values[0], values[1 + operand], line)
        del self.lines[line]

    def repeat(self, line, text=None):
        """Users of a result read that of another op on it; the same op, if no text says which."""
        old, new = self.result(line), "%again"
        values = re.findall(r"%\w+", self.lines[line])
        self.rename(old, new, line)
        copy = text or self.lines[line].split(" = ", 1)[1].replace(values[1], old, 1)
        self.lines.insert(line + 1, f"    {new} = " + copy.replace("INPUT", old))


def make(program, fault):
    p = program
    row_parallel = r"cause = \"row-parallel output\""
    maximum, total = r"cause = \"cross-entropy maximum\"", r"cause = \"cross-entropy sum\""
    if fault == "all-reduce-dropped":
        p.drop(p.find(total))
    elif fault == "all-reduce-doubled":
        p.repeat(p.find(total))
    elif fault == "wrong-axis":
        p.replace(p.find(row_parallel), 'over {"tp"}', 'over {"dp"}')
    elif fault == "wrong-group":
        p.replace(p.find("gradient norm", "optimizer_step"), 'over {"dp", "tp"}', 'over {"tp"}')
    elif fault == "sum-for-max":
        p.replace(p.find(maximum), "all_reduce  max", "all_reduce  sum")
    elif fault == "mean-for-sum":
        p.replace(p.find("reduce_scatter_bucket"), "  sum", "  mean")
    elif fault == "shard-swapped":
        line = p.find("dist.all_gather .*column-parallel input\"")
        type_ = p.lines[line].split("-> ")[1].split(" loc")[0]
        sharding = re.search(r"dist.shardings = \[.*?>\]", p.lines[line]).group(0)
        p.repeat(line, 'dist.send_receive INPUT by 1 over {"dp"} {' + sharding + "} : " + type_)
    elif fault == "order-swapped":
        p.replace(p.find("dist.all_gather_bucket", "optimizer_step"), 'over {"dp", "tp"}', 'over {"tp", "dp"}')
    elif fault == "gradient-reduction-missing":
        line = p.find("cause = \"gradient", "last_micro_step")
        p.drop(line)
    else:
        sys.exit(f"no fault is called {fault}")


def main():
    program = Program(open(sys.argv[2]).read())
    make(program, sys.argv[1])
    print("\n".join(program.lines))


if __name__ == "__main__":
    main()
