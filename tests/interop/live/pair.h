/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two ends that are connected by nothing but sockets: DTLS over UDP, or TLS over
 * TCP. Ours is to be handed over, the peer stays OpenSSL's.
 */
#ifndef TESTS_INTEROP_LIVE_PAIR_H
#define TESTS_INTEROP_LIVE_PAIR_H

#include <stdbool.h>
#include <openssl/ssl.h>

#include "end.h"

/**
 * struct transport - what a connection runs over
 * @name: for people
 * @version: OpenSSL's number
 * @is_stream: TCP
 */
struct transport {
	const char *name;
	int version;
	bool is_stream;
};

extern const struct transport dtls_12, tls_12, tls_13;

/* How the ends are prepared. */
enum {
	PAIR_UNTAPPED = 1,
	PAIR_READ_AHEAD = 2,
	PAIR_KTLS = 4,
	PAIR_SHORT_RECORDS = 8,
	/* the second connection of a session */
	PAIR_RESUMED = 16,
	/* TLS 1.3: the server wants another ClientHello */
	PAIR_RETRY = 32,
};

/**
 * struct pair - a connection
 * @transport: what it runs over
 * @c: both ends' contexts
 * @fd: ours, the peer's
 * @ssl: likewise; ours is NULL once it's handed over
 * @k: ours, handed over
 */
struct pair {
	const struct transport *transport;
	struct contexts c;
	int fd[2];
	SSL *ssl[2];
	struct kdtls *k;
};

/* Which of the arrays' is whose. */
enum {
	OURS,
	PEER,
};

/* Connected, and the handshake done; @ours: CLIENT or SERVER. False: it failed. */
bool pair_open(struct pair *p, const struct transport *transport,
	       const char *cipher, int ours, int how);
/* As kdtls_attach(); ours is freed if that succeeds. */
int pair_attach(struct pair *p, unsigned int flags);
void pair_close(struct pair *p);

#endif
