/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What length gets through to the other end and back. Routers should say what
 * they don't take, but many don't, or their words are lost: so it's tried, as RFC
 * 8899 has it, with lengths that links and tunnels of the world have.
 */
#ifndef TUNNEL_SEARCH_H
#define TUNNEL_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"

#define SEARCH_MIN 576 /* of an IP packet inside: any path takes it */

/**
 * struct search - a search that goes on, or has ended
 * @limit: longest one that's wanted
 * @found: longest one that came back
 * @rounds: how often all were sent
 * @next_ms: when the next round is due
 * @is_done: @found it is
 */
struct search {
	size_t limit;
	size_t found;
	unsigned int rounds;
	uint64_t next_ms;
	bool is_done;
};

/* Begins one, by @link, with the longest being @limit bytes. */
void search_begin(struct search *search, struct link *link, size_t limit);

/* An echo of @len bytes came. */
void search_echo(struct search *search, size_t len);

/* The next round, if it's due. */
void search_turn(struct search *search, struct link *link);

#endif
