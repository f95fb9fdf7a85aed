// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <netinet/in.h>

#include "../context.h"
#include "../cookie.h"
#include "../port.h"
#include "ending.h"
#include "reception.h"

#define SHAKING_MS       30000 /* for a handshake */
#define SHAKING_MAX      256   /* of them at a time */
#define SHAKING_HOST_MAX 64    /* likewise, with one host */
#define SHAKING_SWEEP_MS 50    /* OpenSSL's timers are far longer */
#define GREETS_A_TURN    64
#define HANDSHAKE_GREETS 16   /* a handshake's begin costs as much as so many */
#define FIRST_USERS_PORT 1024 /* below, a capability is wanted */

/**
 * struct reception - where clients come in
 * @t: the tunnel
 * @guests: who is in
 * @admit: takes who has proved a name
 * @port: where strangers come
 * @on_stranger: there's one
 * @listener: SSL that the next one gets
 * @shaking: links whose handshake isn't done, the newest first
 * @shaking_count: how many
 * @shaken_ms: when they were last looked at, for what time brings
 */
static struct reception {
	struct tunnel *t;
	const struct guests *guests;
	void (*admit)(struct link *link);
	struct port port;
	struct source on_stranger;
	SSL *listener;
	struct link_list shaking;
	unsigned int shaking_count;
	uint64_t shaken_ms;
} reception;

static void shaking_end(struct link *link)
{
	LIST_REMOVE(link, next);
	reception.shaking_count--;
}

static void shake(struct link *link)
{
	const char *error = "no reason given";
	enum shaking shaking = link_shake(link, reception.t->crypto, &error);

	if (shaking == SHAKING_GOES_ON)
		return;
	shaking_end(link);
	if (shaking == SHAKING_DONE && link->name[0]) {
		reception.admit(link);
		return;
	}
	if (shaking == SHAKING_DONE)
		error = "it has no name of 1 to 64 visible characters";
	say_of_strangers("%s: refused: %s", link->remote.text, error);
	link_free(link);
}

static void shake_source(struct source *source)
{
	shake(link_of(source));
}

static void listener_renew(void)
{
	reception.listener = SSL_new(reception.t->ctx);
	if (!reception.listener)
		end_with(ENDING_SYSTEM, "SSL_new: %s", context_reason(errno));
	SSL_set_accept_state(reception.listener);
}

/* @remote has shown that it's there, and the listener has its ClientHello. */
static void receive_guest(const struct endpoint *remote)
{
	SSL *ssl = reception.listener;
	int fd = port_connect(&reception.port, remote);
	struct link *link;

	listener_renew();
	if (fd < 0) {
		say_of_strangers("%s: %s", remote->text, strerror(errno));
		SSL_free(ssl);
		return;
	}
	link = link_new(fd, remote, ssl, reception.t->crypto, shake_source);
	if (!link) {
		say_of_strangers("%s: no memory", remote->text);
		return;
	}
	cookie_set_peer(ssl, &link->remote);
	LIST_INSERT_HEAD(&reception.shaking, link, next);
	reception.shaking_count++;
	shake(link);
}

/* Whether there's a place for @remote: no host has all of them. */
static bool may_shake(const struct endpoint *remote)
{
	const struct link *link;
	unsigned int count = 0;

	LIST_FOREACH(link, &reception.shaking, next)
	{
		if (endpoint_same(&link->remote, remote))
			return false;
		count += endpoint_same_host(&link->remote, remote);
	}
	return reception.shaking_count < SHAKING_MAX &&
	       count < SHAKING_HOST_MAX;
}

static void greet(struct source *source)
{
	uint8_t datagram[PORT_DATAGRAM];
	int budget = GREETS_A_TURN;
	struct endpoint remote;
	ssize_t n;

	(void)source;
	while (budget-- > 0 &&
	       (n = port_receive(&reception.port, datagram, &remote)) >= 0) {
		/*
		 * Who is known has a socket, and this left before it was there:
		 * a ClientHello repeated, whose answer is on its way.
		 */
		if (!may_shake(&remote) ||
		    !cookie_check(reception.listener, &reception.port, &remote,
				  datagram, n) ||
		    guests_are_at(reception.guests, &remote))
			continue;
		receive_guest(&remote);
		budget -= HANDSHAKE_GREETS;
	}
}

void reception_turn(void)
{
	struct link *link, *next;

	if (loop_now() - reception.shaken_ms < SHAKING_SWEEP_MS)
		return;
	reception.shaken_ms = loop_now();
	for (link = LIST_FIRST(&reception.shaking); link; link = next) {
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

uint64_t reception_due(void)
{
	return LIST_EMPTY(&reception.shaking) ?
		       UINT64_MAX :
		       reception.shaken_ms + SHAKING_SWEEP_MS;
}

unsigned int reception_count(void)
{
	return reception.shaking_count;
}

const char *reception_text(void)
{
	return reception.port.local.text;
}

bool reception_is_privileged(void)
{
	const struct sockaddr_in *in = (const void *)&reception.port.local.addr;

	/* The same place in sockaddr_in6. */
	return ntohs(in->sin_port) < FIRST_USERS_PORT;
}

void reception_resolve(struct tunnel *t)
{
	const char *reason = endpoint_find(&reception.port.local,
					   t->config->host, t->config->port,
					   AI_PASSIVE | AI_NUMERICHOST);

	if (reason)
		end_with(ENDING_CONFIG,
			 "listen: %s: %s: write an address of this machine, e.g. 0.0.0.0 or [::]",
			 t->config->host, reason);
	reception.t = t;
}

void reception_open(const struct guests *guests,
		    void (*admit)(struct link *link))
{
	reception.guests = guests;
	reception.admit = admit;
	/* As its sockets share the port, they have to be of the same user. */
	if (port_open(&reception.port))
		end_with(errno == EADDRINUSE || errno == EADDRNOTAVAIL ?
				 ENDING_CONFIG :
				 ending_of(errno),
			 "listen: %s: %s", reception.port.local.text,
			 strerror(errno));
	if (!cookie_prepare(reception.t->ctx))
		end_with(ENDING_SYSTEM, "random numbers: %s",
			 context_reason(errno));
	listener_renew();
	reception.on_stranger.ready = greet;
	if (loop_watch(&reception.on_stranger, reception.port.fd))
		end_with(ENDING_SYSTEM, "epoll: %s", strerror(errno));
}

void reception_close(void)
{
	struct link *link;

	while ((link = LIST_FIRST(&reception.shaking))) {
		shaking_end(link);
		link_free(link);
	}
	SSL_free(reception.listener);
}
