/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Colours, on terminals that want them. */
#ifndef KDTLS_TOOL_PAINT_H
#define KDTLS_TOOL_PAINT_H

#include <stdbool.h>
#include <stdio.h>

enum colour {
	PLAIN,
	BOLD,
	GREEN,
	YELLOW,
	RED
};

/* Is standard output a terminal, and NO_COLOR unset (https://no-color.org)? */
bool paint_wanted(void);

/* What turns @colour on and, as PLAIN, off again: maybe nothing. */
const char *paint(enum colour colour);

/*
 * Text of others, fit for a terminal: what could command it becomes '?'. In
 * place; returns it.
 */
char *tame(char *text);

#endif
