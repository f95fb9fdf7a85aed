// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdio.h>
#include <string.h>
#include <netinet/in.h>

#include "device.h"
#include "ending.h"

#define IPV6_MTU_MIN 1280 /* RFC 8200, 5 */

static void expect(const struct tun *tun, int err, const char *what)
{
	if (err)
		end_with(ending_of(-err), "%s: %s: %s", tun->name, what,
			 strerror(-err));
}

void device_set(struct tun *tun, unsigned int mtu,
		const struct prefix *addresses, unsigned int count, char *text,
		size_t size)
{
	const struct prefix *at;
	size_t n = 0;

	text[0] = '\0';
	expect(tun, tun_set_mtu(tun, mtu), "mtu");
	for (at = addresses; at < addresses + count; at++) {
		if (at->address.len == 16 && mtu < IPV6_MTU_MIN) {
			say("%s left out: IPv6 wants %u bytes, and the path takes %u",
			    address_text(&at->address), IPV6_MTU_MIN, mtu);
			continue;
		}
		expect(tun, tun_add_address(tun, at),
		       address_text(&at->address));
		if (n < size)
			n += snprintf(text + n, size - n, " %s/%u",
				      address_text(&at->address), at->bits);
	}
	expect(tun, tun_up(tun), "up");
}

static void outer_address(const struct endpoint *remote, struct address *out)
{
	const struct sockaddr_in *in = (const void *)&remote->addr;
	const struct sockaddr_in6 *in6 = (const void *)&remote->addr;

	memset(out, 0, sizeof(*out));
	out->len = remote->addr.ss_family == AF_INET ? 4 : 16;
	if (out->len == 4)
		memcpy(out->bytes, &in->sin_addr, 4);
	else
		memcpy(out->bytes, &in6->sin6_addr, 16);
}

bool device_hides(const struct prefix *addresses, unsigned int count,
		  const struct endpoint *server)
{
	struct address outside;
	bool hides = false;

	outer_address(server, &outside);
	while (count--)
		hides |= prefix_has(&addresses[count], &outside);
	return hides;
}

void device_add_routes(struct tun *tun, const struct prefix *routes,
		       unsigned int count, const struct endpoint *server)
{
	struct address outside;
	char what[80];
	unsigned int i;

	outer_address(server, &outside);
	for (i = 0; i < count; i++) {
		snprintf(what, sizeof(what), "route to %s/%u",
			 address_text(&routes[i].address), routes[i].bits);
		/* The tunnel's own packets would go into the tunnel. */
		if (prefix_has(&routes[i], &outside))
			say("%s left out: the server itself is there", what);
		else
			expect(tun, tun_add_route(tun, &routes[i]), what);
	}
}
