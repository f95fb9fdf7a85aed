# SPDX-License-Identifier: GPL-2.0
"""A machine without the module that the tests have put there."""

import contextlib
import os
import subprocess

MODULES = f"/lib/modules/{os.uname().release}"


# DKMS has an index of all modules made anew at each step, which here takes
# minutes. None of these is needed by what is tried.
UNUSED = ("drivers", "fs", "sound")


def forget_the_tests_module():
    """Only DKMS's is to be found."""
    # The card's driver, which other tests leave behind, uses it.
    subprocess.run(["modprobe", "-q", "-r", "dtls_sim", "dtls"], check=False)
    # A test before this one may have done the same.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(MODULES, "updates", "dtls.ko"))
    for folder in UNUSED:
        path = os.path.join(MODULES, "kernel", folder)
        if not os.path.ismount(path):
            subprocess.run(["mount", "-t", "tmpfs", "unused", path],
                           check=True)
    subprocess.run(["depmod"], check=True)
    if os.path.exists("/sys/module/dtls"):
        raise AssertionError("the module can't be unloaded")
