// SPDX-License-Identifier: GPL-2.0
/* Which client gets which address, and that no two ever have the same. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "pool.h"
#include "unit.h"

static struct address address_of(const char *text)
{
	struct address a = { .len = strchr(text, ':') ? 16 : 4 };

	inet_pton(a.len == 4 ? AF_INET : AF_INET6, text, a.bytes);
	return a;
}

static struct pool *pool_of(const char *first, const char *last)
{
	struct address from = address_of(first), to = address_of(last);

	return pool_new(&from, &to);
}

/* The address that @name gets, or the error's name. */
static const char *take(struct pool *pool, const char *name, const char *had)
{
	struct address was = { 0 }, out;
	int err;

	if (had)
		was = address_of(had);
	err = pool_take(pool, name, had ? &was : NULL, &out);
	return err ? strerrorname_np(-err) : address_text(&out);
}

static bool gets(struct pool *pool, const char *name, const char *expected)
{
	return !strcmp(take(pool, name, NULL), expected);
}

static int fix(struct pool *pool, const char *name, const char *text)
{
	struct address a = address_of(text);

	return pool_fix(pool, name, &a);
}

static void reserve(struct pool *pool, const char *text)
{
	struct address a = address_of(text);

	CHECK(!pool_reserve(pool, &a));
}

static bool is_refused(const char *first, const char *last, int error)
{
	struct pool *pool = pool_of(first, last);
	bool refused = !pool && errno == error;

	pool_free(pool);
	return refused;
}

static void ranges_that_can_not_be_are_refused(void)
{
	CHECK(is_refused("10.9.0.2", "10.9.0.1", EINVAL));
	CHECK(is_refused("10.9.0.2", "fd09::1", EINVAL));
	CHECK(is_refused("fd09:1::", "fd09::ffff", EINVAL));
	CHECK(is_refused("10.9.0.0", "10.10.0.0", E2BIG));
	CHECK(is_refused("fd09::", "fd09::1:0", E2BIG));
	CHECK(is_refused("fd09::1", "fd09:0:0:1::1", E2BIG));
	CHECK(is_refused("0.0.0.0", "255.255.255.255", E2BIG));
	CHECK(!is_refused("10.9.0.0", "10.9.255.255", E2BIG));
	CHECK(!is_refused("255.255.255.255", "255.255.255.255", E2BIG));
	pool_free(NULL);
}

static void addresses_are_given_in_their_order_until_none_is_left(void)
{
	struct pool *pool = pool_of("10.9.0.254", "10.9.1.1");

	CHECK(pool_family(pool) == 4);
	CHECK(gets(pool, "a", "10.9.0.254"));
	CHECK(gets(pool, "b", "10.9.0.255"));
	CHECK(gets(pool, "c", "10.9.1.0"));
	CHECK(gets(pool, "d", "10.9.1.1"));
	CHECK(gets(pool, "e", "EADDRNOTAVAIL"));
	CHECK(gets(pool, "b", "10.9.0.255"));
	pool_free(pool);
	pool = pool_of("fd09::ffff:ffff", "fd09::ffff:ffff");
	CHECK(pool_family(pool) == 16);
	CHECK(gets(pool, "a", "fd09::ffff:ffff"));
	CHECK(gets(pool, "b", "EADDRNOTAVAIL"));
	pool_free(pool);
}

static void client_that_comes_back_has_its_own(void)
{
	struct pool *pool = pool_of("10.9.0.2", "10.9.0.9");

	CHECK(gets(pool, "a", "10.9.0.2"));
	CHECK(gets(pool, "b", "10.9.0.3"));
	pool_give_back(pool, "a");
	CHECK(gets(pool, "c", "10.9.0.4"));
	CHECK(gets(pool, "a", "10.9.0.2"));
	/* What it says it had doesn't count then. */
	CHECK(!strcmp(take(pool, "b", "10.9.0.8"), "10.9.0.3"));
	pool_free(pool);
}

static void who_is_gone_for_longest_loses_its_own_first(void)
{
	struct pool *pool = pool_of("10.9.0.2", "10.9.0.4");

	CHECK(gets(pool, "a", "10.9.0.2") && gets(pool, "b", "10.9.0.3") &&
	      gets(pool, "c", "10.9.0.4"));
	pool_give_back(pool, "b");
	pool_give_back(pool, "a");
	pool_give_back(pool, "nobody");
	pool_give_back(pool, "b");
	CHECK(gets(pool, "d", "10.9.0.3"));
	CHECK(gets(pool, "b", "10.9.0.2"));
	CHECK(gets(pool, "a", "EADDRNOTAVAIL"));
	pool_give_back(pool, "d");
	CHECK(gets(pool, "d", "10.9.0.3"));
	CHECK(gets(pool, "a", "EADDRNOTAVAIL"));
	pool_free(pool);
}

static void address_that_a_client_had_is_its_if_nobody_has_it(void)
{
	struct pool *pool = pool_of("10.9.0.2", "10.9.0.9");

	reserve(pool, "10.9.0.7");
	CHECK(!fix(pool, "office", "10.9.0.8"));
	CHECK(!strcmp(take(pool, "a", "10.9.0.5"), "10.9.0.5"));
	/* Another's, reserved, fixed, of another network or family */
	CHECK(!strcmp(take(pool, "b", "10.9.0.5"), "10.9.0.2"));
	CHECK(!strcmp(take(pool, "c", "10.9.0.7"), "10.9.0.3"));
	CHECK(!strcmp(take(pool, "d", "10.9.0.8"), "10.9.0.4"));
	CHECK(!strcmp(take(pool, "e", "10.9.0.10"), "10.9.0.6"));
	CHECK(!strcmp(take(pool, "f", "fd09::9"), "10.9.0.9"));
	CHECK(gets(pool, "g", "EADDRNOTAVAIL"));
	/* Of who is gone: it keeps it while there are others */
	pool_give_back(pool, "a");
	pool_give_back(pool, "b");
	CHECK(!strcmp(take(pool, "g", "10.9.0.2"), "10.9.0.5"));
	pool_free(pool);
}

