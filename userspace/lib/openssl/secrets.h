/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The traffic secrets of TLS 1.3 (RFC 8446, 7.1). OpenSSL tells them by the
 * callback of a context that is meant for logging them, and in no other way.
 */
#ifndef KDTLS_OPENSSL_SECRETS_H
#define KDTLS_OPENSSL_SECRETS_H

#include <openssl/ssl.h>

#include "core/schedule.h"

/* Zeroed there are none. */
struct kdtls_secrets {
	struct kdtls_secret client_handshake;
	struct kdtls_secret server_handshake;
	struct kdtls_secret client_traffic;
	struct kdtls_secret server_traffic;
};

/*
 * From now on SSLs of @ctx that are tapped get theirs. What the application has
 * set there before is called as well. -ENOMEM.
 */
int kdtls_secrets_listen(SSL_CTX *ctx);

/* OpenSSL's HKDF-Expand. */
bool kdtls_openssl_expand(const struct kdtls_secret *secret,
			  const uint8_t *info, size_t info_len, uint8_t *out,
			  size_t out_len);

#endif
