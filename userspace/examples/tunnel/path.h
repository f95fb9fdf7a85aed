/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What the way to the other end takes, as long as a link lasts. */
#ifndef TUNNEL_PATH_H
#define TUNNEL_PATH_H

#include "message.h"
#include "pulse.h"
#include "search.h"

/**
 * struct path - the way to the other end
 * @wanted: longest packet that's of use
 * @limit: longest packet that gets through; 0: not known
 * @is_searching: @search goes on
 * @search: for what gets through
 * @pulse: of the other end
 * @keepalive_s: how often that's asked for, seconds
 */
struct path {
	size_t wanted;
	size_t limit;
	bool is_searching;
	struct search search;
	struct pulse pulse;
	unsigned int keepalive_s;
};

enum path_says {
	PATH_NOTHING,
	PATH_FOUND, /* @limit is what gets through */
	PATH_LOST,  /* there's no answer */
};

/* By a new @link. */
void path_begin(struct path *path, struct link *link, size_t wanted,
		unsigned int keepalive_s);

void path_hear(struct path *path, const struct message *echo);
enum path_says path_turn(struct path *path, struct link *link);
uint64_t path_due(const struct path *path);

#endif
