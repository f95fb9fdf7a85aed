/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A DTLS 1.2 echo server for many clients on one UDP port, in one thread.
 *
 * One socket listens. It answers a first ClientHello with a cookie and forgets
 * it; a ClientHello with the cookie makes a client: an SSL that has that
 * ClientHello already, and a socket of its own on the same port, connected to
 * the client. Its handshake runs there, beside everybody else's; then the kernel
 * takes over.
 */
#ifndef KDTLS_EXAMPLES_ECHO_H
#define KDTLS_EXAMPLES_ECHO_H

#include <sys/queue.h>
#include <kdtls.h>

#include "port.h"

#define ECHO_BUCKETS 1024

struct echo_client;
struct echo_server;

LIST_HEAD(echo_list, echo_client);

/**
 * struct echo_reports - what a server tells of its clients
 * @attached: the kernel has taken this one
 * @ended: this one is gone, and why; @k: NULL: the kernel never had it;
 *	@echoed: records sent back
 */
struct echo_reports {
	void (*attached)(const struct endpoint *peer, const struct kdtls *k);
	void (*ended)(const struct endpoint *peer, const struct kdtls *k,
		      unsigned long long echoed, const char *why);
};

/**
 * struct echo_server - all of it
 * @ctx: for all handshakes; the caller's, with cookie_prepare() done
 * @reports: the caller's
 * @attach: how to hand over
 * @limit: clients to serve; 0: no end to it
 * @stop: a descriptor: readable, the server ends; -1: none
 * @port: the listening socket; the caller says where, as its local address
 * @listener: SSL that the next client gets
 * @epoll: waits for all sockets
 * @buckets: clients by address
 * @shaking: clients whose handshake isn't done
 * @ended: clients that were served and are gone
 * @refused: the first error of those that the kernel didn't take, an errno
 */
struct echo_server {
	SSL_CTX *ctx;
	const struct echo_reports *reports;
	struct kdtls_options attach;
	unsigned int limit;
	int stop;
	struct port port;
	SSL *listener;
	int epoll;
	struct echo_list buckets[ECHO_BUCKETS];
	struct echo_list shaking;
	unsigned int ended;
	int refused;
};

/* Listens. 0, or -errno. */
int echo_open(struct echo_server *s);

/* Until @limit clients were served, or @stop. */
void echo_serve(struct echo_server *s);

/* Says goodbye to all clients. */
void echo_close(struct echo_server *s);

#endif
