// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The client's end. It has one link that packets go by. When keys are worn, when
 * this machine has moved, or when the server doesn't answer, it makes another one
 * beside it, by a fresh handshake from a new socket; once the server has answered
 * there, packets go that way, and the old link is heard for a while.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/capability.h>

#include "client.h"
#include "device.h"
#include "ending.h"
#include "privilege.h"
#include "role.h"
#include "route.h"

#define OLD_MS     3000 /* that an old link is heard */
#define REKEYED_MS 5000 /* that keys last, whatever the server says of them */

struct client client;

static void route_changed(struct source *source)
{
	(void)source;
	route_heard();
	if (client.fresh && !client.peer.current)
		return;
	if (client.peer.current &&
	    !route_has_moved(client.peer.current->fd,
			     &client.peer.current->remote))
		return;
	/* A handshake from where this machine isn't any more won't end. */
	if (client.fresh &&
	    route_has_moved(client.fresh->fd, &client.fresh->remote))
		attempt_end();
	retry_at_once(&client.retry);
}

static void old_end(void)
{
	if (!client.old)
		return;
	client.old->transport->send_close(client.old);
	link_free(client.old);
	client.old = NULL;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* No longer than either end and the device want it. */
static void try_path(void)
{
	const struct config *config = client.t->config;
	size_t wanted = client.config.bytes;

	if (config->mtu)
		wanted = smaller(wanted, config->mtu);
	if (client.is_configured)
		wanted = smaller(wanted, client.t->tun.mtu);
	path_begin(&client.path, client.peer.current, wanted,
		   config->keepalive_s);
}

/* Packets go by the fresh link from now on. */
static void take_over(void)
{
	struct endpoint local, before;
	bool has_moved = false;

	old_end();
	if (client.peer.current) {
		route_local(client.peer.current->fd, &before);
		route_local(client.fresh->fd, &local);
		has_moved = !endpoint_same_host(&local, &before);
		client.old = client.peer.current;
		client.old_until_ms = loop_now() + OLD_MS;
	}
	client.peer.current = client.fresh;
	client.fresh = NULL;
	memcpy(client.peer.name, client.peer.current->name,
	       sizeof(client.peer.name));
	client.requests = 0;
	retry_reset(&client.retry);
	client.rekey_ms = loop_now() + client.t->config->rekey_s * 1000ull;
	if (client.is_configured && has_moved)
		say("moved to %s", local.text);
	else if (client.is_configured)
		say("new keys");
	try_path();
}

static bool has_same_addresses(const struct message *config)
{
	unsigned int i;

	if (config->address_count != client.config.address_count)
		return false;
	for (i = 0; i < config->address_count; i++)
		if (!address_is(&config->addresses[i].address,
				&client.config.addresses[i].address))
			return false;
	return true;
}

/* Why what the server says isn't to be used, or NULL. */
static const char *refusal_of(const struct message *config)
{
	unsigned int i;

	if (config->version != MESSAGE_VERSION)
		return "the server is of another version: use the same on both ends";
	if (!config->address_count)
		return "the server gave no address";
	for (i = 0; i < config->address_count; i++)
		if (config->addresses[i].bits < NETWORK_BITS_MIN)
			return "the server gave an address of too large a network";
	if (device_hides(config->addresses, config->address_count,
			 &client.fresh->remote))
		return "the server's own address is in the network that it gave: use another network inside";
	return NULL;
}

static void hear_config(const struct message *config)
{
	/* The link is being read: it's dropped when its turn comes. */
	client.refusal = refusal_of(config);
	if (client.refusal)
		return;
	if (!client.is_configured)
		client.config = *config;
	else if (!has_same_addresses(config))
		end_with(ENDING_MOVED,
			 "the server gave other addresses than the device has: start again");
	take_over();
}

/* Said once it might be lost: so with each sign of life. */
static void tell_limit(void)
{
	struct message message = {
		.kind = MESSAGE_LIMIT,
		.bytes = client.peer.limit,
	};

	tunnel_tell(client.peer.current, &message);
}

static void hear_message(struct tunnel *t, struct peer *peer, struct link *link,
			 const struct message *message)
{
	(void)t;
	switch (message->kind) {
	case MESSAGE_CONFIG:
		if (link == client.fresh)
			hear_config(message);
		break;
	case MESSAGE_ECHO:
		if (link != peer->current)
			break;
		path_hear(&client.path, message);
		if (!client.path.is_searching)
			tell_limit();
		break;
	case MESSAGE_REKEY:
		if (link == peer->current && !client.fresh &&
		    loop_now() - link->begun_ms >= REKEYED_MS)
			retry_soon(&client.retry);
		break;
	}
}

static void hear_close(struct tunnel *t, struct peer *peer, struct link *link)
{
	(void)t;
	if (link == client.old) {
		link_free(link);
		client.old = NULL;
		return;
	}
	if (link == client.fresh) {
		attempt_refused(ENDING_REFUSED,
				"the server wants no more of us: its log says why");
		return;
	}
	say("the server closed");
	peer->current = NULL;
	link_free(link);
	retry_later(&client.retry);
}

/* The last that needs a privilege. */
static void set_device(void)
{
	const struct config *config = client.t->config;
	struct tun *tun = &client.t->tun;
	struct link *link = client.peer.current;
	char addresses[120] = "";

	device_set(tun, client.path.limit, client.config.addresses,
		   client.config.address_count, addresses, sizeof(addresses));
	if (config->accept_routes)
		device_add_routes(tun, client.config.routes,
				  client.config.route_count, &link->remote);
	device_add_routes(tun, config->routes, config->route_count,
			  &link->remote);
	privilege_end();
	client.is_configured = true;
	say("connected to %s:%s, mtu %u, %s %s", link->remote.text, addresses,
	    tun->mtu, link->transport->cipher(link), link->transport->place);
	notify("READY=1");
}

static void path_found(void)
{
	if (client.is_configured && client.peer.limit != client.path.limit)
		say("packets of %zu bytes get through", client.path.limit);
	client.peer.limit = client.path.limit;
	tell_limit();
	if (!client.is_configured)
		set_device();
}

/* Long after it was asked: a new attempt asks anew where the server is. */
static bool is_dead(void)
{
	if (loop_now() - client.peer.heard_ms <
	    client.t->config->dead_s * 1000ull)
		return false;
	say("the server has gone silent");
	link_free(client.peer.current);
	client.peer.current = NULL;
	if (!client.fresh)
		retry_soon(&client.retry);
	return true;
}

static void turn_current(void)
{
	struct link *link = client.peer.current;

	if (client.is_configured && is_dead())
		return;

	switch (path_turn(&client.path, link)) {
	case PATH_NOTHING:
		break;
	case PATH_FOUND:
		path_found();
		break;
	case PATH_LOST:
		if (!client.fresh)
			retry_soon(&client.retry);
		break;
	}
	if ((loop_now() >= client.rekey_ms || link_is_worn(link)) &&
	    !client.fresh)
		retry_soon(&client.retry);
}

static void turn(struct tunnel *t)
{
	(void)t;
	if (client.peer.current)
		turn_current();
	attempt_turn();
	if (client.old && loop_now() >= client.old_until_ms)
		old_end();
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t due(const struct tunnel *t)
{
	uint64_t next = attempt_due();

	(void)t;
	if (client.peer.current)
		next = earlier(next, path_due(&client.path));
	/* Else it's past, and seen to. */
	if (client.peer.current && !client.fresh && !client.retry.wanted)
		next = earlier(next, client.rekey_ms);
	return client.old ? earlier(next, client.old_until_ms) : next;
}

static struct peer *peer_to(struct tunnel *t, const struct packet *packet)
{
	const uint8_t *to = packet->destination.bytes;

	(void)t;
	/* Neighbours and groups are this machine's own affair. */
	if (packet->version == 4 ? to[0] >= 224 : to[0] >= 0xfe)
		return NULL;
	return &client.peer;
}

static void report(struct tunnel *t)
{
	say("%s %s %s",
	    client.peer.name[0] ? client.peer.name : t->config->host,
	    client.peer.current ? client.peer.current->remote.text : "-",
	    traffic_text(&client.peer.traffic));
}

static void finish(struct tunnel *t)
{
	(void)t;
	old_end();
	attempt_end();
	if (!client.peer.current)
		return;
	client.peer.current->transport->send_close(client.peer.current);
	link_free(client.peer.current);
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

void client_begin(struct tunnel *t)
{
	client.t = t;
	t->role = &role;
	retry_reset(&client.retry);
	privilege_drop(t->config->user, 1u << CAP_NET_ADMIN);
	client.on_route.ready = route_changed;
	if (route_watch(&client.on_route) || tunnel_begin(t))
		end_with(ENDING_SYSTEM, "epoll: %s", strerror(errno));
	retry_soon(&client.retry);
}
