// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "message.h"

#define CONFIG_HEADER 5 /* kind, version, mtu, count */
#define PROBE_HEADER  5 /* kind, number */

/* The longest: addresses of both families, routes of IPv6. */
#define CONFIG_MAX                                                         \
	(CONFIG_HEADER + (2 + 4) + (2 + 16) + 1 + (1 + 4) + (1 + 16) + 2 + \
	 MESSAGE_ROUTES * (2 + 16))
_Static_assert(CONFIG_MAX <= MESSAGE_MAX, "each CONFIG fits");

/**
 * struct reader - what's left of a message
 * @at: next byte
 * @left: how many
 * @is_cut: more was wanted than there is, or it can't be
 */
struct reader {
	const uint8_t *at;
	size_t left;
	bool is_cut;
};

/* @n bytes, or NULL. */
static const uint8_t *take(struct reader *r, size_t n)
{
	const uint8_t *at = r->at;

	if (r->is_cut || n > r->left) {
		r->is_cut = true;
		return NULL;
	}
	r->at += n;
	r->left -= n;
	return at;
}

static unsigned int take_u8(struct reader *r)
{
	const uint8_t *at = take(r, 1);

	return at ? *at : 0;
}

static unsigned int take_u16(struct reader *r)
{
	const uint8_t *at = take(r, 2);

	return at ? get_u16(at) : 0;
}

/* How many follow, which must have their place in the message. */
static unsigned int take_count(struct reader *r, unsigned int count,
			       unsigned int max)
{
	if (count > max)
		r->is_cut = true;
	return r->is_cut ? 0 : count;
}

static void take_address(struct reader *r, struct address *a, unsigned int len)
{
	const uint8_t *at = take(r, len);

	*a = (struct address) { 0 };
	if (len != 4 && len != 16)
		r->is_cut = true;
	if (r->is_cut)
		return;
	a->len = len;
	memcpy(a->bytes, at, len);
}

static void take_host(struct reader *r, struct prefix *p)
{
	take_address(r, &p->address, take_u8(r));
	p->bits = p->address.len * 8;
}

static void take_prefix(struct reader *r, struct prefix *p)
{
	unsigned int len = take_u8(r);

	p->bits = take_u8(r);
	take_address(r, &p->address, len);
	if (p->bits > p->address.len * 8)
		r->is_cut = true;
}

/* Of two addresses, one is IPv4 and one IPv6. */
static void refuse_twins(struct reader *r, const struct message *m)
{
	if (m->address_count == 2 &&
	    m->addresses[0].address.len == m->addresses[1].address.len)
		r->is_cut = true;
	if (m->gateway_count == 2 && m->gateways[0].len == m->gateways[1].len)
		r->is_cut = true;
}

static void parse_request(struct reader *r, struct message *m)
{
	unsigned int i;

	m->version = take_u8(r);
	m->address_count = take_count(r, take_u8(r), MESSAGE_ADDRESSES);
	for (i = 0; i < m->address_count; i++)
		take_host(r, &m->addresses[i]);
	refuse_twins(r, m);
}

static void parse_config(struct reader *r, struct message *m)
{
	unsigned int i;

	m->version = take_u8(r);
	m->bytes = take_u16(r);
	m->address_count = take_count(r, take_u8(r), MESSAGE_ADDRESSES);
	for (i = 0; i < m->address_count; i++)
		take_prefix(r, &m->addresses[i]);
	m->gateway_count = take_count(r, take_u8(r), MESSAGE_ADDRESSES);
	for (i = 0; i < m->gateway_count; i++)
		take_address(r, &m->gateways[i], take_u8(r));
	m->route_count = take_count(r, take_u16(r), MESSAGE_ROUTES);
	for (i = 0; i < m->route_count; i++) {
		take_prefix(r, &m->routes[i]);
		r->is_cut |= !prefix_is_network(&m->routes[i]);
	}
	refuse_twins(r, m);
}

