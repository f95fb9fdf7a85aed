#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""`make install` below a DESTDIR, what is built with it, and `make uninstall`.
"""

import contextlib
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.realpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

# pylint: disable=wrong-import-position
from harness import case, equal, main  # noqa: E402

# Where things go: the default, and what a distribution says.
PLACES = (
    ("default",),
    ("prefix=/usr", "libdir=/usr/lib/x86_64-linux-gnu",
     "unitdir=/lib/systemd/system"),
)
LIBRARIES = {
    "kdtls-core": ("kdtls-core.h", "kdtls_error_text"),
    "kdtls": ("kdtls.h", "kdtls_attach"),
    "kdtls-gnutls": ("kdtls-gnutls.h", "kdtls_gnutls_attach"),
}


def make(target, folder, place):
    settings = [word for word in place if "=" in word]
    subprocess.run(["make", "-s", "-C", TOP, target, f"DESTDIR={folder}",
                    *settings], check=True, stdin=subprocess.DEVNULL)


def files(folder):
    return sorted(os.path.relpath(os.path.join(path, name), folder)
                  for path, _, names in os.walk(folder) for name in names)


def named(folder, ending):
    """The one file below @folder whose path has this ending."""
    found = [name for name in files(folder) if name.endswith(ending)]
    equal(len(found), 1, f"{ending}: {found}")
    return os.path.join(folder, found[0])


@contextlib.contextmanager
def installed(*place):
    with tempfile.TemporaryDirectory() as folder:
        make("install", folder, place)
        yield folder, place


def pkg_config(folder, library):
    """What the compiler is to be told, for a system that's below @folder."""
    env = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": folder,
           "PKG_CONFIG_PATH": os.path.dirname(named(folder, "/kdtls.pc"))}
    return subprocess.run(["pkg-config", "--cflags", "--libs", library],
                          env=env, check=True, capture_output=True,
                          text=True).stdout.split()


@case(variants=PLACES)
def programs_are_built_by_pkg_config_and_run(given):
    folder, _ = given
    for library, (header, function) in LIBRARIES.items():
        program = os.path.join(folder, library)
        source = (f"#include <linux/dtls.h>\n#include <{header}>\n"
                  f"int main(void) {{ return !{function}; }}\n")
        # What the programs need is found below the folder and nowhere else.
        subprocess.run(["gcc", "-x", "c", "-", "-o", program, "-Wall",
                        "-Wno-address", *pkg_config(folder, library)],
                       input=source, text=True, check=True)
        libdir = os.path.dirname(named(folder, "/libkdtls.so.0"))
        subprocess.run([program], check=True,
                       env={**os.environ, "LD_LIBRARY_PATH": libdir})


@case(variants=PLACES)
def interface_of_the_kernel_and_manuals_are_complete(given):
    folder, _ = given
    for source, ending in (("include/uapi/linux", "include/linux/"),
                           ("Documentation/man", "/")):
        path = os.path.join(TOP, source)
        for name in os.listdir(path) if os.path.isdir(path) else ():
            section = f"man{name[-1]}/" if "man" in source else ""
            named(folder, ending + section + name)


@case(variants=PLACES)
def unit_runs_the_program_where_it_is(given):
    folder, _ = given
    program = named(folder, "sbin/kdtls-tunnel")
    with open(named(folder, "/kdtls-tunnel@.service"),
              encoding="utf-8") as unit:
        starts = [line for line in unit if line.startswith("ExecStart=")]
    equal(starts[0].split()[0], f"ExecStart={program[len(folder):]}")


@case(variants=PLACES)
def uninstall_leaves_no_file_and_no_folder_of_its_own(given):
    folder, place = given
    make("uninstall", folder, place)
    equal(files(folder), [])
    left = [path for path, *_ in os.walk(folder)
            if "dtls" in os.path.relpath(path, folder)]
    equal(left, [])


@case(variants=PLACES)
def others_files_stay(given):
    folder, place = given
    other = os.path.join(os.path.dirname(named(folder, "/kdtls.h")), "other.h")
    with open(other, "w", encoding="ascii"):
        pass
    make("uninstall", folder, place)
    equal(files(folder), [os.path.relpath(other, folder)])


if __name__ == "__main__":
    main(installed)
