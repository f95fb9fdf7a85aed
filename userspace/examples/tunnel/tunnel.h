/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What both ends do: packets from the device to whom they're for, records from
 * the other end to the device, or to the role if they're messages.
 */
#ifndef TUNNEL_TUNNEL_H
#define TUNNEL_TUNNEL_H

#include "config.h"
#include "link.h"
#include "message.h"
#include "tls.h"
#include "tun.h"

struct tunnel;

/**
 * struct traffic - what was carried, and what wasn't, in packets
 * @received: to the device
 * @sent: to the other end
 * @foreign: not to the device: the source isn't the other end's address
 * @malformed: not to the device: no IP packet
 * @too_big: not sent: the path doesn't take it
 * @full: not sent: the socket's buffer is full, or there's no link
 */
struct traffic {
	uint64_t received;
	uint64_t sent;
	uint64_t foreign;
	uint64_t malformed;
	uint64_t too_big;
	uint64_t full;
};

/**
 * struct peer - the other end: a client of the server's, or the client's server
 * @name: as it proved
 * @addresses: what it may send from
 * @address_count: how many
 * @sends_as_itself: from nothing else; else it speaks for networks behind it
 * @current: where packets go; NULL: nowhere
 * @limit: longest packet that gets through, as far as it was tried
 * @heard_ms: when something came from it last
 * @traffic: counts
 */
struct peer {
	char name[TLS_NAME_MAX + 1];
	struct address addresses[MESSAGE_ADDRESSES];
	unsigned int address_count;
	bool sends_as_itself;
	struct link *current;
	size_t limit;
	uint64_t heard_ms;
	struct traffic traffic;
};

/**
 * struct role - what a server and a client do each in its way
 * @peer_to: whom a packet is for; NULL: nobody
 * @message: one came by @link, of @peer
 * @closed: @peer ended @link; which may be freed
 * @turn: after each turn of the loop
 * @due: when @turn is due even if nothing comes
 * @report: prints what a user wants to know
 * @finish: the end: tells everybody
 */
struct role {
	struct peer *(*peer_to)(struct tunnel *t, const struct packet *packet);
	void (*message)(struct tunnel *t, struct peer *peer, struct link *link,
			const struct message *message);
	void (*closed)(struct tunnel *t, struct peer *peer, struct link *link);
	void (*turn)(struct tunnel *t);
	uint64_t (*due)(const struct tunnel *t);
	void (*report)(struct tunnel *t);
	void (*finish)(struct tunnel *t);
};

/**
 * struct tunnel - one end of it
 * @config: as the file says
 * @crypto: where, with what the kernel has taken into account
 * @ctx: for handshakes
 * @tun: the device
 * @from_tun: it's readable
 * @role: the end
 * @unrouted: packets from the device that were for nobody
 */
struct tunnel {
	const struct config *config;
	enum crypto crypto;
	SSL_CTX *ctx;
	struct tun tun;
	struct source from_tun;
	const struct role *role;
	uint64_t unrouted;
};

/* Watches the device. 0 or -errno. */
int tunnel_begin(struct tunnel *t);

/* Until a signal asks for the end. */
void tunnel_run(struct tunnel *t);

/* What came by @link, which may be freed meanwhile, as @peer. */
void tunnel_hear(struct tunnel *t, struct peer *peer, struct link *link);

/* A message: 0 or -errno, as link_send(). */
int tunnel_tell(struct link *link, const struct message *message);

/* "rx N tx N dropped: ..." */
const char *traffic_text(const struct traffic *traffic);

/* Keys are worn: fresh ones are to be had, long before a limit of the kernel's. */
bool link_is_worn(const struct link *link);

#endif
