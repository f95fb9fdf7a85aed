// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/bytes.h"
#include "core/error.h"
#include "cipher.h"
#include "keys.h"
#include "tap.h"

#define CLEAR_MAX    65536
#define FINISHED_MAX (KDTLS_RECORD_OVERHEAD + KDTLS_FINISHED_LEN)
/* RFC 6347, 4.2.2 */
#define MESSAGE_HEADER 12

/* HandshakeType (RFC 5246, 7.4; RFC 5077, 3.3) */
enum {
	CLIENT_HELLO = 1,
	NEW_SESSION_TICKET = 4,
};

static ssize_t socket_push(gnutls_transport_ptr_t ptr, const void *buf,
			   size_t len)
{
	const int *sockets = ptr;

	return send(sockets[1], buf, len, MSG_NOSIGNAL);
}

static ssize_t socket_pull(gnutls_transport_ptr_t ptr, void *buf, size_t len)
{
	const int *sockets = ptr;

	return recv(sockets[0], buf, len, 0);
}

static int socket_pull_timeout(gnutls_transport_ptr_t ptr, unsigned int ms)
{
	const int *sockets = ptr;
	struct pollfd pfd = { .fd = sockets[0], .events = POLLIN };

	return poll(&pfd, 1, ms == GNUTLS_INDEFINITE_TIMEOUT ? -1 : (int)ms);
}

/* The keys to open with: those to seal with may come later. */
static int derive(void *arg, struct kdtls_keys *keys)
{
	struct kdtls_gnutls_tap *tap = arg;
	uint64_t rec_seq;
	int err;

	keys->suite = kdtls_gnutls_key(tap->session, KDTLS_READING, &keys->rx,
				       &rec_seq, &err);
	return err;
}

/*
 * The last flight is what's kept when the handshake is done: each transmission
 * takes the place of the one before.
 */
static void note_clear(struct kdtls_gnutls_tap *tap,
		       const struct kdtls_record *record)
{
	const uint8_t *message = record->bytes + KDTLS_RECORD_HEADER;
	bool is_message = record->type == KDTLS_TYPE_HANDSHAKE &&
			  record->len > KDTLS_RECORD_HEADER + MESSAGE_HEADER;
	bool is_ticket = is_message && message[0] == NEW_SESSION_TICKET;
	bool is_ccs = record->type == KDTLS_TYPE_CCS;

	tap->is_client |= is_message && message[0] == CLIENT_HELLO;
	if (!is_ticket && !is_ccs)
		return;
	/* A ticket's first fragment, or a flight without. */
	if (is_ticket ? !kdtls_get_be(message + 6, 3) : tap->has_ccs) {
		kdtls_buffer_clear(&tap->clear);
		tap->has_ccs = false;
	}
	kdtls_buffer_append(&tap->clear, record->bytes, record->len, CLEAR_MAX);
	tap->has_ccs |= is_ccs;
}

static void note_written(struct kdtls_gnutls_tap *tap, const void *buf,
			 size_t len)
{
	uint8_t *at = (uint8_t *)buf;
	const uint8_t *end = at + len;
	struct kdtls_record record;

	while (kdtls_record_next(&at, end, &record)) {
		if (!record.epoch)
			note_clear(tap, &record);
		if (record.epoch != KDTLS_EPOCH ||
		    record.type != KDTLS_TYPE_HANDSHAKE)
			continue;
		kdtls_buffer_clear(&tap->finished);
		kdtls_buffer_append(&tap->finished, record.bytes, record.len,
				    FINISHED_MAX);
	}
}

static ssize_t turn_away(struct kdtls_gnutls_tap *tap)
{
	gnutls_transport_set_errno(tap->session, tap->gate == KDTLS_GATE_SHUT ?
							 EPIPE :
							 EAGAIN);
	return -1;
}

