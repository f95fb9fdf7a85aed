/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What this library knows of an SSL, from its handshake to its end. */
#ifndef KDTLS_PRELOAD_CONNECTION_H
#define KDTLS_PRELOAD_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <openssl/ssl.h>

#include "kdtls.h"

/* Proves that what an SSL is fed came from the kernel: see feed.h. */
#define TOKEN_LEN 16

enum stage {
	/* its handshake hasn't begun */
	STAGE_NEW,
	/* it's in its handshake */
	STAGE_WATCHED,
	/* the kernel has it */
	STAGE_KERNEL,
	/* nobody has it: the kernel refused a key, or its socket is another's */
	STAGE_DEAD,
	/* OpenSSL keeps it */
	STAGE_LEFT,
};

/**
 * struct connection - an SSL of DTLS
 * @next: in the list of all
 * @ssl: whose ex_data this is
 * @stage: who has it
 * @fd: its socket; -1: not known
 * @socket: st_ino of @fd, to know it again
 * @k: once the kernel has taken it
 * @was_given_back: the socket sends and receives in the clear again
 * @forks: connection_forks() when the kernel took it
 * @has_tap: libkdtls has put its filter in front of the BIOs for us
 * @is_fed: the program reads the socket itself: see feed.h
 * @token: in that case
 * @is_connected_here: the socket wasn't, before the kernel took it
 * @forbade: SSL_OP_NO_RENEGOTIATION wasn't set by the program
 * @is_quiet: SSL_set_quiet_shutdown()
 * @shutdown: SSL_SENT_SHUTDOWN, SSL_RECEIVED_SHUTDOWN
 * @alert_due: close_notify is to be sent, but couldn't
 * @was_closed: the peer said close_notify
 * @is_broken: the peer said a fatal alert
 * @want: SSL_want()
 * @timed_out: the socket's timeout ended a call, and nobody has asked yet
 * @record: room for the content of one record
 * @at: what the program hasn't read of it yet
 * @left: bytes there
 */
struct connection {
	struct connection *next;
	SSL *ssl;
	enum stage stage;
	int fd;
	ino_t socket;
	struct kdtls *k;
	bool was_given_back;
	unsigned int forks;
	bool has_tap;
	bool is_fed;
	unsigned char token[TOKEN_LEN];
	bool is_connected_here;
	bool forbade;
	bool is_quiet;
	int shutdown;
	bool alert_due;
	bool was_closed;
	bool is_broken;
	int want;
	bool timed_out;
	unsigned char *record;
	unsigned char *at;
	size_t left;
};

/* Of an SSL whose handshake was seen here; NULL: it isn't DTLS, or wasn't. */
struct connection *connection_of(const SSL *ssl);

/* Likewise, made if there was none; NULL: it isn't DTLS, or no memory. */
struct connection *connection_new(SSL *ssl);

/* Where the kernel, or nobody, has it; NULL: it's for OpenSSL. */
struct connection *connection_taken(const SSL *ssl);

/* The SSL begins anew: whatever was, is OpenSSL's again. */
void connection_reset(SSL *ssl);

/* Is that socket of another SSL, too? */
bool connection_shares(const struct connection *c, int fd, ino_t socket);

/*
 * @c is about to use its socket: from one that's shut down but has it in the
 * kernel still it's taken away. False: one has it that isn't.
 */
bool connection_claim(const struct connection *c);

/*
 * Has the socket's timeout ended a call of the one that the kernel has there?
 * Once: 1; 0; -1: there's none.
 */
int connection_ask_timeout(int fd);

/* What a socket is known by; 0: it's none. */
ino_t connection_socket(int fd);

/* Is its socket still there, by that number? */
bool connection_is_there(const struct connection *c);

/* How often this process has been copied, or is a copy, by fork(). */
unsigned int connection_forks(void);

#endif
