/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The counters of a socket or a namespace, by their names. */
#ifndef KDTLS_TOOL_COUNTERS_H
#define KDTLS_TOOL_COUNTERS_H

#include <stdio.h>
#include <linux/dtls.h>

#include "json.h"

/**
 * struct counters - of a namespace; of a socket @stats alone
 * @sockets: attached now
 * @tx_keys: sending keys now
 * @rx_keys: receiving keys now
 * @stats: since the start
 */
struct counters {
	uint64_t sockets;
	uint64_t tx_keys;
	uint64_t rx_keys;
	struct dtls_stats stats;
};

/**
 * struct counter - a member of struct dtls_stats
 * @name: its name
 * @at: where it is
 * @is_drop: does it count what's lost?
 * @help: what it counts
 */
struct counter {
	const char *name;
	size_t at;
	bool is_drop;
	const char *help;
};

/* Ends with one that has no name. */
extern const struct counter counter_table[];

uint64_t counter_of(const struct counter *counter,
		    const struct dtls_stats *stats);

/* Records, and datagrams, that were lost: all that are drops. */
uint64_t counters_dropped(const struct dtls_stats *stats);

/*
 * What was counted between the two. A counter that has gone back is of a module
 * that was loaded anew meanwhile: all of it.
 */
struct dtls_stats counters_since(const struct dtls_stats *before,
				 const struct dtls_stats *now);

/* The lines of a file as /proc/net/dtls_stat. */
void counters_parse(struct counters *counters, FILE *file);

/* Of this namespace. 0; -ENOENT: the kernel has no DTLS; else -errno. */
int counters_read(struct counters *counters);

/* As members of the object at hand. */
void counters_json(struct json *j, const struct dtls_stats *stats);

#endif
