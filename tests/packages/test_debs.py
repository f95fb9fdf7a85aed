#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The Debian packages as `make deb` has built them, before they're installed."""

import filecmp
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.realpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

# pylint: disable=wrong-import-position
from harness import case, equal, main  # noqa: E402

DEBS = os.path.join(TOP, "build", "deb")
LIBDIR = "usr/lib/x86_64-linux-gnu"
# Of each package what nobody could do without.
PACKAGES = {
    "dtls-dkms": ("usr/lib/modules-load.d/dtls.conf",),
    "kdtls": ("usr/bin/kdtls", "usr/share/man/man8/kdtls.8.gz",
              "usr/share/bash-completion/completions/kdtls",
              "usr/share/doc/kdtls/dtls-tunnel.rst",
              f"{LIBDIR}/kdtls/libkdtls-preload.so",
              "usr/share/man/man7/dtls.7.gz",
              "usr/share/man/man7/libkdtls-preload.7.gz",
              "usr/sbin/kdtls-tunnel", "usr/share/man/man8/kdtls-tunnel.8.gz",
              "usr/share/man/man5/kdtls-tunnel.conf.5.gz",
              "lib/systemd/system/kdtls-tunnel@.service"),
    "libkdtls-core0": (f"{LIBDIR}/libkdtls-core.so.0",),
    "libkdtls-dev": ("usr/include/kdtls.h", "usr/include/linux/dtls.h",
                     "usr/include/linux/dtls_netlink.h",
                     "usr/share/man/man3/kdtls_attach.3.gz",
                     f"{LIBDIR}/libkdtls.so", f"{LIBDIR}/libkdtls.a",
                     f"{LIBDIR}/pkgconfig/kdtls.pc"),
    "libkdtls-gnutls-dev": ("usr/include/kdtls-gnutls.h",
                            "usr/share/man/man3/kdtls_gnutls_attach.3.gz",
                            f"{LIBDIR}/libkdtls-gnutls.so",
                            f"{LIBDIR}/pkgconfig/kdtls-gnutls.pc"),
    "libkdtls-gnutls0": (f"{LIBDIR}/libkdtls-gnutls.so.0",),
    "libkdtls0": (f"{LIBDIR}/libkdtls.so.0",),
}
# As distributions call them, and whether the module is built for them.
KERNELS = {"6.1.0-40-amd64": True, "6.12.43+deb12-amd64": True, "6.1.140": True,
           "6.5.0-0.deb12.4-amd64": False, "6.13.1-amd64": False,
           "6.18.2+deb12-amd64": False, "5.10.0-35-amd64": False,
           "16.1.2": False}
# The configuration is read by a function that has another kernel's version.
AS_DKMS = """
kernelver=$1
read_conf() { local kernelver=6.1.0-1-amd64; source_conf "$1"; }
source_conf() { . "$1"; }
read_conf "$2"
printf '%s\\n' "$PACKAGE_VERSION" "$AUTOINSTALL"
[[ $kernelver =~ $BUILD_EXCLUSIVE_KERNEL ]] && echo build || echo skip
"""


def run(*command):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True).stdout


def deb(package):
    found = glob.glob(os.path.join(DEBS, f"{package}_*.deb"))
    equal(len(found), 1, f"{package}: {found}")
    return found[0]


def unpacked(package, folder):
    run("dpkg-deb", "-R", deb(package), folder)
    return folder


@case()
def packages_are_these(_):
    found = {os.path.basename(path).split("_")[0]
             for path in glob.glob(os.path.join(DEBS, "*.deb"))}
    equal(sorted(found), sorted(PACKAGES))


@case()
def lintian_finds_nothing(_):
    changes = glob.glob(os.path.join(DEBS, "*.changes"))
    done = subprocess.run(["lintian", "--allow-root", "--fail-on",
                           "error,warning", *changes], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    equal((done.returncode, done.stdout), (0, ""))


@case(variants=[(package,) for package in PACKAGES])
def package_holds(given):
    with tempfile.TemporaryDirectory() as folder:
        unpacked(given[0], folder)
        for name in PACKAGES[given[0]]:
            if not os.path.lexists(os.path.join(folder, name)):
                raise AssertionError(f"no {name}")


@case()
def module_is_built_from_the_sources_of_the_tree(_):
    with tempfile.TemporaryDirectory() as folder:
        unpacked("dtls-dkms", folder)
        source = glob.glob(os.path.join(folder, "usr/src/dtls-*"))[0]
        for part in ("net/dtls", "include"):
            for path, _, names in os.walk(os.path.join(TOP, part)):
                for name in names:
                    if not re.search(r"(?<!\.mod)\.[ch]$|^Makefile$", name):
                        continue
                    ours = os.path.join(path, name)
                    theirs = os.path.join(source, os.path.relpath(ours, TOP))
                    equal(filecmp.cmp(ours, theirs, shallow=False), True, ours)


@case()
def module_follows_the_kernel(_):
    """DKMS builds it for each kernel of the series that it's for, and lets the
    others be."""
    with tempfile.TemporaryDirectory() as folder:
        unpacked("dtls-dkms", folder)
        source = glob.glob(os.path.join(folder, "usr/src/dtls-*"))[0]
        version = os.path.basename(source).removeprefix("dtls-")
        for kernel, is_ours in KERNELS.items():
            said = run("bash", "-c", AS_DKMS, "bash", kernel,
                       os.path.join(source, "dkms.conf")).splitlines()
            equal(said, [version, "yes" if is_ours else "",
                         "build" if is_ours else "skip"], kernel)


@case()
def no_tunnel_is_started_or_enabled(_):
    with tempfile.TemporaryDirectory() as folder:
        control = os.path.join(unpacked("kdtls", folder), "DEBIAN")
        for name in os.listdir(control):
            with open(os.path.join(control, name), encoding="utf-8") as file:
                equal(re.findall(r"deb-systemd-helper.*|"
                                 r"deb-systemd-invoke.*", file.read()), [])


@case()
def same_sources_make_the_same_packages(_):
    """In a folder with a file of somebody's, and a package of before."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("mine", "kdtls_0.0.1_amd64.deb"):
            with open(os.path.join(folder, name), "w", encoding="ascii"):
                pass
        run(os.path.join(TOP, "userspace", "packaging", "deb"), folder)
        equal([name for name in ("mine", "kdtls_0.0.1_amd64.deb")
               if os.path.exists(os.path.join(folder, name))], ["mine"])
        for package in PACKAGES:
            ours = deb(package)
            again = os.path.join(folder, os.path.basename(ours))
            equal(filecmp.cmp(ours, again, shallow=False), True, ours)


if __name__ == "__main__":
    main()
