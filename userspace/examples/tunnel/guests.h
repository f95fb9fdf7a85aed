/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A server's clients, found by name and by address. */
#ifndef TUNNEL_GUESTS_H
#define TUNNEL_GUESTS_H

#include <sys/queue.h>

#include "pool.h"
#include "tunnel.h"

#define GUEST_BUCKETS 1024

/**
 * struct guest - a client of the server's
 * @peer: what's common to both ends; first
 * @all: all guests
 * @by_name: those with the same hash of their name
 * @by_address: those with the same hash of an address, for each address
 * @hooked: how many of @by_address are in use
 * @links: all of them, the newest first
 * @is_refused: it's told so, and is to be ended
 * @replaced_ms: when the current link took over from another
 */
struct guest {
	struct peer peer;
	LIST_ENTRY(guest) all;
	LIST_ENTRY(guest) by_name;
	struct hook {
		LIST_ENTRY(hook) next;
		struct guest *guest;
		const struct address *address;
	} by_address[MESSAGE_ADDRESSES];
	unsigned int hooked;
	struct link_list links;
	bool is_refused;
	uint64_t replaced_ms;
};

LIST_HEAD(guest_list, guest);
LIST_HEAD(hook_list, hook);

/**
 * struct guests - all of them
 * @all: all
 * @names: by hash of the name
 * @addresses: by hash of the address
 * @pools: where addresses come from, one a family
 * @pool_count: how many pools
 * @count: how many guests
 */
struct guests {
	struct guest_list all;
	struct guest_list names[GUEST_BUCKETS];
	struct hook_list addresses[GUEST_BUCKETS];
	struct pool *pools[MESSAGE_ADDRESSES];
	unsigned int pool_count;
	unsigned int count;
};

/* Pools as @config says, or the program ends. */
void guests_open(struct guests *guests, const struct config *config);

struct guest *guests_by_name(struct guests *guests, const char *name);
struct guest *guests_by_address(struct guests *guests,
				const struct address *address);

/*
 * Whether one of them has a link there. Of two sockets with one peer, the new one
 * would get what's for the other.
 */
bool guests_are_at(const struct guests *guests, const struct endpoint *remote);

/* NULL: no memory. It has no address yet. */
struct guest *guests_add(struct guests *guests, const char *name);

/*
 * Gives it its addresses, if it has none: those it @had if they're free. 0 or
 * -errno of pool_take().
 */
int guests_settle(struct guests *guests, struct guest *guest,
		  const struct prefix *had, unsigned int count);

/* Its links must be gone. */
void guests_remove(struct guests *guests, struct guest *guest);

/* For a log line, valid until the next call. */
const char *guest_addresses(const struct guest *guest);

#endif
