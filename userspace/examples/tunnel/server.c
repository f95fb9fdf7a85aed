// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The server's end. One socket of its port hears strangers, who get a cookie and
 * are forgotten; who comes back with it gets a socket of its own, connected, and
 * a handshake there. Who has proved a name that way is a guest, or one that was
 * here and comes back, by another address maybe or for fresh keys: then the new
 * link takes over when the guest says so, and the old one is heard until its end.
 */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <linux/capability.h>
#include <openssl/err.h>

#include "../cookie.h"
#include "../port.h"
#include "device.h"
#include "ending.h"
#include "guests.h"
#include "privilege.h"
#include "role.h"

#define MTU_AUTO         1420
#define SHAKING_MS       30000 /* for a handshake */
#define SHAKING_MAX      256   /* of them at a time */
#define SHAKING_HOST_MAX 64    /* likewise, with one host */
#define SHAKING_SWEEP_MS 50    /* OpenSSL's timers are far longer */
#define REPLACED_MS      30000 /* that an old link is heard */
#define LINKS_MAX        4     /* of one guest */
#define GREETS_A_TURN    64
#define HANDSHAKE_GREETS 16   /* a handshake's begin costs as much as so many */
#define FIRST_USERS_PORT 1024 /* below, a capability is wanted */

/**
 * struct server - the end
 * @t: what's common to both ends; the loop's
 * @port: where strangers come
 * @on_stranger: there's one
 * @listener: SSL that the next one gets
 * @guests: who is here
 * @shaking: links whose handshake isn't done, the newest first
 * @shaking_count: how many
 * @shaken_ms: when they were last looked at, for what time brings
 * @swept_ms: likewise, guests
 */
static struct server {
	struct tunnel *t;
	struct port port;
	struct source on_stranger;
	SSL *listener;
	struct guests guests;
	struct link_list shaking;
	unsigned int shaking_count;
	uint64_t shaken_ms;
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
	struct link *link =
		(struct link *)((char *)source - offsetof(struct link, source));
	struct guest *guest = link->owner;

	tunnel_hear(server.t, &guest->peer, link);
}

