/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Who the two ends are: certificates, or keys that both know. */
#ifndef TUNNEL_TLS_H
#define TUNNEL_TLS_H

#include <stdbool.h>
#include <openssl/ssl.h>

#include "config.h"

#define TLS_NAME_MAX 64

/* DTLS 1.2 as @config says, or the program ends; reads the files. */
SSL_CTX *tls_context(const struct config *config);

/* A client's: it wants the server's certificate to have this name. False: memory. */
bool tls_expect(SSL *ssl, const struct config *config);

/*
 * The other end's name after the handshake: that of its certificate (the first
 * DNS name, else the common name), or the identity of its key. False: it has none,
 * or one that isn't 1 to TLS_NAME_MAX visible ASCII characters.
 */
bool tls_name(SSL *ssl, char name[TLS_NAME_MAX + 1]);

/* Why a handshake failed, for people; valid until the next call. */
const char *tls_failure(SSL *ssl, int error);

#endif
