/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Networks: an address, and how many of its first bits are the network's. */
#ifndef TUNNEL_PREFIX_H
#define TUNNEL_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"

/**
 * struct prefix - a network, or an address within one
 * @address: the address
 * @bits: length of the network's part
 */
struct prefix {
	struct address address;
	uint8_t bits;
};

/* Whether @a is in the network of @p. */
bool prefix_has(const struct prefix *p, const struct address *a);

/* Whether the bits beyond the network's part are 0, as those of a route are. */
bool prefix_is_network(const struct prefix *p);

/* The lowest and the highest address of the network. */
struct address prefix_first(const struct prefix *p);
struct address prefix_last(const struct prefix *p);

#endif
