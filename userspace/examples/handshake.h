/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A client's handshake on a socket that doesn't block. */
#ifndef KDTLS_EXAMPLES_HANDSHAKE_H
#define KDTLS_EXAMPLES_HANDSHAKE_H

#include <stdbool.h>
#include <openssl/ssl.h>

/* Milliseconds of a clock that nobody sets. */
long long now_ms(void);

/* False: @until has passed. */
bool wait_readable(int fd, long long until);

/* Of several servers at one address it's the one of this name; false: no memory. */
bool handshake_name(SSL *ssl, const char *name);

/* The server's certificate has to have this name or address. */
bool handshake_verify(SSL *ssl, const char *name);

/*
 * Flights are repeated as they're due, once even where nobody listens (yet). 0; -ETIMEDOUT: @until has passed; else
 * OpenSSL's errors, or errno, say what it was, and -EPROTO is returned.
 */
int handshake_run(SSL *ssl, int fd, long long until);

#endif
