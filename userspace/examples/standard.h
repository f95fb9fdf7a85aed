/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Standard input, output and error. */
#ifndef KDTLS_EXAMPLES_STANDARD_H
#define KDTLS_EXAMPLES_STANDARD_H

#include <stdbool.h>

/*
 * First of all: those that are closed become /dev/null, or a socket would get the
 * number of one and be sent what's meant for it. False: it can't be opened.
 */
bool standard_open(void);

#endif
