// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What must hold between the options of a configuration. */
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "config_reader.h"
#include "pool.h"

#define MTU_IPV6 1280 /* RFC 8200, 5 */

/* For what isn't there: where its section is, or the end. */
static unsigned int line_without(const struct reader *r, enum section section)
{
	unsigned int line = r->section_at[section] ? r->section_at[section] :
						     r->line;

	return line ? line : 1;
}

static bool check_sections(struct reader *r)
{
	unsigned int server = r->section_at[SECTION_SERVER];
	unsigned int client = r->section_at[SECTION_CLIENT];

	if (!server && !client)
		return config_fail(r, line_without(r, SECTION_SERVER),
				   "there's no [server] and no [client]: write one of them");
	if (server && client)
		return config_fail(r, server > client ? server : client,
				   "[server] and [client] are both there: leave out one, a file is for one end");
	r->c->is_server = server;
	if (client && r->c->fixed)
		return config_fail(r, r->c->fixed->line,
				   "[host %s] is for a server: leave it out here",
				   r->c->fixed->name);
	return true;
}

static bool check_required(struct reader *r, enum section section)
{
	char form[128];
	size_t i;

	for (i = 0; i < config_option_count; i++) {
		const struct option *o = &config_options[i];

		if (o->section != section || !o->is_required || r->option_at[i])
			continue;
		config_form(o, form, sizeof(form));
		return config_fail(r, line_without(r, section),
				   "[%s] has no %s: write %s = %s",
				   config_sections[section], o->name, o->name,
				   form);
	}
	return true;
}

/* Certificates, or a key that both ends know. */
static bool check_identity(struct reader *r)
{
	static const char *const names[] = { "cert", "key", "ca", "crl" };
	unsigned int psk = config_line_of(r, SECTION_TUNNEL, "psk"), line;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		line = config_line_of(r, SECTION_TUNNEL, names[i]);
		if (psk && line)
			return config_fail(r, line,
					   "%s is there, and psk in line %u: leave out one, ends have certificates or a key",
					   names[i], psk);
		if (!psk && !line && strcmp(names[i], "crl"))
			return config_fail(r, line_without(r, SECTION_TUNNEL),
					   "[tunnel] has no %s: write %s = FILE, or psk = FILE if ends have no certificates",
					   names[i], names[i]);
	}
	return true;
}

static bool check_times(struct reader *r)
{
	unsigned int line = config_line_of(r, SECTION_TUNNEL, "dead-after");

	if (r->c->dead_s > r->c->keepalive_s)
		return true;
	if (!line)
		line = config_line_of(r, SECTION_TUNNEL, "keepalive");
	return config_fail(r, line,
			   "dead-after is %u, keepalive %u seconds: write a longer time for dead-after",
			   r->c->dead_s, r->c->keepalive_s);
}

/* Whether one host of the network can have it. */
static bool is_host_of(const struct prefix *network, const struct address *a)
{
	struct address first = prefix_first(network);
	struct address last = prefix_last(network);

	if (!prefix_has(network, a))
		return false;
	if (a->len == 4 ? !a->bytes[0] || a->bytes[0] >= 224 :
			  a->bytes[0] == 0xff)
		return false;
	/* RFC 3021 and RFC 6164: networks of two addresses have no others. */
	if (network->bits + 1 >= a->len * 8)
		return true;
	return !address_is(a, &first) &&
	       (a->len == 16 || !address_is(a, &last));
}

static bool check_address(struct reader *r, unsigned int i)
{
	const struct prefix *p = &r->c->addresses[i];
	unsigned int mtu = r->c->mtu;

	if (p->bits < NETWORK_BITS_MIN)
		return config_fail(r, r->address_at[i],
				   "address = %s/%u: the network is too large: write %u or more for the bits",
				   address_text(&p->address), p->bits,
				   NETWORK_BITS_MIN);
	if (!is_host_of(p, &p->address))
		return config_fail(r, r->address_at[i],
				   "address = %s/%u: no host can have it: write another one of the network",
				   address_text(&p->address), p->bits);
	if (p->address.len == 16 && mtu && mtu < MTU_IPV6)
		return config_fail(r, config_line_of(r, SECTION_TUNNEL, "mtu"),
				   "mtu = %u is too small for IPv6: write %u or more, or leave out address = %s/%u",
				   mtu, MTU_IPV6, address_text(&p->address),
				   p->bits);
	return true;
}

static const struct prefix *network_of(const struct config *c,
				       const struct address *a)
{
	unsigned int i;

	for (i = 0; i < c->address_count; i++)
		if (prefix_has(&c->addresses[i], a))
			return &c->addresses[i];
	return NULL;
}

static uint32_t low_of(const struct address *a)
{
	return get_u32(a->bytes + a->len - 4);
}

static void step(struct address *a, int32_t by)
{
	put_u32(a->bytes + a->len - 4, low_of(a) + by);
}

static bool is_too_long(const struct range *range)
{
	const struct address *first = &range->first, *last = &range->last;

	return memcmp(first->bytes, last->bytes, first->len - 4) ||
	       low_of(last) - low_of(first) >= POOL_MAX;
}

