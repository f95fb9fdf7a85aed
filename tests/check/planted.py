# SPDX-License-Identifier: GPL-2.0
"""A small tree that is in order, and faults to plant in it."""

import collections

Fault = collections.namedtuple("Fault", "check name files says")

KERNEL = "// SPDX-License-Identifier: GPL-2.0\n"
KERNEL_HEADER = "/* SPDX-License-Identifier: GPL-2.0 */\n"
USER = "// SPDX-License-Identifier: GPL-2.0 OR MIT\n"
UAPI = ("/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR "
        "MIT) */\n")

RECORD_C = KERNEL + """#include <linux/types.h>

#include "record.h"

/**
 * dtls_record_len() - length of a record
 * @payload_len: length of its content
 *
 * Context: any.
 * Return: bytes.
 */
u16 dtls_record_len(u16 payload_len)
{
	return payload_len + 13;
}
"""

EPOCH_C = KERNEL + """#include <linux/build_bug.h>
#include <linux/dtls.h>

#include "epoch.h"
#include "record.h"

static_assert(sizeof(struct dtls_thing) == 8);

/**
 * dtls_epoch_len() - length of a record of this epoch
 *
 * Context: any.
 * Return: bytes.
 */
u16 dtls_epoch_len(void)
{
	return dtls_record_len(1);
}
"""

MAIN_C = KERNEL + """#include <linux/module.h>

#include "rx.h"

static int __init dtls_init(void)
{
	return dtls_rx_len(-14);
}
module_init(dtls_init);

MODULE_DESCRIPTION("A module that is in order");
MODULE_LICENSE("GPL");
"""

MAKEFILE = """# SPDX-License-Identifier: GPL-2.0
obj-m := dtls.o
dtls-y := main.o rx.o epoch.o record.o
ccflags-y := -I$(src)/../../include/uapi
"""

RX_C = KERNEL + """#include "epoch.h"
#include "rx.h"

/**
 * dtls_rx_len() - length of what comes
 * @head: a socket's sk_prot is not for comments only
 *
 * Context: process.
 * Return: bytes.
 */
int dtls_rx_len(int head)
{
	return dtls_epoch_len() + head;
}
"""

UAPI_H = UAPI + """#ifndef _UAPI_LINUX_DTLS_H
#define _UAPI_LINUX_DTLS_H

#include <linux/types.h>
#include <linux/tls.h>

/**
 * struct dtls_thing - a thing
 * @first: one
 * @second: other
 */
struct dtls_thing {
	__u32	first;
	__u32	second;
};

#endif /* _UAPI_LINUX_DTLS_H */
"""

NETLINK_H = UAPI + """#ifndef _UAPI_LINUX_DTLS_NETLINK_H
#define _UAPI_LINUX_DTLS_NETLINK_H

enum dtls_cmd {
	DTLS_CMD_UNSPEC
};

#endif /* _UAPI_LINUX_DTLS_NETLINK_H */
"""

LIBRARY_C = USER + """#include <errno.h>

int kdtls_answer(int question)
{
	return question ? 42 : -EINVAL;
}
"""

LIBRARY_H = (USER.replace("//", "/*").replace("\n", " */\n") +
             """#ifndef KDTLS_H
#define KDTLS_H

#include <linux/tls.h>

int kdtls_answer(int question);

#endif /* KDTLS_H */
""")

PAGE = """.\\" SPDX-License-Identifier: GPL-2.0 OR MIT
.TH kdtls_answer 3 2026-11-21 "1" "1"
.SH NAME
kdtls_answer \\- answer a question
.SH LIBRARY
libkdtls
.SH SYNOPSIS
.BI "int kdtls_answer(int " question );
.SH DESCRIPTION
It answers.
.SH RETURN VALUE
42.
.SH ERRORS
EINVAL.
.SH SEE ALSO
.BR dtls (7)
"""

SOCKET_PAGE = """.\\" SPDX-License-Identifier: GPL-2.0 OR MIT
.TH dtls 7 2026-11-21 "1" "1"
.SH NAME
dtls \\- things
.SH DESCRIPTION
.I struct dtls_thing
has
.I first
and
.IR second .
.SH SEE ALSO
.BR kdtls_answer (3)
"""

INDEX = """.. SPDX-License-Identifier: GPL-2.0

dtls(7), kdtls_answer(3)
"""


def header(name, declaration):
    """A header of net/dtls."""
    guard = f"_DTLS_{name.upper()}_H"
    return (f"{KERNEL_HEADER}#ifndef {guard}\n#define {guard}\n\n"
            f"#include <linux/types.h>\n\n{declaration}\n\n"
            f"#endif /* {guard} */\n")


