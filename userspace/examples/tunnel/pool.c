// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "bytes.h"
#include "pool.h"

#define BUCKETS 4096
#define NOWHERE UINT32_MAX

/**
 * struct holder - who has an address, had it last, or has it always
 * @bucket: holders with the same hash of their name
 * @gone: those who are gone, the one that's gone for longest first
 * @fixed: those who have theirs always
 * @address: it
 * @place: where it is in the pool, or NOWHERE
 * @is_fixed: it's nobody else's, ever
 * @is_here: the client is here
 * @name: of the client
 */
struct holder {
	LIST_ENTRY(holder) bucket;
	TAILQ_ENTRY(holder) gone;
	LIST_ENTRY(holder) fixed;
	struct address address;
	uint32_t place;
	bool is_fixed;
	bool is_here;
	char name[];
};

/**
 * struct place - one address of the pool
 * @holder: whose it is
 * @is_reserved: it's never given away
 */
struct place {
	struct holder *holder;
	bool is_reserved;
};

/**
 * struct pool - addresses
 * @first: the lowest one
 * @size: how many
 * @fresh: nobody has to look below for one without a holder
 * @gone: holders whose address another may have
 * @fixed: holders whose address is nobody else's
 * @names: holders by name
 * @places: the addresses, in their order
 */
struct pool {
	struct address first;
	uint32_t size;
	uint32_t fresh;
	TAILQ_HEAD(, holder) gone;
	LIST_HEAD(, holder) fixed;
	LIST_HEAD(, holder) names[BUCKETS];
	struct place places[];
};

/* The last 4 bytes, which a pool's addresses differ in. */
static uint32_t low_of(const struct address *a)
{
	return get_u32(a->bytes + a->len - 4);
}

static uint32_t place_of(const struct pool *pool, const struct address *a)
{
	struct address low = *a;

	if (a->len != pool->first.len || low_of(a) < low_of(&pool->first) ||
	    low_of(a) - low_of(&pool->first) >= pool->size)
		return NOWHERE;
	put_u32(low.bytes + low.len - 4, low_of(&pool->first));
	return address_is(&low, &pool->first) ? low_of(a) - low_of(&low) :
						NOWHERE;
}

static struct address address_at(const struct pool *pool, uint32_t place)
{
	struct address a = pool->first;

	put_u32(a.bytes + a.len - 4, low_of(&pool->first) + place);
	return a;
}

struct pool *pool_new(const struct address *first, const struct address *last)
{
	struct pool *pool;
	uint32_t more;

	if (first->len != last->len || !first->len ||
	    memcmp(first->bytes, last->bytes, first->len) > 0) {
		errno = EINVAL;
		return NULL;
	}
	more = low_of(last) - low_of(first);
	if (memcmp(first->bytes, last->bytes, first->len - 4) ||
	    more >= POOL_MAX) {
		errno = E2BIG;
		return NULL;
	}
	pool = calloc(1, sizeof(*pool) + (more + 1) * sizeof(pool->places[0]));
	if (!pool)
		return NULL;
	pool->first = *first;
	pool->size = more + 1;
	TAILQ_INIT(&pool->gone);
	return pool;
}

uint8_t pool_family(const struct pool *pool)
{
	return pool->first.len;
}

/* FNV-1a */
static unsigned int bucket_of(const char *name)
{
	unsigned int hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash % BUCKETS;
}

static struct holder *find(const struct pool *pool, const char *name)
{
	struct holder *h;

	LIST_FOREACH(h, &pool->names[bucket_of(name)], bucket)
	if (!strcmp(h->name, name))
		return h;
	return NULL;
}

static struct holder *holder_new(struct pool *pool, const char *name,
				 const struct address *a)
{
	size_t size = strlen(name) + 1;
	struct holder *h = calloc(1, sizeof(*h) + size);

	if (!h)
		return NULL;
	memcpy(h->name, name, size);
	h->address = *a;
	h->place = place_of(pool, a);
	if (h->place != NOWHERE)
		pool->places[h->place].holder = h;
	LIST_INSERT_HEAD(&pool->names[bucket_of(name)], h, bucket);
	return h;
}

