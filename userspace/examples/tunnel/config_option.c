// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_reader.h"

static bool refuse(struct reader *r, const struct option *o, const char *value)
{
	char form[128];

	config_form(o, form, sizeof(form));
	return config_fail(r, r->line, "%s = %s: write %s", o->name, value,
			   form);
}

static void *place_of(struct reader *r, const struct option *o)
{
	return (char *)r->c + o->to;
}

static bool set_text(struct reader *r, char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
	return *to || config_fail_errno(r, ENOMEM);
}

static bool read_text(struct reader *r, const struct option *o, char *value)
{
	return set_text(r, place_of(r, o), value);
}

/* No blanks in it. */
static bool read_word(struct reader *r, const struct option *o, char *value)
{
	if (value[strcspn(value, " \t")])
		return refuse(r, o, value);
	return read_text(r, o, value);
}

/* What the kernel takes, but for the names that it makes itself ("tun%d"). */
static bool read_device(struct reader *r, const struct option *o, char *value)
{
	if (strlen(value) >= IFNAMSIZ || value[strcspn(value, "/:% \t")] ||
	    !strcmp(value, ".") || !strcmp(value, ".."))
		return refuse(r, o, value);
	return read_text(r, o, value);
}

/* Relative to the folder of the configuration. */
static bool read_path(struct reader *r, const struct option *o, char *value)
{
	const char *end = strrchr(r->path, '/');
	int folder = end ? end - r->path + 1 : 0;
	char **to = place_of(r, o);

	if (*value == '/' || !folder)
		return set_text(r, to, value);
	free(*to);
	if (asprintf(to, "%.*s%s", folder, r->path, value) >= 0)
		return true;
	*to = NULL;
	return config_fail_errno(r, ENOMEM);
}

/* Digits alone, up to @max. */
static bool number_of(const char *text, unsigned int max, unsigned int *out)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 9 || text[digits])
		return false;
	*out = strtoul(text, NULL, 10);
	return *out <= max;
}

static bool read_number(struct reader *r, const struct option *o, char *value)
{
	unsigned int n;

	if (!number_of(value, o->max, &n) || n < o->min)
		return refuse(r, o, value);
	*(unsigned int *)place_of(r, o) = n;
	return true;
}

static bool read_number_or_auto(struct reader *r, const struct option *o,
				char *value)
{
	if (strcmp(value, "auto"))
		return read_number(r, o, value);
	*(unsigned int *)place_of(r, o) = 0;
	return true;
}

/* Its place among the words, or -1. */
static int word_of(const struct option *o, const char *value)
{
	int i;

	for (i = 0; o->words[i]; i++)
		if (!strcmp(o->words[i], value))
			return i;
	return -1;
}

static bool read_crypto(struct reader *r, const struct option *o, char *value)
{
	int i = word_of(o, value);

	if (i < 0)
		return refuse(r, o, value);
	r->c->crypto = i;
	return true;
}

static bool read_switch(struct reader *r, const struct option *o, char *value)
{
	int i = word_of(o, value);

	if (i < 0)
		return refuse(r, o, value);
	*(bool *)place_of(r, o) = i;
	return true;
}

/* ADDRESS:PORT, where an IPv6 address is in brackets, for its colons. */
static bool read_endpoint(struct reader *r, const struct option *o, char *value)
{
	char *colon = strrchr(value, ':'), *host = value;
	size_t len = colon ? colon - value : 0;
	unsigned int port;

	if (!len || !number_of(colon + 1, 65535, &port) || !port)
		return refuse(r, o, value);
	if (host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	} else if (memchr(host, ':', len) || memchr(host, '[', len)) {
		return refuse(r, o, value);
	}
	if (!len || host[strcspn(host, " \t/")])
		return refuse(r, o, value);
	free(r->c->host);
	r->c->host = strndup(host, len);
	if (!r->c->host)
		return config_fail_errno(r, ENOMEM);
	return set_text(r, &r->c->port, colon + 1);
}

