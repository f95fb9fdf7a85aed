/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef KDTLS_OPENSSL_REASON_H
#define KDTLS_OPENSSL_REASON_H

#include <openssl/err.h>

#include "core/error.h"

/* As kdtls_error(), with the reason on top of OpenSSL's error queue. */
static inline int kdtls_error_openssl(int err, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return kdtls_error(err, "%s: OpenSSL: %s", what,
			   reason ? reason : "no reason given");
}

#endif
