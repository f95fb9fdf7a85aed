// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdarg.h>
#include <stdio.h>

#include "error.h"
#include "kdtls-core.h"

static __thread char text[192];

const char *kdtls_error_text(void)
{
	return text;
}

int kdtls_error(int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return -err;
}