static bool address_of(const char *text, struct address *a)
{
	*a = (struct address) { .len = strchr(text, ':') ? 16 : 4 };
	return inet_pton(a->len == 4 ? AF_INET : AF_INET6, text, a->bytes) == 1;
}

static bool prefix_of(char *text, struct prefix *p)
{
	char *slash = strchr(text, '/');
	unsigned int bits;
	bool ok;

	if (!slash)
		return false;
	*slash = '\0';
	ok = address_of(text, &p->address) &&
	     number_of(slash + 1, p->address.len * 8, &bits);
	*slash = '/';
	if (ok)
		p->bits = bits;
	return ok;
}

static bool refuse_twin(struct reader *r, const struct option *o,
			const char *value, unsigned int line)
{
	return config_fail(r, r->line,
			   "%s = %s: line %u has one of this family: leave one of each, IPv4 and IPv6",
			   o->name, value, line);
}

static bool read_address(struct reader *r, const struct option *o, char *value)
{
	struct config *c = r->c;
	struct prefix p;
	unsigned int i;

	if (!prefix_of(value, &p))
		return refuse(r, o, value);
	for (i = 0; i < c->address_count; i++)
		if (c->addresses[i].address.len == p.address.len)
			return refuse_twin(r, o, value, r->address_at[i]);
	r->address_at[c->address_count] = r->line;
	c->addresses[c->address_count++] = p;
	return true;
}

/* "NETWORK/BITS", or "FIRST-LAST" with blanks around the dash or without. */
static bool range_of(char *text, struct range *range)
{
	char first[INET6_ADDRSTRLEN], last[INET6_ADDRSTRLEN], beyond;
	struct prefix p;

	if (prefix_of(text, &p)) {
		range->first = p.address;
		range->last = prefix_last(&p);
		return prefix_is_network(&p);
	}
	/* INET6_ADDRSTRLEN - 1 */
	return sscanf(text, "%45[0-9a-fA-F:.] -%45s %c", first, last,
		      &beyond) == 2 &&
	       address_of(first, &range->first) &&
	       address_of(last, &range->last) &&
	       range->first.len == range->last.len &&
	       memcmp(range->first.bytes, range->last.bytes, 16) <= 0;
}

static bool read_pool(struct reader *r, const struct option *o, char *value)
{
	struct config *c = r->c;
	struct range range;
	unsigned int i;

	if (!range_of(value, &range))
		return refuse(r, o, value);
	for (i = 0; i < c->pool_count; i++)
		if (c->pools[i].first.len == range.first.len)
			return refuse_twin(r, o, value, r->pool_at[i]);
	r->pool_at[c->pool_count] = r->line;
	c->pools[c->pool_count++] = range;
	return true;
}

static bool read_route(struct reader *r, const struct option *o, char *value)
{
	struct config *c = r->c;
	struct prefix p;

	if (!prefix_of(value, &p))
		return refuse(r, o, value);
	if (!prefix_is_network(&p))
		return config_fail(r, r->line,
				   "route = %s: there are bits of a host behind the first %u: write 0 for them",
				   value, p.bits);
	if (c->route_count == MESSAGE_ROUTES)
		return config_fail(r, r->line,
				   "route = %s: there are %u already: join networks to larger ones",
				   value, MESSAGE_ROUTES);
	c->routes[c->route_count++] = p;
	return true;
}

static bool read_host_address(struct reader *r, const struct option *o,
			      char *value)
{
	struct fixed *host = r->c->fixed;
	struct address a;
	unsigned int i;

	/* The last one is the one that's being read. */
	while (host->next)
		host = host->next;
	if (!address_of(value, &a))
		return refuse(r, o, value);
	for (i = 0; i < host->address_count; i++)
		if (host->addresses[i].len == a.len)
			return refuse_twin(r, o, value, host->lines[i]);
	host->lines[host->address_count] = r->line;
	host->addresses[host->address_count++] = a;
	return true;
}

#define TO(member) .to = offsetof(struct config, member)

static const char *const crypto_words[] = {
	[CRYPTO_AUTO] = "auto",
	[CRYPTO_KERNEL] = "kernel",
	[CRYPTO_USERSPACE] = "userspace",
	NULL,
};
static const char *const routes_words[] = { "ignore", "accept", NULL };
static const char *const retry_words[] = { "no", "yes", NULL };

