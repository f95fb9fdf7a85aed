/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The cookie exchange of DTLS (RFC 6347, 4.2.1), which keeps no state. */
#ifndef KDTLS_EXAMPLES_COOKIE_H
#define KDTLS_EXAMPLES_COOKIE_H

#include <stdbool.h>
#include <openssl/ssl.h>

#include "port.h"

/* A secret of our own, and callbacks. False: OpenSSL has no random numbers. */
bool cookie_prepare(SSL_CTX *ctx);

/* Whom @ssl is about to talk to: OpenSSL asks for the cookie again. */
void cookie_set_peer(SSL *ssl, const struct endpoint *peer);

/*
 * A datagram from @peer: sends it a cookie if that's called for. True: it's a
 * ClientHello with a good cookie, and @listener has it and goes on from there,
 * once it was told where its peer's address stays.
 */
bool cookie_check(SSL *listener, const struct port *port,
		  const struct endpoint *peer, const void *datagram,
		  size_t len);

#endif