static void here(struct pool *pool, struct holder *h)
{
	if (!h->is_here && !h->is_fixed)
		TAILQ_REMOVE(&pool->gone, h, gone);
	h->is_here = true;
}

static void forget(struct pool *pool, struct holder *h)
{
	here(pool, h);
	LIST_REMOVE(h, bucket);
	if (h->place != NOWHERE)
		pool->places[h->place].holder = NULL;
	free(h);
}

void pool_free(struct pool *pool)
{
	unsigned int i;

	if (!pool)
		return;
	for (i = 0; i < BUCKETS; i++)
		while (!LIST_EMPTY(&pool->names[i]))
			forget(pool, LIST_FIRST(&pool->names[i]));
	free(pool);
}

int pool_reserve(struct pool *pool, const struct address *a)
{
	uint32_t place = place_of(pool, a);
	struct place *at;

	if (place == NOWHERE)
		return 0;
	at = &pool->places[place];
	if (at->holder && !at->holder->is_fixed)
		forget(pool, at->holder);
	at->is_reserved = true;
	return 0;
}

/* Whose @a is, be it outside of the pool. */
static struct holder *fixed_to(struct pool *pool, const struct address *a)
{
	struct holder *h;

	LIST_FOREACH(h, &pool->fixed, fixed)
	if (h->is_fixed && address_is(&h->address, a))
		return h;
	return NULL;
}

int pool_fix(struct pool *pool, const char *name, const struct address *a)
{
	struct holder *other = fixed_to(pool, a), *h = find(pool, name);
	uint32_t place = place_of(pool, a);

	if (a->len != pool->first.len)
		return 0;
	if (other)
		return strcmp(other->name, name) ? -EEXIST : 0;
	if (h && h->is_fixed)
		return -EEXIST;
	if (place != NOWHERE) {
		other = pool->places[place].holder;
		if (pool->places[place].is_reserved || (other && other != h))
			return -EEXIST;
	}
	if (h) {
		forget(pool, h);
		pool->fresh = 0;
	}
	h = holder_new(pool, name, a);
	if (!h)
		return -ENOMEM;
	h->is_fixed = true;
	LIST_INSERT_HEAD(&pool->fixed, h, fixed);
	return 0;
}

static bool is_free(const struct pool *pool, uint32_t place)
{
	const struct place *at = &pool->places[place];

	return !at->holder && !at->is_reserved;
}

/* 0, or -EADDRNOTAVAIL: somebody has each one. */
static int find_free(struct pool *pool, const struct address *had,
		     struct address *out)
{
	struct holder *longest = TAILQ_FIRST(&pool->gone);
	uint32_t place = had ? place_of(pool, had) : NOWHERE;

	if (place != NOWHERE && is_free(pool, place)) {
		*out = *had;
		return 0;
	}
	while (pool->fresh < pool->size && !is_free(pool, pool->fresh))
		pool->fresh++;
	if (pool->fresh < pool->size) {
		*out = address_at(pool, pool->fresh);
		return 0;
	}
	if (!longest)
		return -EADDRNOTAVAIL;
	*out = longest->address;
	forget(pool, longest);
	return 0;
}

int pool_take(struct pool *pool, const char *name, const struct address *had,
	      struct address *out)
{
	struct holder *h = find(pool, name);
	int err;

	if (!h) {
		err = find_free(pool, had, out);
		if (err)
			return err;
		h = holder_new(pool, name, out);
		if (!h) {
			/* Another's place may have become free for it. */
			pool->fresh = 0;
			return -ENOMEM;
		}
		h->is_here = true;
	}
	here(pool, h);
	*out = h->address;
	return 0;
}

void pool_give_back(struct pool *pool, const char *name)
{
	struct holder *h = find(pool, name);

	if (!h || !h->is_here)
		return;
	h->is_here = false;
	if (!h->is_fixed)
		TAILQ_INSERT_TAIL(&pool->gone, h, gone);
}
