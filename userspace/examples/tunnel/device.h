/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What a device is given before privileges are: or the program ends. */
#ifndef TUNNEL_DEVICE_H
#define TUNNEL_DEVICE_H

#include "../endpoint.h"
#include "tun.h"

/*
 * @mtu, @count addresses, and up. An IPv6 address is left out, and it's said, if
 * the MTU is too short for it. @text, of @size bytes: those it has.
 */
void device_set(struct tun *tun, unsigned int mtu,
		const struct prefix *addresses, unsigned int count, char *text,
		size_t size);

/* Whether packets to @server itself would go into a network of these addresses. */
bool device_hides(const struct prefix *addresses, unsigned int count,
		  const struct endpoint *server);

/* Left out, and it's said, are those that lead to @server itself. */
void device_add_routes(struct tun *tun, const struct prefix *routes,
		       unsigned int count, const struct endpoint *server);

#endif