const char *const config_sections[SECTIONS] = {
	[SECTION_TUNNEL] = "tunnel",
	[SECTION_SERVER] = "server",
	[SECTION_CLIENT] = "client",
	[SECTION_HOST] = "host",
};

#define TUNNEL(option) .section = SECTION_TUNNEL, .name = option
#define SERVER(option) .section = SECTION_SERVER, .name = option
#define CLIENT(option) .section = SECTION_CLIENT, .name = option
#define HOST(option)   .section = SECTION_HOST, .name = option

const struct option config_options[] = {
	{ TUNNEL("device"), "a name of up to 15 letters", "kdtls0", read_device,
	  TO(device) },
	{ TUNNEL("user"), "the name of a user", "nobody", read_word, TO(user) },
	{ TUNNEL("crypto"), "auto, kernel or userspace", "auto", read_crypto,
	  .words = crypto_words },
	{ TUNNEL("mtu"), "bytes, or auto", "auto", read_number_or_auto, TO(mtu),
	  .min = 576, .max = 9000 },
	{ TUNNEL("cert"), "a file (PEM)", NULL, read_path, TO(cert) },
	{ TUNNEL("key"), "a file (PEM)", NULL, read_path, TO(key) },
	{ TUNNEL("ca"), "a file (PEM)", NULL, read_path, TO(ca) },
	{ TUNNEL("crl"), "a file (PEM)", NULL, read_path, TO(crl) },
	{ TUNNEL("psk"), "a file", NULL, read_path, TO(psk) },
	{ TUNNEL("ciphers"), "OpenSSL's names, with colons between them", NULL,
	  read_word, TO(ciphers) },
	{ TUNNEL("keepalive"), "seconds", "10", read_number, TO(keepalive_s),
	  .min = 1, .max = 3600 },
	{ TUNNEL("dead-after"), "seconds", "30", read_number, TO(dead_s),
	  .min = 2, .max = 86400 },
	{ TUNNEL("rekey"), "seconds", "3600", read_number, TO(rekey_s),
	  .min = 10, .max = 86400 },
	{ SERVER("listen"), "ADDRESS:PORT or [ADDRESS]:PORT", NULL,
	  read_endpoint, .is_required = true },
	{ SERVER("address"), "ADDRESS/BITS", NULL, read_address,
	  .is_required = true, .is_repeated = true },
	{ SERVER("pool"), "FIRST-LAST or NETWORK/BITS", NULL, read_pool,
	  .is_repeated = true },
	{ SERVER("route"), "NETWORK/BITS", NULL, read_route,
	  .is_repeated = true },
	{ SERVER("clients"), "clients", "1000", read_number, TO(clients_max),
	  .min = 1, .max = 65536 },
	{ CLIENT("server"), "ADDRESS:PORT, [ADDRESS]:PORT or NAME:PORT", NULL,
	  read_endpoint, .is_required = true },
	{ CLIENT("server-name"), "the name in the server's certificate", NULL,
	  read_word, TO(server_name) },
	{ CLIENT("routes"), "accept or ignore", "accept", read_switch,
	  TO(accept_routes), .words = routes_words },
	{ CLIENT("route"), "NETWORK/BITS", NULL, read_route,
	  .is_repeated = true },
	{ CLIENT("retry"), "yes or no", "yes", read_switch, TO(retry),
	  .words = retry_words },
	{ HOST("address"), "ADDRESS", NULL, read_host_address,
	  .is_required = true, .is_repeated = true },
};

const size_t config_option_count =
	sizeof(config_options) / sizeof(config_options[0]);

_Static_assert(sizeof(config_options) / sizeof(config_options[0]) <= OPTIONS_MAX,
	       "a reader has a line for each");

void config_form(const struct option *o, char *text, size_t size)
{
	if (o->max)
		snprintf(text, size, "%u to %u %s", o->min, o->max, o->form);
	else
		snprintf(text, size, "%s", o->form);
}