static void shaking_end(struct link *link)
{
	LIST_REMOVE(link, next);
	server.shaking_count--;
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

static void shake(struct link *link)
{
	const char *error = "no reason given";
	enum shaking shaking = link_shake(link, server.t->crypto, &error);

	if (shaking == SHAKING_GOES_ON)
		return;
	shaking_end(link);
	if (shaking == SHAKING_DONE && link->name[0]) {
		admit(link);
		return;
	}
	if (shaking == SHAKING_DONE)
		error = "it has no name of 1 to 64 visible characters";
	say_of_strangers("%s: refused: %s", link->remote.text, error);
	link_free(link);
}

static void shake_source(struct source *source)
{
	shake((struct link *)((char *)source - offsetof(struct link, source)));
}

static void listener_renew(void)
{
	server.listener = SSL_new(server.t->ctx);
	if (!server.listener)
		end_with(ENDING_SYSTEM, "SSL_new: %s", tls_reason(errno));
	SSL_set_accept_state(server.listener);
}

/* @remote has shown that it's there, and the listener has its ClientHello. */
static void receive_guest(const struct endpoint *remote)
{
	SSL *ssl = server.listener;
	int fd = port_connect(&server.port, remote);
	struct link *link;

	listener_renew();
	if (fd < 0) {
		say_of_strangers("%s: %s", remote->text, strerror(errno));
		SSL_free(ssl);
		return;
	}
	link = link_new(fd, remote, ssl, server.t->crypto, shake_source);
	if (!link) {
		say_of_strangers("%s: no memory", remote->text);
		return;
	}
	cookie_set_peer(ssl, &link->remote);
	LIST_INSERT_HEAD(&server.shaking, link, next);
	server.shaking_count++;
	shake(link);
}

/* Whether there's a place for @remote: no host has all of them. */
static bool may_shake(const struct endpoint *remote)
{
	const struct link *link;
	unsigned int count = 0;

	LIST_FOREACH(link, &server.shaking, next)
	{
		if (endpoint_same(&link->remote, remote))
			return false;
		count += endpoint_same_host(&link->remote, remote);
	}
	return server.shaking_count < SHAKING_MAX && count < SHAKING_HOST_MAX;
}

static void greet(struct source *source)
{
	uint8_t datagram[PORT_DATAGRAM];
	int budget = GREETS_A_TURN;
	struct endpoint remote;
	ssize_t n;

	(void)source;
	while (budget-- > 0 &&
	       (n = port_receive(&server.port, datagram, &remote)) >= 0) {
		/*
		 * Who is known has a socket, and this left before it was there:
		 * a ClientHello repeated, whose answer is on its way.
		 */
		if (!may_shake(&remote) ||
		    !cookie_check(server.listener, &server.port, &remote,
				  datagram, n) ||
		    guests_are_at(&server.guests, &remote))
			continue;
		receive_guest(&remote);
		budget -= HANDSHAKE_GREETS;
	}
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
	if (link != peer->current && peer->current) {
		LIST_REMOVE(link, next);
		link_free(link);
		return;
	}
	say("%s: closed", peer->name);
	/* Said to the other end too, which is done with it. */
	guest_end(guest, true);
}

static void sweep_shaking(void)
{
	struct link *link, *next;

	if (loop_now() - server.shaken_ms < SHAKING_SWEEP_MS)
		return;
	server.shaken_ms = loop_now();
	for (link = LIST_FIRST(&server.shaking); link; link = next) {
		next = LIST_NEXT(link, next);
		if (loop_now() - link->begun_ms < SHAKING_MS) {
			if (link_due(link) <= loop_now())
				shake(link);
			continue;
		}
		say_of_strangers("%s: refused: went silent in the handshake",
				 link->remote.text);
		shaking_end(link);
		link_free(link);
	}
}

static void sweep_links(struct guest *guest)
{
	struct message rekey = { .kind = MESSAGE_REKEY };
	struct link *current = guest->peer.current;
	struct link *link, *next;

	if (current)
		link_measure(current);
	if (current && link_is_worn(current))
		tunnel_tell(current, &rekey);
	if (loop_now() - guest->replaced_ms < REPLACED_MS)
		return;
	for (link = LIST_FIRST(&guest->links); link; link = next) {
		next = LIST_NEXT(link, next);
		if (link == current ||
		    loop_now() - link->begun_ms < REPLACED_MS + SHAKING_MS)
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
	sweep_shaking();
	if (loop_now() - server.swept_ms < 1000)
		return;
	server.swept_ms = loop_now();
	sweep_guests();
}

static uint64_t due(const struct tunnel *t)
{
	(void)t;
	if (!LIST_EMPTY(&server.shaking))
		return server.shaken_ms + SHAKING_SWEEP_MS;
	/* Nobody is here, nothing is due. */
	return LIST_EMPTY(&server.guests.all) ? UINT64_MAX :
						server.swept_ms + 1000;
}

static void report(struct tunnel *t)
{
	const struct guest *guest;

	LIST_FOREACH(guest, &server.guests.all, all)
	say("%s %s %s", guest->peer.name,
	    guest->peer.current ? guest->peer.current->remote.text : "-",
	    traffic_text(&guest->peer.traffic));
	say("%u clients, %u handshakes, %llu packets for nobody",
	    server.guests.count, server.shaking_count,
	    (unsigned long long)t->unrouted);
}

static void finish(struct tunnel *t)
{
	struct guest *guest;
	struct link *link;

	(void)t;
	while ((guest = LIST_FIRST(&server.guests.all)))
		guest_end(guest, true);
	while ((link = LIST_FIRST(&server.shaking))) {
		shaking_end(link);
		link_free(link);
	}
	SSL_free(server.listener);
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

static unsigned int port_number(const struct endpoint *local)
{
	const struct sockaddr_in *in = (const void *)&local->addr;

	/* The same place in sockaddr_in6. */
	return ntohs(in->sin_port);
}

void server_begin(struct tunnel *t)
{
	const struct config *config = t->config;
	struct endpoint *local = &server.port.local;
	char addresses[120];
	const char *reason = endpoint_find(local, config->host, config->port,
					   AI_PASSIVE | AI_NUMERICHOST);

	if (reason)
		end_with(ENDING_CONFIG,
			 "listen: %s: %s: write an address of this machine, e.g. 0.0.0.0 or [::]",
			 config->host, reason);
	server.t = t;
	t->role = &role;
	guests_open(&server.guests, config);
	device_set(&t->tun, config->mtu ? config->mtu : MTU_AUTO,
		   config->addresses, config->address_count, addresses,
		   sizeof(addresses));
	privilege_drop(config->user, port_number(local) < FIRST_USERS_PORT ?
					     1u << CAP_NET_BIND_SERVICE :
					     0);
	/* As its sockets share the port, they have to be of the same user. */
	if (port_open(&server.port))
		end_with(errno == EADDRINUSE || errno == EADDRNOTAVAIL ?
				 ENDING_CONFIG :
				 ending_of(errno),
			 "listen: %s: %s", local->text, strerror(errno));
	if (!cookie_prepare(t->ctx))
		end_with(ENDING_SYSTEM, "random numbers: %s", tls_reason(errno));
	listener_renew();
	server.on_stranger.ready = greet;
	if (loop_watch(&server.on_stranger, server.port.fd) || tunnel_begin(t))
		end_with(ENDING_SYSTEM, "epoll: %s", strerror(errno));
	say("listening on %s, device %s, crypto %s", local->text, t->tun.name,
	    t->crypto == CRYPTO_USERSPACE ? transport_openssl.place :
					    transport_kernel.place);
	notify("READY=1");
}
