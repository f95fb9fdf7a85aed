/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * One DTLS association with the other end: first its handshake, by OpenSSL, then
 * packets, by the kernel or by OpenSSL.
 */
#ifndef TUNNEL_LINK_H
#define TUNNEL_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <kdtls.h>

#include "../endpoint.h"
#include "config.h"
#include "loop.h"
#include "segment.h"
#include "tls.h"

/* What DTLS adds to a packet: header, explicit nonce, tag, at most. */
#define LINK_OVERHEAD (13 + 8 + 16)

struct link;

LIST_HEAD(link_list, link);

/**
 * struct batch - records of one kind, as they were received
 * @bytes: their contents, one after the other
 * @len: bytes of all of them
 * @each: bytes of each but the last one
 * @type: record type, enum kdtls_type
 */
struct batch {
	uint8_t bytes[65536];
	size_t len;
	size_t each;
	unsigned char type;
};

/**
 * struct transport - who makes and opens the records
 * @place: for people
 * @begin: the handshake is done: 0 or -errno with @error set, and the SSL is as
 *	it was
 * @send: packets, each a record. 0; -EMSGSIZE: longer than the path takes; else
 *	-errno, and some may have been sent
 * @send_alert: warning close_notify
 * @receive: 0, or -errno: -EAGAIN: there's nothing
 * @pending: there's something to be received that poll() doesn't know of
 * @cipher: the AEAD's name
 */
struct transport {
	const char *place;
	int (*begin)(struct link *link, const char **error);
	int (*send)(struct link *link, const struct segments *packets);
	void (*send_close)(struct link *link);
	int (*receive)(struct link *link, struct batch *batch);
	bool (*pending)(const struct link *link);
	const char *(*cipher)(const struct link *link);
};

extern const struct transport transport_kernel, transport_openssl;

/**
 * struct link - an association
 * @next: in a list of the user's
 * @source: its socket becomes readable
 * @owner: the user's
 * @fd: its socket, connected
 * @remote: the other end's address
 * @name: as the other end has proved in the handshake; "": it has none
 * @ssl: its handshake; NULL: the kernel does without
 * @k: the association in the kernel; NULL: not there
 * @transport: NULL: the handshake isn't done
 * @payload: longest packet that fits the path as the kernel knows it
 * @sends_singly: the stack takes no batches
 * @begun_ms: when its handshake began
 * @sent: records, by packets
 * @received: likewise
 */
struct link {
	LIST_ENTRY(link) next;
	struct source source;
	void *owner;
	int fd;
	struct endpoint remote;
	char name[TLS_NAME_MAX + 1];
	SSL *ssl;
	struct kdtls *k;
	const struct transport *transport;
	size_t payload;
	bool sends_singly;
	uint64_t begun_ms;
	uint64_t sent;
	uint64_t received;
};

/* Whose @source is readable. */
static inline struct link *link_of(struct source *source)
{
	return (struct link *)((char *)source - offsetof(struct link, source));
}

/*
 * Takes @fd and @ssl, also if it fails; @ready is called when the socket is
 * readable. NULL: no memory.
 */
struct link *link_new(int fd, const struct endpoint *remote, SSL *ssl,
		      enum crypto crypto, void (*ready)(struct source *source));

/* Closes and frees; tells nobody. */
void link_free(struct link *link);

enum shaking {
	SHAKING_GOES_ON,
	SHAKING_DONE,
	SHAKING_FAILED,
};

/*
 * Goes on with the handshake, as far as what was received and time allow. Failed:
 * @error is why. Done: the link has its transport.
 */
enum shaking link_shake(struct link *link, enum crypto crypto,
			const char **error);

/* When link_shake() is due even if nothing comes. */
uint64_t link_due(const struct link *link);

int link_send(struct link *link, const struct segments *packets);

/* One record of @len bytes. */
int link_send_one(struct link *link, uint8_t *bytes, size_t len);

/* What the path takes now, anew. */
void link_measure(struct link *link);

#endif