static void reserved_addresses_are_nobody_s(void)
{
	struct pool *pool = pool_of("10.9.0.1", "10.9.0.3");

	reserve(pool, "10.9.0.1");
	reserve(pool, "10.9.1.1");
	reserve(pool, "fd09::1");
	CHECK(fix(pool, "a", "10.9.0.1") == -EEXIST);
	CHECK(gets(pool, "a", "10.9.0.2") && gets(pool, "b", "10.9.0.3"));
	CHECK(gets(pool, "c", "EADDRNOTAVAIL"));
	/* One that somebody had: never again */
	pool_give_back(pool, "a");
	reserve(pool, "10.9.0.2");
	CHECK(gets(pool, "a", "EADDRNOTAVAIL"));
	pool_free(pool);
}

static void fixed_addresses_stay_whoever_comes(void)
{
	struct pool *pool = pool_of("10.9.0.2", "10.9.0.3");

	CHECK(!fix(pool, "a", "10.9.0.2"));
	CHECK(!fix(pool, "far", "192.0.2.1"));
	CHECK(!fix(pool, "a", "10.9.0.2") && !fix(pool, "a", "fd09::2"));
	CHECK(fix(pool, "a", "10.9.0.3") == -EEXIST);
	CHECK(fix(pool, "b", "10.9.0.2") == -EEXIST);
	CHECK(fix(pool, "b", "192.0.2.1") == -EEXIST);
	CHECK(gets(pool, "c", "10.9.0.3"));
	CHECK(gets(pool, "d", "EADDRNOTAVAIL"));
	CHECK(gets(pool, "a", "10.9.0.2") && gets(pool, "far", "192.0.2.1"));
	pool_give_back(pool, "a");
	pool_give_back(pool, "far");
	CHECK(gets(pool, "d", "EADDRNOTAVAIL"));
	CHECK(gets(pool, "a", "10.9.0.2") && gets(pool, "far", "192.0.2.1"));
	pool_free(pool);
}

static void client_that_gets_a_fixed_one_leaves_its_own(void)
{
	struct pool *pool = pool_of("10.9.0.2", "10.9.0.4");

	CHECK(gets(pool, "a", "10.9.0.2") && gets(pool, "b", "10.9.0.3"));
	CHECK(fix(pool, "a", "10.9.0.3") == -EEXIST);
	CHECK(!fix(pool, "a", "10.9.0.4"));
	CHECK(gets(pool, "a", "10.9.0.4") && gets(pool, "c", "10.9.0.2"));
	CHECK(!fix(pool, "b", "10.9.0.3"));
	pool_give_back(pool, "b");
	CHECK(gets(pool, "d", "EADDRNOTAVAIL"));
	pool_free(pool);
}

/**
 * struct client - what the walk knows of one
 * @address: that it has, or had last
 * @is_here: it has it
 */
struct client {
	struct address address;
	bool is_here;
};

#define CLIENTS 60
#define STEPS   20000

static bool somebody_has(const struct client *clients, const struct address *a,
			 int except)
{
	for (int i = 0; i < CLIENTS; i++)
		if (i != except && clients[i].is_here &&
		    address_is(&clients[i].address, a))
			return true;
	return false;
}

/* 40 addresses for 60 clients who come and go. */
static void no_two_ever_have_the_same(void)
{
	struct pool *pool = pool_of("fd09::1", "fd09::28");
	static struct client clients[CLIENTS];
	int here = 0, refused = 0;

	for (int i = 0; i < STEPS; i++) {
		int which = random_below(CLIENTS), had = random_below(CLIENTS);
		struct client *client = &clients[which];
		char name[16];

		snprintf(name, sizeof(name), "client %d", which);
		if (client->is_here) {
			pool_give_back(pool, name);
			client->is_here = false;
			here--;
			continue;
		}
		if (pool_take(pool, name, &clients[had].address,
			      &client->address)) {
			CHECK(here == 40);
			refused++;
			continue;
		}
		CHECK(here < 40);
		CHECK(!somebody_has(clients, &client->address, which));
		CHECK(client->address.bytes[15] >= 1 &&
		      client->address.bytes[15] <= 40);
		client->is_here = true;
		here++;
	}
	CHECK(refused > 0);
	pool_free(pool);
}

int main(void)
{
	RUN(ranges_that_can_not_be_are_refused);
	RUN(addresses_are_given_in_their_order_until_none_is_left);
	RUN(client_that_comes_back_has_its_own);
	RUN(who_is_gone_for_longest_loses_its_own_first);
	RUN(address_that_a_client_had_is_its_if_nobody_has_it);
	RUN(reserved_addresses_are_nobody_s);
	RUN(fixed_addresses_stay_whoever_comes);
	RUN(client_that_gets_a_fixed_one_leaves_its_own);
	RUN(no_two_ever_have_the_same);
	DONE();
}
