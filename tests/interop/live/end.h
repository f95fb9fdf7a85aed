/* SPDX-License-Identifier: GPL-2.0 */
/* An end of a connection: OpenSSL until it's handed over, if it is at all. */
#ifndef TESTS_INTEROP_LIVE_END_H
#define TESTS_INTEROP_LIVE_END_H

#include <stdbool.h>
#include <openssl/ssl.h>

#include "kdtls.h"
#include "relay.h"

/* Both ends' OpenSSL contexts. */
struct contexts {
	SSL_CTX *of[ENDS];
};

void contexts_open(struct contexts *c, const char *cipher, bool tickets);
/* The same for TLS_1_2 or 1_3 of OpenSSL's numbers; @cipher is of that version. */
void contexts_open_tls(struct contexts *c, int version, const char *cipher);
void contexts_close(struct contexts *c);

/**
 * struct end - one end
 * @ssl: its OpenSSL; NULL once the kernel has the keys
 * @fd: its socket
 * @hands_over: to the kernel when the handshake is done
 * @untapped: without kdtls_tap()
 * @flags: for kdtls_attach()
 * @done: the handshake is
 * @k: handed over
 * @resumed: the handshake was a resumed one
 */
struct end {
	SSL *ssl;
	int fd;
	bool hands_over;
	bool untapped;
	unsigned int flags;
	bool done;
	struct kdtls *k;
	bool resumed;
};

/* A connection on @r; @session: for the client to resume, or NULL. */
void ends_open(struct end *ends, const struct contexts *c,
	       const struct relay *r, SSL_SESSION *session);
void ends_close(struct end *ends);

/* Does what is to be done now; false: it failed. */
bool end_step(struct end *e);

/* One record of data. */
void end_say(struct end *e, const char *text);
/* The next one, if there is one: its length, -1: none. */
int end_hear(struct end *e, char *text, size_t size);

/*
 * Waits for the ends' sockets, timers and the network, and carries. False:
 * nothing has happened for long.
 */
bool ends_wait(struct end *ends, struct relay *r);

/* Until both have finished their handshakes. */
bool ends_handshake(struct end *ends, struct relay *r);

#endif