BASE = {
    "net/dtls/Makefile": MAKEFILE,
    "net/dtls/main.c": MAIN_C,
    "net/dtls/record.c": RECORD_C,
    "net/dtls/record.h": header("record", "u16 dtls_record_len(u16 len);"),
    "net/dtls/epoch.c": EPOCH_C,
    "net/dtls/epoch.h": header("epoch", "u16 dtls_epoch_len(void);"),
    "net/dtls/rx.c": RX_C,
    "net/dtls/rx.h": header("rx", "int dtls_rx_len(int head);"),
    "include/uapi/linux/dtls.h": UAPI_H,
    "include/uapi/linux/dtls_netlink.h": NETLINK_H,
    "README.md": "It's in order.\n",
    "userspace/library.c": LIBRARY_C,
    "userspace/include/kdtls.h": LIBRARY_H,
    "userspace/Makefile": "# SPDX-License-Identifier: GPL-2.0 OR MIT\nall:\n",
    "Documentation/README.rst": INDEX,
    "Documentation/man/kdtls_answer.3": PAGE,
    "Documentation/man/dtls.7": SOCKET_PAGE,
}


def behind(text, code):
    """A source with code added at its end."""
    return text + "\n" + code


def function(name, body):
    """A static function."""
    return f"static int {name}(void)\n{{\n\t{body}\n}}\n"


def uapi(old, new):
    """The uapi header with a change."""
    return {"include/uapi/linux/dtls.h": UAPI_H.replace(old, new)}


LAYERS = [
    Fault("layers", "a file without a place",
          {"net/dtls/utils.c": KERNEL}, r"utils\.c: no layer"),
    Fault("layers", "an include that goes up",
          {"net/dtls/epoch.c": EPOCH_C.replace("record.h", "rx.h")},
          r"epoch\.c:\d+: epoch must not include rx\.h"),
    Fault("layers", "a call that goes up",
          {"net/dtls/epoch.c": behind(EPOCH_C, function(
              "up", "return dtls_rx_len(1);"))},
          r"epoch\.c:\d+: epoch must not call dtls_rx_len\(\) of rx"),
    Fault("layers", "a call that goes up from an inline function",
          {"net/dtls/epoch.h": header("epoch", "static inline int up(void)\n"
                                      "{\n\treturn dtls_rx_len(1);\n}")},
          r"epoch\.h:\d+: epoch must not call dtls_rx_len\(\) of rx"),
    Fault("layers", "a function of a layer above handed on as a pointer",
          {"net/dtls/epoch.c": behind(
              EPOCH_C, "static int (*up)(int) = dtls_rx_len;\n")},
          r"epoch must not call dtls_rx_len\(\) of rx"),
    Fault("layers", "a circle inside one layer",
          {"net/dtls/tx.c": KERNEL + "int dtls_tx_a(void)\n{\n\t"
           "return dtls_rx_len(1);\n}\n",
           "net/dtls/rx.c": RX_C.replace("+ head", "+ dtls_tx_a()")},
          r"rx -> tx -> rx"),
    Fault("layers", "a socket in a pure file",
          {"net/dtls/record.c": behind(RECORD_C, "struct sock;\n")},
          r"record must not mention sock"),
    Fault("layers", "a lock in a pure file",
          {"net/dtls/record.h": header("record", "#define x spin_lock")},
          r"record must not mention spin_lock"),
    Fault("layers", "an allocation in a pure file",
          {"net/dtls/record.h": header("record", "#define x kzalloc(1)")},
          r"record must not mention kzalloc"),
    Fault("layers", "the clock in a pure file",
          {"net/dtls/record.h": header("record", "#define x ktime_get_ns")},
          r"record must not mention ktime_get_ns"),
    Fault("layers", "a pure file that needs the kernel",
          {"net/dtls/record.c": behind(RECORD_C, function(
              "f", "return this_cpu_read(x);"))},
          r"not ok \d+ - net/dtls/record\.c compiles in userspace"),
    Fault("layers", "an epoch in aead",
          {"net/dtls/aead.c": KERNEL + "struct dtls_epoch;\n"},
          r"aead must not mention dtls_epoch"),
    Fault("layers", "crypto outside of aead.c",
          {"net/dtls/epoch.c": EPOCH_C.replace(
              '#include "record.h"', "#include <crypto/aead.h>")},
          r"only aead\.c includes crypto/aead\.h"),
    Fault("layers", "a socket's field in epoch",
          {"net/dtls/epoch.c": behind(EPOCH_C, function(
              "f", "return sk->sk_family;"))},
          r"epoch must not mention sk\b"),
    Fault("layers", "a wakeup in rx",
          {"net/dtls/rx.c": behind(RX_C, function(
              "f", "return wake_up_interruptible(0);"))},
          r"rx must not mention wake_up_interruptible"),
    Fault("layers", "a kernel version in the driver",
          {"net/dtls/rx.c": behind(
              RX_C, "#if LINUX_VERSION_CODE > 1\n#endif\n")},
          r"rx must not mention LINUX_VERSION_CODE"),
]

