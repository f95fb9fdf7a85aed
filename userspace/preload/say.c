// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/err.h>

#include "say.h"

static bool is_wanted(void)
{
	const char *words = secure_getenv("KDTLS_PRELOAD");

	return words && !strcmp(words, "verbose");
}

void say(const SSL *ssl, const char *format, ...)
{
	int before = errno;
	char what[512];
	va_list args;
	int fd;

	if (!is_wanted())
		return;
	/* Without a BIO there's none, which isn't the program's error. */
	ERR_set_mark();
	fd = ssl ? SSL_get_wfd(ssl) : -1;
	ERR_pop_to_mark();
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	/* In one piece, whoever else is writing. */
	dprintf(STDERR_FILENO, "kdtls-preload: process %d, socket %d: %s\n",
		getpid(), fd, what);
	errno = before;
}
