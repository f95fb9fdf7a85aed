// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The server's end. Who has proved a name at the reception is a guest, or one that
 * was here and comes back, by another address maybe or for fresh keys: then the
 * new link takes over when the guest says so, and the old one is heard until its
 * end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/capability.h>

#include "device.h"
#include "ending.h"
#include "guests.h"
#include "privilege.h"
#include "reception.h"
#include "role.h"

#define MTU_AUTO    1400  /* fits through PPPoE and IPv6 as well */
#define REPLACED_MS 30000 /* that an old link is heard */
#define LINKS_MAX   4     /* of one guest */

/**
 * struct server - the end
 * @t: what's common to both ends; the loop's
 * @guests: who is here
 * @swept_ms: when they were last looked at, for what time brings
 */
static struct server {
	struct tunnel *t;
	struct guests guests;
	uint64_t swept_ms;
} server;

static void guest_end(struct guest *guest, bool tell)
{
	struct link *link;

	while ((link = LIST_FIRST(&guest->links))) {
		if (tell)
			link->transport->send_close(link);
		LIST_REMOVE(link, next);
		link_free(link);
	}
	guests_remove(&server.guests, guest);
}

static void hear_guest(struct source *source)
{
	struct link *link = link_of(source);
	struct guest *guest = link->owner;

	tunnel_hear(server.t, &guest->peer, link);
}

/* Who it is; NULL: said why not. */
static struct guest *guest_of(const struct link *link)
{
	struct guest *guest = guests_by_name(&server.guests, link->name);

	if (guest)
		return guest;
	if (server.guests.count >= server.t->config->clients_max) {
		say_of_strangers("%s: refused: there are %u clients (clients)",
				 link->name, server.guests.count);
		return NULL;
	}
	guest = guests_add(&server.guests, link->name);
	if (!guest)
		say_of_strangers("%s: %s: no memory", link->remote.text,
				 link->name);
	return guest;
}

/* However often it comes back, it keeps the newest few. */
static void trim_links(struct guest *guest)
{
	struct link *link, *next;
	unsigned int count = 0;

	for (link = LIST_FIRST(&guest->links); link; link = next) {
		next = LIST_NEXT(link, next);
		if (++count <= LINKS_MAX || link == guest->peer.current)
			continue;
		LIST_REMOVE(link, next);
		link_free(link);
	}
}

static void admit(struct link *link)
{
	struct guest *guest = guest_of(link);

	if (!guest) {
		link->transport->send_close(link);
		link_free(link);
		return;
	}
	link->owner = guest;
	link->source.ready = hear_guest;
	LIST_INSERT_HEAD(&guest->links, link, next);
	trim_links(guest);
	/* It may have said something that the handshake has read. */
	hear_guest(&link->source);
}

static struct peer *peer_to(struct tunnel *t, const struct packet *packet)
{
	struct guest *guest =
		guests_by_address(&server.guests, &packet->destination);

	(void)t;
	return guest ? &guest->peer : NULL;
}

/* From now on, packets go by @link. */
static void take_over(struct guest *guest, struct link *link)
{
	struct link *old = guest->peer.current;

	guest->peer.current = link;
	guest->replaced_ms = loop_now();
	if (!old)
		say("%s: connected from %s: %s, %s %s", guest->peer.name,
		    link->remote.text, guest_addresses(guest),
		    link->transport->cipher(link), link->transport->place);
	else if (endpoint_same_host(&old->remote, &link->remote))
		say("%s: new keys", guest->peer.name);
	else
		say("%s: moved to %s", guest->peer.name, link->remote.text);
}

static void answer_request(struct guest *guest, struct link *link,
			   const struct message *request)
{
	const struct config *config = server.t->config;
	const struct link *current = guest->peer.current;
	static struct message m;
	unsigned int i, j;
	int err = guests_settle(&server.guests, guest, request->addresses,
				request->address_count);

	if (err) {
		say_of_strangers("%s: refused: no address is left (pool): %s",
				 guest->peer.name, strerror(-err));
		/* Its link is being read: it's ended when its turn comes. */
		link->transport->send_close(link);
		guest->is_refused = true;
		return;
	}
	/* A request that was repeated or delayed: it's from before. */
	if (current && link->begun_ms < current->begun_ms)
		return;
	if (current != link)
		take_over(guest, link);
	m = (struct message) {
		.kind = MESSAGE_CONFIG,
		.version = MESSAGE_VERSION,
		.bytes = server.t->tun.mtu,
		.address_count = guest->peer.address_count,
		.gateway_count = config->address_count,
		.route_count = config->route_count,
	};
	for (i = 0; i < m.address_count; i++) {
		m.addresses[i].address = guest->peer.addresses[i];
		for (j = 0; j < config->address_count; j++)
			if (prefix_has(&config->addresses[j],
				       &m.addresses[i].address))
				m.addresses[i].bits = config->addresses[j].bits;
	}
	for (i = 0; i < m.gateway_count; i++)
		m.gateways[i] = config->addresses[i].address;
	memcpy(m.routes, config->routes, sizeof(m.routes));
	tunnel_tell(link, &m);
}

