/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Is the other end there, and does what's long still get through? */
#ifndef TUNNEL_PULSE_H
#define TUNNEL_PULSE_H

#include "link.h"

/**
 * struct pulse - a question asked again and again
 * @number: of the question
 * @round: how often it was asked; 0: it's answered
 * @short_came: a short answer came, a long one didn't yet
 * @next_ms: when it's due, or due again
 */
struct pulse {
	uint32_t number;
	unsigned int round;
	bool short_came;
	uint64_t next_ms;
};

enum pulse_says {
	PULSE_NOTHING,
	PULSE_NARROWER, /* only short ones get through */
	PULSE_LOST,     /* nothing does; it goes on asking */
};

/* @len: of the longest packet that should get through. */
enum pulse_says pulse_turn(struct pulse *pulse, struct link *link, size_t len,
			   unsigned int keepalive_s);

/* An echo of @len bytes; @full: what was asked with last. */
void pulse_echo(struct pulse *pulse, uint32_t number, size_t len, size_t full,
		unsigned int keepalive_s);

/* Anew, with the next question being due after the usual time. */
void pulse_begin(struct pulse *pulse, unsigned int keepalive_s);

#endif