int message_parse(struct message *m, const uint8_t *bytes, size_t len)
{
	struct reader r = { bytes, len, false };
	const uint8_t *number;

	memset(m, 0, sizeof(*m));
	m->kind = take_u8(&r);
	switch (m->kind) {
	case MESSAGE_REQUEST:
		parse_request(&r, m);
		break;
	case MESSAGE_CONFIG:
		parse_config(&r, m);
		break;
	case MESSAGE_PROBE:
	case MESSAGE_ECHO:
		number = take(&r, 4);
		m->number = number ? get_u32(number) : 0;
		m->bytes = len;
		break;
	case MESSAGE_LIMIT:
		m->bytes = take_u16(&r);
		break;
	case MESSAGE_REKEY:
		break;
	default:
		return len ? -ENOMSG : -EBADMSG;
	}
	return r.is_cut ? -EBADMSG : 0;
}

/**
 * struct writer - a message that is made
 * @at: where the next byte goes
 * @left: room
 * @is_full: it didn't suffice
 */
struct writer {
	uint8_t *at;
	size_t left;
	bool is_full;
};

static uint8_t *add(struct writer *w, size_t n)
{
	uint8_t *at = w->at;

	if (w->is_full || n > w->left) {
		w->is_full = true;
		return NULL;
	}
	w->at += n;
	w->left -= n;
	return at;
}

static void add_u8(struct writer *w, uint8_t n)
{
	uint8_t *at = add(w, 1);

	if (at)
		*at = n;
}

static void add_u16(struct writer *w, uint16_t n)
{
	uint8_t *at = add(w, 2);

	if (at)
		put_u16(at, n);
}

static void add_address(struct writer *w, const struct address *a)
{
	uint8_t *at = add(w, a->len);

	if (at)
		memcpy(at, a->bytes, a->len);
}

static void add_host(struct writer *w, const struct address *a)
{
	add_u8(w, a->len);
	add_address(w, a);
}

static void add_prefix(struct writer *w, const struct prefix *p)
{
	add_u8(w, p->address.len);
	add_u8(w, p->bits);
	add_address(w, &p->address);
}

static void make_request(struct writer *w, const struct message *m)
{
	unsigned int i;

	add_u8(w, m->version);
	add_u8(w, m->address_count);
	for (i = 0; i < m->address_count; i++)
		add_host(w, &m->addresses[i].address);
}

static void make_config(struct writer *w, const struct message *m)
{
	unsigned int i;

	add_u8(w, m->version);
	add_u16(w, m->bytes);
	add_u8(w, m->address_count);
	for (i = 0; i < m->address_count; i++)
		add_prefix(w, &m->addresses[i]);
	add_u8(w, m->gateway_count);
	for (i = 0; i < m->gateway_count; i++)
		add_host(w, &m->gateways[i]);
	add_u16(w, m->route_count);
	for (i = 0; i < m->route_count; i++)
		add_prefix(w, &m->routes[i]);
}

static void make_probe(struct writer *w, const struct message *m)
{
	size_t padding = m->bytes > PROBE_HEADER ? m->bytes - PROBE_HEADER : 0;
	uint8_t *at = add(w, 4);

	if (at)
		put_u32(at, m->number);
	at = add(w, padding);
	if (at)
		memset(at, 0, padding);
}

ssize_t message_make(const struct message *m, uint8_t *bytes, size_t size)
{
	struct writer w = { bytes, size, false };

	add_u8(&w, m->kind);
	switch (m->kind) {
	case MESSAGE_REQUEST:
		make_request(&w, m);
		break;
	case MESSAGE_CONFIG:
		make_config(&w, m);
		break;
	case MESSAGE_PROBE:
	case MESSAGE_ECHO:
		make_probe(&w, m);
		break;
	case MESSAGE_LIMIT:
		add_u16(&w, m->bytes);
		break;
	}
	return w.is_full ? -ENOSPC : w.at - bytes;
}
