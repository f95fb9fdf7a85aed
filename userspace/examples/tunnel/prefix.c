// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <string.h>

#include "prefix.h"

bool prefix_has(const struct prefix *p, const struct address *a)
{
	unsigned int whole = p->bits / 8, rest = p->bits % 8;

	if (p->address.len != a->len ||
	    memcmp(p->address.bytes, a->bytes, whole))
		return false;
	return !rest ||
	       !((p->address.bytes[whole] ^ a->bytes[whole]) >> (8 - rest));
}

/* With all bits behind the network's part as in @filler: 0 or 0xff */
static struct address filled(const struct prefix *p, uint8_t filler)
{
	struct address a = p->address;
	unsigned int whole = p->bits / 8;
	uint8_t host = 0xff >> p->bits % 8;

	if (whole < a.len) {
		a.bytes[whole] = (a.bytes[whole] & ~host) | (filler & host);
		memset(a.bytes + whole + 1, filler, a.len - whole - 1);
	}
	return a;
}

struct address prefix_first(const struct prefix *p)
{
	return filled(p, 0);
}

struct address prefix_last(const struct prefix *p)
{
	return filled(p, 0xff);
}

bool prefix_is_network(const struct prefix *p)
{
	struct address first = prefix_first(p);

	return address_is(&first, &p->address);
}
