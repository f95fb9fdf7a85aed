// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdlib.h>
#include <string.h>

#include "association.h"
#include "kdtls-core.h"
#include "transport.h"

struct kdtls *kdtls_association_new(int fd, int family)
{
	struct kdtls *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->transport = &kdtls_datagram;
	k->fd = fd;
	k->family = family;
	k->early_tail = &k->early;
	return k;
}

void kdtls_association_settle(struct kdtls *k, const struct kdtls_keys *keys,
			      unsigned int flags, size_t payload_max)
{
	k->suite = keys->suite;
	k->payload_max = payload_max;
	if (flags & KDTLS_KEEP_KEYS)
		k->keys = *keys;
}

bool kdtls_association_add(struct kdtls *k, uint8_t type, const void *content,
			   size_t len)
{
	struct kdtls_early *early = malloc(sizeof(*early) + len);

	if (!early)
		return false;
	early->next = NULL;
	early->len = len;
	early->used = 0;
	early->type = type;
	memcpy(early->content, content, len);
	*k->early_tail = early;
	k->early_tail = &early->next;
	k->early_count++;
	return true;
}

void kdtls_association_pop(struct kdtls *k)
{
	struct kdtls_early *early = k->early;

	k->early = early->next;
	if (!k->early)
		k->early_tail = &k->early;
	k->early_count--;
	explicit_bzero(early, sizeof(*early) + early->len);
	free(early);
}

void kdtls_free(struct kdtls *k)
{
	if (!k)
		return;
	while (k->early)
		kdtls_association_pop(k);
	k->transport->release(k);
	kdtls_keys_wipe(&k->keys);
	free(k);
}

int kdtls_fd(const struct kdtls *k)
{
	return k->fd;
}

const char *kdtls_cipher(const struct kdtls *k)
{
	return k->suite->name;
}

size_t kdtls_pending(const struct kdtls *k)
{
	return k->early_count;
}