static bool is_client_s(const struct prefix *server, const struct address *a)
{
	return is_host_of(server, a) && !address_is(&server->address, a);
}

/*
 * Takes off at both ends what no client can have: the network's own address, its
 * broadcast address, the server's. False: nothing is left.
 */
static bool shorten(struct range *range, const struct prefix *server)
{
	while (!is_client_s(server, &range->first)) {
		if (address_is(&range->first, &range->last))
			return false;
		step(&range->first, 1);
	}
	while (!is_client_s(server, &range->last))
		step(&range->last, -1);
	return true;
}

static bool check_pool(struct reader *r, unsigned int i)
{
	struct range *pool = &r->c->pools[i];
	const struct prefix *server = network_of(r->c, &pool->first);
	const char *first = address_text(&pool->first);
	const char *last = address_text(&pool->last);

	if (!server || !prefix_has(server, &pool->last))
		return config_fail(r, r->pool_at[i],
				   "pool = %s-%s: it's in no network of the server: write addresses of one that [server] address has",
				   first, last);
	if (is_too_long(pool))
		return config_fail(r, r->pool_at[i],
				   "pool = %s-%s: it's too long: write up to %u addresses",
				   first, last, POOL_MAX);
	if (!shorten(pool, server))
		return config_fail(r, r->pool_at[i],
				   "pool = %s-%s: no client can have any of it: write more addresses",
				   first, last);
	return true;
}

/* What the server leaves of its network, from the begin on. */
static bool add_pool(struct reader *r, unsigned int i)
{
	const struct prefix *server = &r->c->addresses[i];
	struct range pool = { prefix_first(server), prefix_last(server) };

	/* One more, as the network's own address is none. */
	if (is_too_long(&pool)) {
		pool.last = pool.first;
		step(&pool.last, POOL_MAX);
	}
	if (!shorten(&pool, server))
		return config_fail(r, r->address_at[i],
				   "address = %s/%u: its network has none for clients: write fewer bits",
				   address_text(&server->address),
				   server->bits);
	r->c->pools[r->c->pool_count++] = pool;
	return true;
}

static bool check_pools(struct reader *r)
{
	unsigned int i, j, count = r->c->pool_count;

	for (i = 0; i < count; i++)
		if (!check_pool(r, i))
			return false;
	for (i = 0; i < r->c->address_count; i++) {
		for (j = 0; j < count; j++)
			if (r->c->pools[j].first.len ==
			    r->c->addresses[i].address.len)
				break;
		if (j == count && !add_pool(r, i))
			return false;
	}
	return true;
}

/* Another host's that has it already, among those before @host. */
static const struct fixed *has_already(const struct config *c,
				       const struct fixed *host,
				       const struct address *a)
{
	const struct fixed *other;
	unsigned int i;

	for (other = c->fixed; other != host; other = other->next)
		for (i = 0; i < other->address_count; i++)
			if (address_is(&other->addresses[i], a))
				return other;
	return NULL;
}

static bool check_host_address(struct reader *r, const struct fixed *host,
			       unsigned int i)
{
	const struct address *a = &host->addresses[i];
	const struct prefix *server = network_of(r->c, a);
	const struct fixed *other = has_already(r->c, host, a);

	if (!server)
		return config_fail(r, host->lines[i],
				   "address = %s: it's in no network of the server: write one of those that [server] address has",
				   address_text(a));
	if (!is_client_s(server, a))
		return config_fail(r, host->lines[i],
				   "address = %s: a client can't have it: write another one of %s/%u",
				   address_text(a),
				   address_text(&server->address),
				   server->bits);
	if (other)
		return config_fail(r, host->lines[i],
				   "address = %s is that of [host %s]: write another one",
				   address_text(a), other->name);
	return true;
}

static bool check_hosts(struct reader *r)
{
	const struct fixed *host;
	unsigned int i;

	for (host = r->c->fixed; host; host = host->next) {
		if (!host->address_count)
			return config_fail(r, host->line,
					   "[host %s] has no address: write address = ADDRESS",
					   host->name);
		for (i = 0; i < host->address_count; i++)
			if (!check_host_address(r, host, i))
				return false;
	}
	return true;
}

static bool check_server(struct reader *r)
{
	unsigned int i;

	if (!check_required(r, SECTION_SERVER))
		return false;
	for (i = 0; i < r->c->address_count; i++)
		if (!check_address(r, i))
			return false;
	return check_pools(r) && check_hosts(r);
}

static bool check_client(struct reader *r)
{
	if (!check_required(r, SECTION_CLIENT))
		return false;
	if (!r->c->server_name)
		r->c->server_name = strdup(r->c->host);
	return r->c->server_name || config_fail_errno(r, ENOMEM);
}

bool config_check(struct reader *r)
{
	if (!check_sections(r) || !check_identity(r) || !check_times(r))
		return false;
	return r->c->is_server ? check_server(r) : check_client(r);
}
