/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two ends that know of nothing but OpenSSL: ours has a socket, the peer's SSL
 * works in memory, which no library in front can take from it.
 */
#ifndef TESTS_INTEROP_LIVE_PRELOADED_H
#define TESTS_INTEROP_LIVE_PRELOADED_H

#include <stdbool.h>
#include <stddef.h>
#include <openssl/ssl.h>

enum {
	/* ours is the server */
	LINK_SERVER = 1,
	/* ours reads its socket itself and feeds its SSL, as coturn does */
	LINK_FED = 2,
	/* ours has no socket either */
	LINK_MEMORY = 4,
	/* the peer sends data behind its last flight */
	LINK_EARLY = 8,
	/* SRTP is negotiated */
	LINK_SRTP = 16,
};

enum {
	OUR_FD,
	PEER_FD,
};

/**
 * struct link - a connection
 * @how: LINK_*
 * @fd: connected to each other
 * @ctx: of ours and the peer's
 * @ours: our SSL
 * @peer: the peer's
 * @was_kernel: the kernel had ours when the handshake was done
 */
struct link {
	int how;
	int fd[2];
	SSL_CTX *ctx[2];
	SSL *ours;
	SSL *peer;
	bool was_kernel;
};

/* The handshake done; false: it failed. */
bool link_open(struct link *l, int how);
void link_close(struct link *l);

/* An SSL for ours; the one that was is the caller's. */
void link_new_ssl(struct link *l);

/* Another peer, for another handshake. */
void link_new_peer(struct link *l);
bool link_handshake(struct link *l);

/* What the peer's SSL has written goes out, what has come goes in. */
void link_carry(struct link *l);

void link_peer_says(struct link *l, const char *text);
/* As SSL_read() of the peer's. */
int link_peer_hears(struct link *l, char *buf, int size);

/* Datagrams for our SSL, until one SSL_read() doesn't want another: as that. */
int link_feed(struct link *l, char *buf, int size);
int link_feed_bytes(struct link *l, const void *bytes, int len, char *buf,
		    int size);

/**
 * struct link_case - what's tried on a connection of its own
 * @name: for people
 * @run: is it as it has to be?
 * @how: LINK_*
 */
struct link_case {
	const char *name;
	bool (*run)(struct link *l);
	int how;
};

#define LINK_CASE(name, how)     \
	{                        \
#name, name, how \
	}

/* Is the library in front of this program? */
bool preloaded(void);

/*
 * Runs the cases, and then all again in a program with the library in front.
 * @is_open: has it who's to have it? NULL: whoever that is. What main() returns.
 */
int preloaded_main(const struct link_case *cases, int count,
		   bool (*is_open)(const struct link *l));

#endif
