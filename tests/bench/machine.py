"""What the kernel tells about processes: CPU time, memory, and who disturbs."""
import os

TICKS = os.sysconf("SC_CLK_TCK")


def stat_fields(pid):
    """The fields of /proc/PID/stat behind the name, which may hold anything."""
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rpartition(")")[2].split()


def processes():
    """{pid: (parent, CPU seconds of itself and of the children it has buried)}."""
    found = {}
    for name in os.listdir("/proc"):
        try:
            fields = stat_fields(int(name)) if name.isdigit() else None
        except OSError:
            continue  # it has ended meanwhile; its parent has its time
        if fields:
            found[int(name)] = int(fields[1]), sum(map(int, fields[11:15])) / TICKS
    return found


def family(roots, found):
    """The roots and all that descend from them."""
    members = set(roots)
    size = 0
    while size != len(members):
        size = len(members)
        members |= {pid for pid, (parent, _) in found.items() if parent in members}
    return members & found.keys()


def cpu_seconds(*roots):
    found = processes()
    return sum(found[pid][1] for pid in family(roots, found))


def memory_mib(pid):
    """(resident, of that mapped files) in MiB."""
    with open("/proc/%d/status" % pid) as f:
        lines = dict(line.split(":", 1) for line in f if ":" in line)
    return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "RssFile"))


class Disturbance:
    """How much of the machine others took since this was made: the hypervisor
    (steal) and programs outside of the benchmark's own process namespace."""

    def __init__(self):
        self.total, self.busy, self.ours = self.read()

    @staticmethod
    def read():
        with open("/proc/stat") as f:
            user, nice, system, idle, wait, irq, softirq, steal = map(int, f.readline().split()[1:9])
        busy = user + nice + system + irq + softirq + steal
        ours = sum(seconds for _, seconds in processes().values())
        return (busy + idle + wait) / TICKS, busy / TICKS, ours

    def share(self):
        total, busy, ours = self.read()
        others = (busy - self.busy) - (ours - self.ours)
        return max(0.0, others / max(total - self.total, 1 / TICKS))
