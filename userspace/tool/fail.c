// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tool.h"

static const char *doing;

void fail_as(const char *name)
{
	doing = name;
}

void fail(enum ending ending, const char *format, ...)
{
	char line[1024];
	va_list ap;
	int n = snprintf(line, sizeof(line), "kdtls%s%s: ", doing ? " " : "",
			 doing ? doing : "");

	va_start(ap, format);
	n += vsnprintf(line + n, sizeof(line) - n, format, ap);
	va_end(ap);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n] = '\n';
	fflush(stdout);
	/* There's nobody else to tell if that fails. */
	if (write(STDERR_FILENO, line, n + 1) < 0)
		_exit(ending);
	exit(ending);
}

/* What can't be written, on a full disk or to nobody, isn't done. */
void written(void)
{
	if (fflush(stdout) || ferror(stdout))
		fail(ENDING_SYSTEM, "standard output can't be written: %m");
}

enum ending ending_of(int error)
{
	return error == EPERM || error == EACCES ? ENDING_PERMISSION :
						   ENDING_SYSTEM;
}

void no_arguments(char **arguments)
{
	if (*arguments)
		fail(ENDING_USAGE, "%s: what's that? (see kdtls help %s)",
		     *arguments, doing);
}