LONG = "".join(f"\tx += {number};\n" for number in range(100))

OTHERS = [
    Fault("sizes", "a function of over 100 lines",
          {"userspace/library.c": behind(
              LIBRARY_C, f"void f(int x)\n{{\n{LONG}}}\n")},
          r"library\.c:\d+: 103 lines: void f\(int x\)"),
    Fault("sizes", "a file of over 500 lines",
          {"userspace/library.c": LIBRARY_C + "\n" * 500},
          r"library\.c: \d+ lines, over 500"),
    Fault("sizes", "long functions in the module",
          {"net/dtls/rx.c": "".join(f"int f{n}(int x)\n{{\n{LONG[:600]}}}\n\n"
                                    for n in range(9))},
          r"median \d+ > 20"),
    Fault("kerneldoc", "a function without one",
          {"net/dtls/rx.c": behind(RX_C, "int f(void)\n{\n}\n")},
          r"f\(\) has no kernel-doc"),
    Fault("kerneldoc", "a value that nothing describes",
          {"net/dtls/rx.c": RX_C.replace(" * Return: bytes.\n", "")},
          r"no 'Return:'"),
    Fault("kerneldoc", "a parameter that nothing describes",
          {"net/dtls/rx.c": RX_C.replace("int head)", "int head, int x)")},
          r"takes \['head', 'x'\]"),
    Fault("kerneldoc", "a member that nothing describes",
          uapi(" * @second: other\n", ""), r"member second has no line"),
    Fault("kerneldoc", "a lock that nothing describes",
          {"net/dtls/rx.c": behind(
              RX_C, "struct s {\n\tspinlock_t lock;\n};\n")},
          r"struct s has no kernel-doc"),
    Fault("headers", "a header that needs another",
          uapi("#include <linux/types.h>", "#include <linux/nothing.h>"),
          r"not ok \d+ - linux/dtls\.h as c99"),
    Fault("headers", "a header that C++ does not take",
          uapi("first;", "class;"), r"not ok \d+ - linux/dtls\.h as c\+\+11"),
    Fault("headers", "a layout that depends on the word size",
          uapi("__u32	second", "unsigned long second"),
          r"not ok \d+ - uapi structs have one layout"),
    Fault("headers", "a hole", uapi("__u32	first", "__u8	first"),
          r"not ok \d+ - uapi structs have no holes"),
    Fault("headers", "a size that nothing asserts",
          {"net/dtls/epoch.c": EPOCH_C.replace("static_assert", "// ")},
          r"no static_assert\(sizeof\(struct dtls_thing\)"),
    Fault("headers", "a library header that needs another",
          {"userspace/include/kdtls.h": LIBRARY_H.replace("int q", "u8 q")},
          r"not ok \d+ - kdtls\.h as c\+\+17"),
    Fault("format", "code in another style",
          {"userspace/library.c": LIBRARY_C.replace("\n{", " {")},
          r"not ok \d+ - clang-format: userspace/"),
    Fault("lint", "an unquoted variable",
          {"tests/x.sh": "#!/bin/bash\nset -euo pipefail\nls $1\n"},
          r"tests/x\.sh line 3"),
    Fault("lint", "a script that goes on after errors",
          {"tests/x.sh": "#!/bin/bash\nls\n"},
          r"not ok \d+ - bash scripts end at the first error"),
    Fault("lint", "Python that does not parse",
          {"tests/x.py": "def f(:\n"}, r"not ok \d+ - Python scripts parse"),
    Fault("lint", "Python from elsewhere",
          {"tests/x": "#!/usr/bin/env python3\n"},
          r"tests/x: not #!/usr/bin/python3"),
    Fault("licences", "a file without a licence",
          {"userspace/library.c": "int f;\n"},
          r"library\.c: no SPDX-License-Identifier"),
    Fault("licences", "a licence out of its place",
          {"userspace/library.c": KERNEL}, r"library\.c: 'GPL-2\.0', not"),
    Fault("words", "a path of this machine",
          {"tests/x": "cd @TOP@/tests\n"}, r"no path of this machine\n# tests/x"),
    Fault("words", "the name of a mirror", {"tests/x": "deb @MIRROR@ x\n"},
          r"no name of a package mirror\n# tests/x"),
    Fault("words", "a binary file", {"tests/x": b"\0\1"}, r"# tests/x"),
    Fault("words", "a big file", {"tests/x": "x" * (1 << 20) + "y"},
          r"tests/x: 1048577 bytes"),
    Fault("checkpatch", "code in another style",
          {"net/dtls/rx.c": behind(RX_C, "int f(int x)\n{\n\tif(x)\n\t\t"
                                  "return 1;\n}\n")},
          r"net/dtls/rx\.c:\d+: ERROR"),
    Fault("checkpatch", "a kernel version in the driver",
          {"net/dtls/rx.c": behind(RX_C, "#if LINUX_VERSION_CODE > 1\n")},
          r"LINUX_VERSION_CODE"),
]

