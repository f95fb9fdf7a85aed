/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the two ends tell each other beside packets, each a record's content. The
 * first byte is the message's kind, below 0x40, which no IP packet begins with.
 * All numbers are in network order.
 *
 *	REQUEST		client to server: version, addresses that it had (or none)
 *	CONFIG		server to client: its addresses, the server's, MTU, routes
 *	PROBE		either: number, padding; wants an ECHO of the same length
 *	ECHO		the answer: the same number, padding
 *	LIMIT		client to server: longest packet that got through to it
 *	REKEY		server to client: begin a handshake, our keys are worn
 *
 *	REQUEST	kind(1) version(1) count(1) { len(1) address(len) } * count
 *	CONFIG	kind(1) version(1) mtu(2) count(1) { len(1) prefix(1) address(len) }
 *		* count, gateways(1) { len(1) address(len) }, routes(2)
 *		{ len(1) prefix(1) address(len) }
 *	PROBE, ECHO	kind(1) number(4) padding
 *	LIMIT	kind(1) bytes(2)
 *	REKEY	kind(1)
 *
 * Bytes beyond these are left out of account, so that later versions can add.
 */
#ifndef TUNNEL_MESSAGE_H
#define TUNNEL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "packet.h"
#include "prefix.h"

#define MESSAGE_VERSION   1
#define MESSAGE_ADDRESSES 2 /* one of each family */
#define MESSAGE_ROUTES    64
#define NETWORK_BITS_MIN  8 /* of addresses: networks aren't larger */
#define MESSAGE_MAX \
	1232 /* a CONFIG fits, with all routes being IPv6: 64 * 18 */

enum message_kind {
	MESSAGE_REQUEST = 1,
	MESSAGE_CONFIG = 2,
	MESSAGE_PROBE = 3,
	MESSAGE_ECHO = 4,
	MESSAGE_LIMIT = 5,
	MESSAGE_REKEY = 6,
};

/**
 * struct message - one of them
 * @kind: enum message_kind
 * @version: of REQUEST and CONFIG
 * @addresses: REQUEST: had; CONFIG: the client's (@bits: of their network)
 * @address_count: how many
 * @gateways: CONFIG: the server's own
 * @gateway_count: how many
 * @routes: CONFIG: networks behind the server
 * @route_count: how many
 * @number: of PROBE, ECHO
 * @bytes: CONFIG: longest packet; LIMIT: likewise; PROBE, ECHO: length of the
 *	message
 */
struct message {
	uint8_t kind;
	uint8_t version;
	struct prefix addresses[MESSAGE_ADDRESSES];
	unsigned int address_count;
	struct address gateways[MESSAGE_ADDRESSES];
	unsigned int gateway_count;
	struct prefix routes[MESSAGE_ROUTES];
	unsigned int route_count;
	uint32_t number;
	size_t bytes;
};

/*
 * 0; -EBADMSG: it's cut, or has a length or count that can't be, two addresses of a
 * family, or a route that's no network; -ENOMSG: kind. A REQUEST's addresses have
 * all their bits as prefix.
 */
int message_parse(struct message *m, const uint8_t *bytes, size_t len);

/* Bytes, or -ENOSPC. PROBE and ECHO are padded to m->bytes with zeros. */
ssize_t message_make(const struct message *m, uint8_t *bytes, size_t size);

#endif
