// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdarg.h>
#include <stdio.h>
#include <openssl/err.h>

#include "error.h"
#include "kdtls.h"

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

int kdtls_error_openssl(int err, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return kdtls_error(err, "%s: OpenSSL: %s", what,
			   reason ? reason : "no reason given");
}
