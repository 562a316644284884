"""What happens to the machines. A fault is a generator: it breaks something, yields how many seconds that stays so, and
mends it."""
import random
import subprocess

from machines import DATABASES, FRONTS, HERE, PATRONI


def primary_without_power(site):
    name = site.primary()
    site.machine("power_off", name)
    yield 15
    site.machine("start", name)


def primary_killed(site):
    site.on(site.primary(), "sh", "-c", "kill -9 $(head -n 1 /var/lib/postgresql/postlatch/postmaster.pid)")
    yield 10


def primary_without_network(site):
    name = site.primary()
    site.plug(name, "down")
    yield 15
    site.plug(name, "up")


def switch_over(site):
    site.on(site.primary(), *PATRONI, "switchover", "--force")
    yield 10


def front_end_without_power(site):
    name = random.choice(FRONTS)
    site.machine("power_off", name)
    yield 10
    site.machine("start", name)


def front_end_without_database(site):
    name = random.choice(FRONTS)
    site.cut(name)
    yield 15
    site.mend(name)


def all_etcd_stopped(site):
    for name in DATABASES:
        site.on(name, "systemctl", "stop", "etcd")
    yield 15
    for name in DATABASES:
        site.on(name, "systemctl", "start", "--no-block", "etcd")


def clock_a_minute_fast(site):
    """Of the programs on one front end: containers have the clock of the machine."""
    write_clock(site, "front2", 60)
    yield 35
    write_clock(site, "front2", 0)
    # Dovecot does not go on well where time goes back.
    site.on("front2", "systemctl", "restart", "dovecot")


def packages_installed_again(site):
    """As an upgrade does it: on one front end after the other."""
    for name in FRONTS:
        site.on(name, "sh", "-c", "apt-get install --reinstall -y /packages/new/*.deb")
        yield 5


FAULTS = (primary_without_power, primary_killed, primary_without_network, switch_over, front_end_without_power,
          front_end_without_database, all_etcd_stopped, clock_a_minute_fast, packages_installed_again)


def write_clock(site, name, seconds):
    with open("%s/%s/site/packages/seconds" % (site.work, name), "w") as f:
        f.write("%d\n" % seconds)


def prepare_clock(site, name):
    """Lets the programs of a front end read the wrong clock, which is right at first."""
    library = "/packages/wrong_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "%s/%s/site%s" % (site.work, name, library),
                    HERE + "/../integration/wrong_clock.c"], check=True)
    write_clock(site, name, 0)
    for unit in ("dovecot", "postlatch-portal", "postlatch-milter", "postlatch-sender"):
        folder = "%s/%s/site/etc/systemd/system/%s.service.d" % (site.work, name, unit)
        subprocess.run(["mkdir", "-p", folder], check=True)
        with open(folder + "/clock.conf", "w") as f:
            f.write("[Service]\nEnvironment=LD_PRELOAD=%s WRONG_CLOCK=/packages/seconds\n" % library)
    with open("%s/%s/site/etc/dovecot/conf.d/91-clock.conf" % (site.work, name), "w") as f:
        f.write("import_environment = $import_environment LD_PRELOAD WRONG_CLOCK\n")
    site.on(name, "systemctl", "daemon-reload")
    site.on(name, "systemctl", "restart", "dovecot", "postlatch-portal", "postlatch-milter", "postlatch-sender")