static void hear_message(struct tunnel *t, struct peer *peer, struct link *link,
			 const struct message *message)
{
	struct guest *guest = (struct guest *)peer;

	(void)t;
	if (guest->is_refused)
		return;
	switch (message->kind) {
	case MESSAGE_REQUEST:
		answer_request(guest, link, message);
		break;
	case MESSAGE_LIMIT:
		if (link == peer->current)
			peer->limit = message->bytes;
		break;
	}
}

static void hear_close(struct tunnel *t, struct peer *peer, struct link *link)
{
	struct guest *guest = (struct guest *)peer;

	(void)t;
	/* Said to the other end too, which is done with it. */
	link->transport->send_close(link);
	LIST_REMOVE(link, next);
	/* It may have given up a new one, and go on by the old. */
	if (link == peer->current)
		peer->current = LIST_FIRST(&guest->links);
	link_free(link);
	if (LIST_FIRST(&guest->links))
		return;
	say("%s: closed", peer->name);
	guest_end(guest, false);
}

static uint64_t age_of(const struct link *link)
{
	return loop_now() - link->begun_ms;
}

/* Its client should have begun anew by now, as it's configured to. */
static bool link_is_old(const struct link *link)
{
	return age_of(link) >= server.t->config->rekey_s * 1000ull;
}

/* It doesn't, and its certificate may not be valid any more. */
static bool link_is_overdue(const struct link *link)
{
	return age_of(link) >= 2 * server.t->config->rekey_s * 1000ull;
}

static void sweep_links(struct guest *guest)
{
	struct message rekey = { .kind = MESSAGE_REKEY };
	struct link *current = guest->peer.current;
	struct link *link, *next;

	if (current)
		link_measure(current);
	if (current && (link_is_worn(current) || link_is_old(current)))
		tunnel_tell(current, &rekey);
	if (loop_now() - guest->replaced_ms < REPLACED_MS)
		return;
	for (link = LIST_FIRST(&guest->links); link; link = next) {
		next = LIST_NEXT(link, next);
		if (link == current ||
		    loop_now() - link->begun_ms < 2 * REPLACED_MS)
			continue;
		LIST_REMOVE(link, next);
		link_free(link);
	}
}

static void sweep_guests(void)
{
	uint64_t dead_ms = server.t->config->dead_s * 1000ull;
	struct guest *guest, *next;

	for (guest = LIST_FIRST(&server.guests.all); guest; guest = next) {
		next = LIST_NEXT(guest, all);
		if (guest->peer.current &&
		    link_is_overdue(guest->peer.current)) {
			say("%s: has used its keys for too long (rekey)",
			    guest->peer.name);
			guest_end(guest, true);
			continue;
		}
		if (!guest->is_refused &&
		    loop_now() - guest->peer.heard_ms < dead_ms) {
			sweep_links(guest);
			continue;
		}
		if (!guest->is_refused)
			say("%s: gone silent", guest->peer.name);
		guest_end(guest, false);
	}
}

static void turn(struct tunnel *t)
{
	(void)t;
	reception_turn();
	if (loop_now() - server.swept_ms < 1000)
		return;
	server.swept_ms = loop_now();
	sweep_guests();
}

static uint64_t due(const struct tunnel *t)
{
	uint64_t sweep = server.swept_ms + 1000, due = reception_due();

	(void)t;
	/* Nobody is here, nothing is due. */
	return LIST_EMPTY(&server.guests.all) || due < sweep ? due : sweep;
}

static void report(struct tunnel *t)
{
	const struct guest *guest;

	LIST_FOREACH(guest, &server.guests.all, all)
	say("%s %s %s", guest->peer.name,
	    guest->peer.current ? guest->peer.current->remote.text : "-",
	    traffic_text(&guest->peer.traffic));
	say("%u clients, %u handshakes, %llu packets for nobody",
	    server.guests.count, reception_count(),
	    (unsigned long long)t->unrouted);
}

static void finish(struct tunnel *t)
{
	struct guest *guest;

	(void)t;
	while ((guest = LIST_FIRST(&server.guests.all)))
		guest_end(guest, true);
	reception_close();
}

static const struct role role = {
	.peer_to = peer_to,
	.message = hear_message,
	.closed = hear_close,
	.turn = turn,
	.due = due,
	.report = report,
	.finish = finish,
};

void server_begin(struct tunnel *t)
{
	const struct config *config = t->config;
	char addresses[120];

	server.t = t;
	t->role = &role;
	reception_resolve(t);
	guests_open(&server.guests, config);
	device_set(&t->tun, config->mtu ? config->mtu : MTU_AUTO,
		   config->addresses, config->address_count, addresses,
		   sizeof(addresses));
	privilege_drop(config->user, reception_is_privileged() ?
					     1u << CAP_NET_BIND_SERVICE :
					     0);
	reception_open(&server.guests, admit);
	if (tunnel_begin(t))
		end_with(ENDING_SYSTEM, "epoll: %s", strerror(errno));
	say("listening on %s, device %s, crypto %s", reception_text(),
	    t->tun.name,
	    t->crypto == CRYPTO_USERSPACE ? transport_openssl.place :
					    transport_kernel.place);
	notify("READY=1");
}
