/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The keys of a handshake (RFC 5246, 6.3), from OpenSSL's public API. */
#ifndef KDTLS_OPENSSL_KEYS_H
#define KDTLS_OPENSSL_KEYS_H

#include <openssl/ssl.h>

#include "core/suite.h"

/* NULL: not one that the kernel takes. */
const struct kdtls_suite *kdtls_suite_of(const SSL_CIPHER *cipher);

/**
 * kdtls_keys_derive() - both directions' keys
 * @ssl: in or after the handshake
 * @keys: filled in; wipe with kdtls_keys_wipe(). Nothing to wipe on failure
 *
 * Return: 0; -EAGAIN: the handshake isn't that far; -EPROTONOSUPPORT: neither
 * DTLS 1.2 nor TLS 1.2; -EOPNOTSUPP: no suite of ours; -EIO: OpenSSL failed. With a text.
 */
int kdtls_keys_derive(SSL *ssl, struct kdtls_keys *keys);

#endif
