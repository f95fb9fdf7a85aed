// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ending.h"
#include "guests.h"

/* FNV-1a */
static unsigned int hash(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	unsigned int h = 2166136261u;

	while (len--)
		h = (h ^ *p++) * 16777619u;
	return h % GUEST_BUCKETS;
}

static void fix(struct guests *guests, const struct fixed *fixed)
{
	unsigned int i, j;
	int err = 0;

	for (i = 0; i < fixed->address_count; i++) {
		/* Each pool is asked, so that none gives it to another. */
		for (j = 0; j < guests->pool_count && !err; j++)
			err = pool_fix(guests->pools[j], fixed->name,
				       &fixed->addresses[i]);
		if (err)
			end_with(ENDING_CONFIG,
				 "[host %s] address: %s is another's: give each host its own",
				 fixed->name,
				 address_text(&fixed->addresses[i]));
	}
}

void guests_open(struct guests *guests, const struct config *config)
{
	const struct fixed *fixed;
	unsigned int i, j;
	int err = 0;

	for (i = 0; i < config->pool_count; i++) {
		guests->pools[i] = pool_new(&config->pools[i].first,
					    &config->pools[i].last);
		if (!guests->pools[i])
			end_with(ENDING_CONFIG, "pool: %s to %s: %s",
				 address_text(&config->pools[i].first),
				 address_text(&config->pools[i].last),
				 strerror(errno));
		for (j = 0; j < config->address_count && !err; j++)
			err = pool_reserve(guests->pools[i],
					   &config->addresses[j].address);
		if (err)
			end_with(ENDING_SYSTEM, "pool: %s", strerror(-err));
	}
	guests->pool_count = config->pool_count;
	for (fixed = config->fixed; fixed; fixed = fixed->next)
		fix(guests, fixed);
}

struct guest *guests_by_name(struct guests *guests, const char *name)
{
	struct guest *guest;

	LIST_FOREACH(guest, &guests->names[hash(name, strlen(name))], by_name)
	if (!strcmp(guest->peer.name, name))
		return guest;
	return NULL;
}

struct guest *guests_by_address(struct guests *guests,
				const struct address *address)
{
	struct hook *hook;

	LIST_FOREACH(hook,
		     &guests->addresses[hash(address->bytes, address->len)],
		     next)
	if (address_is(hook->address, address))
		return hook->guest;
	return NULL;
}

bool guests_are_at(const struct guests *guests, const struct endpoint *remote)
{
	const struct guest *guest;
	const struct link *link;

	LIST_FOREACH(guest, &guests->all, all)
	LIST_FOREACH(link, &guest->links, next)
	if (endpoint_same(&link->remote, remote))
		return true;
	return false;
}

struct guest *guests_add(struct guests *guests, const char *name)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	if (!guest)
		return NULL;
	memcpy(guest->peer.name, name, strlen(name));
	guest->peer.sends_as_itself = true;
	guest->peer.heard_ms = loop_now();
	LIST_INSERT_HEAD(&guests->all, guest, all);
	LIST_INSERT_HEAD(&guests->names[hash(name, strlen(name))], guest,
			 by_name);
	guests->count++;
	return guest;
}

static const struct address *had_of(const struct prefix *had,
				    unsigned int count, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (had[i].address.len == len)
			return &had[i].address;
	return NULL;
}

static void hook(struct guests *guests, struct guest *guest,
		 const struct address *address)
{
	struct hook *at = &guest->by_address[guest->hooked++];

	at->guest = guest;
	at->address = address;
	LIST_INSERT_HEAD(&guests->addresses[hash(address->bytes, address->len)],
			 at, next);
}

static void unsettle(struct guests *guests, struct guest *guest)
{
	unsigned int i;

	for (i = 0; i < guest->hooked; i++)
		LIST_REMOVE(&guest->by_address[i], next);
	guest->hooked = 0;
	guest->peer.address_count = 0;
	for (i = 0; i < guests->pool_count; i++)
		pool_give_back(guests->pools[i], guest->peer.name);
}

int guests_settle(struct guests *guests, struct guest *guest,
		  const struct prefix *had, unsigned int count)
{
	struct peer *peer = &guest->peer;
	struct address *address;
	unsigned int i;
	int err;

	if (peer->address_count)
		return 0;
	for (i = 0; i < guests->pool_count; i++) {
		address = &peer->addresses[i];
		err = pool_take(guests->pools[i], peer->name,
				had_of(had, count,
				       pool_family(guests->pools[i])),
				address);
		if (err) {
			unsettle(guests, guest);
			return err;
		}
		peer->address_count++;
		hook(guests, guest, address);
	}
	return 0;
}

void guests_remove(struct guests *guests, struct guest *guest)
{
	unsettle(guests, guest);
	LIST_REMOVE(guest, all);
	LIST_REMOVE(guest, by_name);
	guests->count--;
	free(guest);
}

const char *guest_addresses(const struct guest *guest)
{
	static char text[100];
	unsigned int i, n = 0;

	text[0] = '\0';
	for (i = 0; i < guest->peer.address_count; i++)
		n += snprintf(text + n, sizeof(text) - n, "%s%s", i ? " " : "",
			      address_text(&guest->peer.addresses[i]));
	return text;
}
