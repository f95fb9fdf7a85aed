/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two OpenSSL ends in one process, and between them a network that loses,
 * reorders and glues datagrams as it is told, on a clock that stands still
 * until it's moved.
 */
#ifndef TESTS_UNIT_HANDOVER_LINK_H
#define TESTS_UNIT_HANDOVER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/ssl.h>

#define NUMBERS 20000 /* sequence numbers that are followed */

struct datagram {
	struct datagram *next;
	size_t len;
	bool forged;
	uint8_t type; /* of a record that was opened */
	uint8_t bytes[];
};

/**
 * struct end - one end
 * @ssl: its SSL
 * @untapped: nothing watches it
 * @peer: the other
 * @inbox: what arrived
 * @held: what it sent and the network keeps back
 * @sent: datagrams sent, since somebody set it to 0
 * @lose: bit n: lose the nth of them
 * @late: bit n: deliver it after the next one
 * @glue: bit n: deliver it in one datagram with the next one
 * @next: next number by what it sent in epoch 1
 * @reused: it sent different records of one number, of any epoch
 * @wire: what it sent last of each number, epochs 0 and 1; 0: nothing
 * @got: numbers of the peer's epoch 1 that its SSL was given
 * @forged: what it was given last was forged
 * @looked: those of them that OpenSSL looked at: it skips some of a datagram
 *	that begins with a handshake message of old
 */
struct end {
	SSL *ssl;
	bool untapped;
	struct end *peer;
	struct datagram *inbox;
	struct datagram *held;
	unsigned int sent;
	uint64_t lose;
	uint64_t late;
	uint64_t glue;
	uint64_t next;
	bool reused;
	uint64_t wire[2][NUMBERS];
	bool got[NUMBERS];
	bool forged;
	bool looked[NUMBERS];
};

struct link {
	struct end client;
	struct end server;
	SSL_CTX *client_ctx;
	SSL_CTX *server_ctx;
};

void link_open(struct link *l, const char *cipher);
/* Two new SSLs; @session: to be resumed, or NULL. */
void link_restart(struct link *l, SSL_SESSION *session);
void link_close(struct link *l);

/* Until both ends are done; false: they never are. */
bool link_handshake(struct link *l);

/* Seconds pass. */
void link_wait(unsigned int seconds);
uint64_t link_now_ms(void);

/* As the end's SSL sends. */
void end_send(struct end *e, const void *bytes, size_t len);
/* The next datagram, to be freed; NULL: there is none. */
struct datagram *end_receive(struct end *e);
struct datagram *datagram_new(const void *bytes, size_t len);
void datagram_append(struct datagram **at, struct datagram *d);

/* Puts a datagram into an inbox. */
void end_inject(struct end *e, const uint8_t *bytes, size_t len, bool forged);
/* Lets the end process what's in its inbox; data stays in its SSL. */
void end_settle(struct end *e);
/* What the network keeps back arrives at the peer. */
void end_release(struct end *e);
/* Takes the newest datagram out of the inbox again: its length. */
size_t end_take(struct end *e, uint8_t *bytes, size_t size);
size_t end_queued(const struct end *e);

#endif
