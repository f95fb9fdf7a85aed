// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "paint.h"

bool paint_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no && *no) || !term || !*term || !strcmp(term, "dumb"))
		return false;
	return isatty(STDOUT_FILENO);
}

const char *paint(enum colour colour)
{
	static const char *const codes[] = {
		[PLAIN] = "\033[0m",   [BOLD] = "\033[1m", [GREEN] = "\033[32m",
		[YELLOW] = "\033[33m", [RED] = "\033[31m",
	};

	return paint_wanted() ? codes[colour] : "";
}

char *tame(char *text)
{
	char *p;

	for (p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return text;
}
