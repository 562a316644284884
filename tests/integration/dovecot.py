"""What has another name in each release of Dovecot."""
import re
import subprocess

RELEASE = re.match(r"\d+\.\d+", subprocess.run(["dovecot", "--version"], capture_output=True, text=True,
                                               check=True).stdout).group()
# Setting of a passdb: the mechanisms by which it is asked.
MECHANISMS = {"2.3": "mechanisms", "2.4": "mechanisms_filter"}[RELEASE]
# Setting of an inet_listener: where it listens.
ADDRESS = {"2.3": "address", "2.4": "listen"}[RELEASE]
# Dovecot asks the portal whether a token is good before it asks the driver.
INTROSPECTS = RELEASE != "2.3"
