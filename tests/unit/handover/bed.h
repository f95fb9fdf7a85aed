/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the hand-over have in common: TAP output, a link of which
 * one end is tapped, and the check that the fake was told the truth.
 */
#ifndef TESTS_UNIT_HANDOVER_BED_H
#define TESTS_UNIT_HANDOVER_BED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake.h"
#include "kdtls.h"
#include "link.h"

#define CIPHERS 7
extern const char *const ciphers[CIPHERS];

/* Its suite has a tag of 8 bytes. */
bool has_short_tag(const struct end *e);

/**
 * struct weather - what the network does to datagrams, client's and server's
 * @name: for people
 * @lose: as in struct end
 * @late: as in struct end
 * @glue: as in struct end
 */
struct weather {
	const char *name;
	uint64_t lose[2];
	uint64_t late[2];
	uint64_t glue[2];
};

extern const struct weather calm;

/* The circumstances of a hand-over. */
enum {
	SERVER = 1,
	RESUMED = 2,
	UNTAPPED = 4,
	KINDS = 8,
	NO_TICKET = 8, /* and not among these */
};

__attribute__((format(printf, 2, 3))) bool ok(bool good, const char *format,
					      ...);
/* The plan; main()'s exit status. */
int finish(void);

/* On loopback, connected to itself if at all. */
int udp_socket(bool connected);

void say(struct end *e, const char *text);
bool hears(struct end *e, const char *text);
bool recv_is(struct kdtls *k, unsigned char type, const void *content,
	     size_t len);

void set_weather(struct link *l, const struct weather *w);
/* Taps @e, unless it's to be untapped, and finishes the handshake. */
bool connected(struct link *l, struct end *e, const struct weather *w);
/* The same with a new link, in calm weather. */
struct end *begin(struct link *l, const char *cipher, int kind);

/* A link before its handshake, a resumed one too, and the end to hand over. */
struct end *begin_tapped(struct link *l, int kind);
/*
 * Hands over the end that has sent its last flight, of which, and of what it
 * sends later, datagrams are lost as in struct end. The fake is on the link.
 */
struct kdtls *attach_at_last_flight(struct link *l, struct end *e, int kind,
				    uint64_t lose);

/* For the next attach(), beside KDTLS_ALLOW_CCM_8 where that's needed. */
extern unsigned int attach_flags;
/* @want: what kdtls_attach() returns. */
struct kdtls *attach(struct end *e, int want);
void detach(struct kdtls *k);

/* Each number, in the window, is as the network, or OpenSSL, saw it. */
bool window_is_exact(const struct end *e);
/* Whatever is tried, OpenSSL sends nothing. */
bool is_sealed(struct end *e);
/* The fake was told the truth; @next: the first number that wasn't sent. */
void check_told(struct end *e, uint64_t next, bool short_tag, const char *name);
/* Hands over, and checks all of it. */
void check_handover(struct end *e, const char *name);

#endif
