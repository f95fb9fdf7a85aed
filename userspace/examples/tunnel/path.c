// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "path.h"

static void search(struct path *path, struct link *link)
{
	link_measure(link);
	path->is_searching = true;
	search_begin(&path->search, link,
		     link->payload < path->wanted ? link->payload :
						    path->wanted);
}

void path_begin(struct path *path, struct link *link, size_t wanted,
		unsigned int keepalive_s)
{
	path->wanted = wanted;
	path->keepalive_s = keepalive_s;
	pulse_begin(&path->pulse, keepalive_s);
	search(path, link);
}

void path_hear(struct path *path, const struct message *echo)
{
	search_echo(&path->search, echo->bytes);
	pulse_echo(&path->pulse, echo->number, echo->bytes, path->limit,
		   path->keepalive_s);
}

enum path_says path_turn(struct path *path, struct link *link)
{
	if (path->is_searching) {
		search_turn(&path->search, link);
		if (!path->search.is_done)
			return PATH_NOTHING;
		path->is_searching = false;
		path->limit = path->search.found;
		return PATH_FOUND;
	}
	switch (pulse_turn(&path->pulse, link, path->limit, path->keepalive_s)) {
	case PULSE_NOTHING:
		return PATH_NOTHING;
	case PULSE_NARROWER:
		search(path, link);
		return PATH_NOTHING;
	case PULSE_LOST:
		return PATH_LOST;
	}
	return PATH_NOTHING;
}

uint64_t path_due(const struct path *path)
{
	if (!path->is_searching)
		return path->pulse.next_ms;
	return path->search.is_done ? 0 : path->search.next_ms;
}