static ssize_t tap_push(gnutls_transport_ptr_t ptr, const void *buf, size_t len)
{
	struct kdtls_gnutls_tap *tap = ptr;

	if (tap->gate == KDTLS_GATE_HOLDS)
		return len;
	if (tap->gate == KDTLS_GATE_SHUT)
		return turn_away(tap);
	note_written(tap, buf, len);
	return tap->transport.push(tap->transport.ptr, buf, len);
}

static ssize_t tap_pull(gnutls_transport_ptr_t ptr, void *buf, size_t len)
{
	struct kdtls_gnutls_tap *tap = ptr;
	ssize_t n;

	if (tap->gate != KDTLS_GATE_OPEN) {
		tap->starved = true;
		return turn_away(tap);
	}
	do {
		n = tap->transport.pull(tap->transport.ptr, buf, len);
		if (n <= 0)
			return n;
		n = kdtls_received_take(&tap->received, buf, n);
	} while (!n);
	return n;
}

static int tap_pull_timeout(gnutls_transport_ptr_t ptr, unsigned int ms)
{
	struct kdtls_gnutls_tap *tap = ptr;

	if (tap->gate != KDTLS_GATE_OPEN)
		return 0;
	return tap->transport.pull_timeout(tap->transport.ptr, ms);
}

static int set_transport(struct kdtls_gnutls_tap *tap,
			 const struct kdtls_gnutls_transport *transport)
{
	if (transport) {
		if (transport->size != sizeof(*transport) || !transport->push ||
		    !transport->pull || !transport->pull_timeout)
			return kdtls_error(EINVAL,
					   "transport: three functions are wanted, and size %zu",
					   sizeof(*transport));
		tap->transport = *transport;
		return 0;
	}
	gnutls_transport_get_int2(tap->session, &tap->sockets[0],
				  &tap->sockets[1]);
	if (tap->sockets[0] < 0 || tap->sockets[1] < 0)
		return kdtls_error(EINVAL, "set the transport before the tap");
	tap->transport = (struct kdtls_gnutls_transport) {
		.push = socket_push,
		.pull = socket_pull,
		.pull_timeout = socket_pull_timeout,
		.ptr = tap->sockets,
	};
	return 0;
}

static bool is_fresh(gnutls_session_t session)
{
	struct kdtls_key key;
	uint64_t rec_seq;
	int err;

	kdtls_gnutls_key(session, KDTLS_WRITING, &key, &rec_seq, &err);
	explicit_bzero(&key, sizeof(key));
	return err == -EAGAIN && gnutls_handshake_get_last_out(session) ==
					 (gnutls_handshake_description_t)-1;
}

int kdtls_gnutls_tap(gnutls_session_t session,
		     const struct kdtls_gnutls_transport *transport,
		     struct kdtls_gnutls_tap **out)
{
	struct kdtls_gnutls_tap *tap;
	int err;

	*out = NULL;
	if (!is_fresh(session))
		return kdtls_error(EALREADY, "set the tap before the handshake");
	tap = calloc(1, sizeof(*tap));
	if (!tap)
		return kdtls_error(ENOMEM, "no memory for the tap");
	tap->session = session;
	tap->received.ops = &kdtls_gnutls_ciphers;
	tap->received.derive = derive;
	tap->received.arg = tap;
	err = set_transport(tap, transport);
	if (err) {
		free(tap);
		return err;
	}
	gnutls_transport_set_ptr(session, tap);
	gnutls_transport_set_push_function(session, tap_push);
	gnutls_transport_set_pull_function(session, tap_pull);
	gnutls_transport_set_pull_timeout_function(session, tap_pull_timeout);
	*out = tap;
	return 0;
}

void kdtls_gnutls_tap_free(struct kdtls_gnutls_tap *tap)
{
	if (!tap)
		return;
	kdtls_received_wipe(&tap->received);
	kdtls_buffer_free(&tap->clear);
	kdtls_buffer_free(&tap->finished);
	explicit_bzero(tap, sizeof(*tap));
	free(tap);
}

void kdtls_gnutls_tap_gate(struct kdtls_gnutls_tap *tap, enum kdtls_gate gate)
{
	tap->gate = gate;
	tap->starved = false;
}