BUILDS = [
    Fault("build", "a function that nothing declares",
          {"net/dtls/rx.c": behind(RX_C, "int f(void)\n{\n\treturn 1;\n}\n")},
          r"rx\.c:\d+:5: warning: no previous prototype"),
    Fault("build", "byte orders mixed up",
          {"net/dtls/rx.c": behind(RX_C, "__be16 dtls_port = 80;\n")},
          r"rx\.c:\d+:\d+: warning: incorrect type in initializer"),
    Fault("build", "a symbol that the kernel lacks",
          {"net/dtls/rx.c": RX_C.replace("+ head", "+ nothing()").replace(
              '#include "rx.h"', '#include "rx.h"\n\nint nothing(void);')},
          r"nothing.* undefined"),
]

ANSWER = "Documentation/man/kdtls_answer.3"

PAGES = [
    Fault("man", "roff that warns", {ANSWER: PAGE + ".XX\n"},
          r"not ok \d+ - Documentation/man/kdtls_answer\.3 is roff"),
    Fault("man", "a page without its errors",
          {ANSWER: PAGE.replace(".SH ERRORS\n", "")}, r"no section ERRORS"),
    Fault("man", "a page without a name",
          {ANSWER: PAGE.replace(" \\-", "")}, r"no NAME for apropos"),
    Fault("man", "a page that isn't there",
          {ANSWER: PAGE.replace("dtls (7)", "kdtls_ask (3)")},
          r"kdtls_answer\.3: kdtls_ask\(3\)"),
    Fault("man", "a function without a page",
          {"userspace/include/kdtls.h": LIBRARY_H.replace("_answer", "_ask")},
          r"no Documentation/man/kdtls_ask\.3"),
    Fault("man", "an errno that the page hasn't got",
          {"userspace/include/kdtls.h": LIBRARY_H.replace(
              "int k", "/**\n * kdtls_answer() - answer\n *\n * Return: 0; "
              "-ENOENT.\n */\nint k")}, r"no ENOENT, which the header has"),
    Fault("man", "a member that dtls.7 hasn't got",
          uapi("__u32	second", "__u32	third"), r"# third"),
    Fault("man", "an option that dtls.7 hasn't got",
          uapi("/**", "#define DTLS_THING 64\n\n/**"), r"# DTLS_THING"),
]

def example(*lines):
    """The page with an example."""
    return {ANSWER: PAGE + "\n".join((".EX", *lines, ".EE", ""))}


def document(*lines):
    """One that the index has, and its text."""
    return {"Documentation/networking/x.rst": "\n".join(
        (".. SPDX-License-Identifier: GPL-2.0", "", *lines, "")),
        "Documentation/README.rst": INDEX + "\nnetworking/x.rst\n"}


EXAMPLES = [
    Fault("examples", "a function that warns",
          example("int f(int x)", "{", "\treturn 1;", "}"),
          r"unused parameter"),
    Fault("examples", "a structure that no header has so",
          example("struct dtls_thing {", "\t__u32 first;", "};"),
          r"no public header has it so"),
    Fault("examples", "a command that nobody types",
          document(".. code-block:: sh", "", "  make it so"), r"# make it so"),
    Fault("examples", "a language that nothing looks at",
          document(".. code-block:: perl", "", "  1;"), r"x\.rst:3: perl"),
    Fault("docs", "a document that the index hasn't got",
          {"Documentation/networking/x.rst":
           ".. SPDX-License-Identifier: GPL-2.0\n\nText.\n"},
          r"no networking/x\.rst in Documentation/README"),
    Fault("docs", "a title that's too short",
          document("Title", "==", "", "Text."), r"Possible title underline, too short"),
    Fault("docs", "a link that leads nowhere",
          {"README.md": "[there](nowhere.rst)\n"}, r"README\.md: no nowhere"),
]

FAULTS = BUILDS + LAYERS + OTHERS + PAGES + EXAMPLES
