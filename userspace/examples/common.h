/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What both examples need: options, sockets, an SSL_CTX, lines to print. */
#ifndef KDTLS_EXAMPLES_COMMON_H
#define KDTLS_EXAMPLES_COMMON_H

#include <stdbool.h>
#include <openssl/ssl.h>
#include <kdtls.h>

#include "endpoint.h"

/* Exit statuses of both programs. */
enum status {
	STATUS_OK = 0,
	STATUS_USAGE = 1, /* or a file or address that can't be used */
	STATUS_HANDSHAKE = 2,
	STATUS_HANDOVER = 3,
	STATUS_ECHO = 4,
};

/* One line on stderr, and out. */
__attribute__((noreturn, format(printf, 2, 3))) void die(enum status status,
							 const char *format,
							 ...);

/* The same with the oldest reason that OpenSSL has. */
__attribute__((noreturn)) void die_openssl(enum status status, const char *what);

/* A number from 0 to @max, or out. */
unsigned int parse_number(const char *name, const char *text, unsigned int max);

/* endpoint_find(), or out. */
void endpoint_resolve(struct endpoint *ep, const char *host, const char *port,
		      int flags);

/*
 * DTLS 1.2 and nothing else; @ciphers: an OpenSSL list, NULL: what fits; @psk: a
 * key that both ends know, in hexadecimal digits, for suites that want one; NULL:
 * none.
 */
SSL_CTX *context_new(const char *ciphers, const char *psk);

void print_handover(const struct kdtls *k, const char *who);
void print_stats(const struct kdtls *k);

#endif
