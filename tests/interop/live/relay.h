/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two UDP sockets and between them a network in this process, which loses what
 * it's told to and keeps all that was sent.
 */
#ifndef TESTS_INTEROP_LIVE_RELAY_H
#define TESTS_INTEROP_LIVE_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The ends, and where a datagram comes from. */
enum {
	CLIENT,
	SERVER,
	ENDS,
};

/**
 * struct sent - a datagram
 * @next: the one after it
 * @from: CLIENT or SERVER
 * @len: bytes
 * @bytes: its content
 */
struct sent {
	struct sent *next;
	int from;
	size_t len;
	uint8_t bytes[];
};

/**
 * struct relay - the network
 * @ends: the sockets for the ends, connected to @near
 * @near: the network's own
 * @loses: says of a datagram whether it's lost; NULL: none is
 * @arg: for that
 * @first: what was sent, lost or not
 * @last: where the next one is hung
 */
struct relay {
	int ends[ENDS];
	int near[ENDS];
	bool (*loses)(void *arg, const struct sent *d);
	void *arg;
	struct sent *first;
	struct sent **last;
};

void relay_open(struct relay *r, int family);
/* The ends' sockets stay open. */
void relay_close(struct relay *r);
/* A new socket for an end, at another port; the old one stays as it is. */
int relay_move(struct relay *r, int end);

/* Carries what waits. */
void relay_carry(struct relay *r);

/* Puts a datagram on the way to the end that @d isn't from, once more. */
void relay_replay(const struct relay *r, const struct sent *d);

/* Two protected records of one direction have the same number, or nonce. */
bool relay_saw_reuse(const struct relay *r);

/* Has it a record of this type and epoch? */
bool sent_has(const struct sent *d, uint8_t type, uint16_t epoch);

#endif
