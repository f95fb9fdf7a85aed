# SPDX-License-Identifier: GPL-2.0
"""Who types the commands of the documentation. The check "examples" wants each
command to be in one of these tables: a new one fails until it's classed.
"""

import re

NETWORKING = "Documentation/networking/"
# A test types all of a file's blocks in that language, as they stand.
TYPED = {
    ("README.md", "sh"): "tests/docs/test_readme.py",
    (NETWORKING + "dtls-tutorial.rst", "sh"): "tests/docs/test_tutorial.py",
    (NETWORKING + "dtls-tutorial.rst", "python"):
        "tests/docs/test_tutorial.py",
    (NETWORKING + "dtls-tunnel.rst", "sh"): "tests/tunnel/test_page.py",
}
NO_SYSTEMD = "the guest has no systemd; tests/unit/test_service_py reads the " \
    "unit"
IN_A_PAGE = "the tunnel's page has it, and tests/tunnel/test_page.py types it"
IN_THE_README = "the README has the like, and tests/docs/test_readme.py types it"
OF_PACKAGES = "tests/packages/ does the like, on the host and in the guests"
NO_FIRMWARE = "the guest has no Secure Boot; tests/packages/guest/ has a kernel " \
    "that refuses"
MEASURES = "it makes a machine of its own and measures for long"
# What a command begins with, and why nobody types it.
NOT_TYPED = {
    NETWORKING + "dtls-performance.rst": {
        "make bench": MEASURES,
        "make profile": MEASURES,
        "tests/bench/run": MEASURES,
    },
    NETWORKING + "dtls-install.rst": {
        "make deb": OF_PACKAGES,
        "sudo apt-get install ./build/deb/": OF_PACKAGES,
        "sudo modprobe": OF_PACKAGES,
        "sudo ln -s /dev/null": NO_SYSTEMD,
        "mokutil": NO_FIRMWARE,
        "sudo mokutil": NO_FIRMWARE,
        "cat /sys/kernel/security/lockdown": NO_FIRMWARE,
    },
    NETWORKING + "dtls-tunnel.rst": {
        "sudo install -d": NO_SYSTEMD,
        "sudo cp /usr/local/share": NO_SYSTEMD,
        "sudo systemctl": NO_SYSTEMD,
    },
    "Documentation/man/kdtls.8": {
        "kdtls status": IN_THE_README,
        "kdtls echo": IN_THE_README,
        "kdtls connect": IN_THE_README,
        "kdtls stat -w": IN_THE_README,
        "kdtls ss": IN_THE_README,
        "kdtls bench": "it measures against another machine",
    },
    "Documentation/man/libkdtls-preload.7": {
        "export LD_PRELOAD": IN_THE_README,
        "KDTLS_PRELOAD=verbose openssl s_client": IN_THE_README,
        "kdtls ss": IN_THE_README,
        "LD_PRELOAD=/usr/local/lib/kdtls/libkdtls-preload.so turnserver":
            "tests/interop/test_preload_coturn.py does the like",
    },
    "Documentation/man/kdtls-tunnel.8": {
        "kdtls-tunnel --config": IN_A_PAGE,
        "systemctl": NO_SYSTEMD,
    },
}


def commands(block):
    """Those of a block: what follows a prompt, or each line without a console.
    """
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.language == "console":
        return [line[2:] for line in lines if re.match(r"[$#] ", line)]
    return [line for line in lines if line and not line.startswith("#")]


def unclassed(block):
    """The commands of a block that no table has."""
    if (block.file, block.language) in TYPED:
        return []
    known = NOT_TYPED.get(block.file, {})
    return [command for command in commands(block)
            if not any(command.startswith(start) for start in known)]
