/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The tap: functions in front of a session's transport, and so the one place
 * that all it receives and sends passes.
 */
#ifndef KDTLS_GNUTLS_TAP_H
#define KDTLS_GNUTLS_TAP_H

#include "core/flight.h"
#include "core/received.h"
#include "kdtls-gnutls.h"

enum kdtls_gate {
	/* datagrams pass */
	KDTLS_GATE_OPEN,
	/* nothing is read, as if the network were silent; what's written is lost */
	KDTLS_GATE_HOLDS,
	/* nothing passes, and both directions fail */
	KDTLS_GATE_SHUT,
};

/**
 * struct kdtls_gnutls_tap - what watches a session
 * @session: which
 * @transport: what it would have without the tap
 * @sockets: reading, writing, where @transport is the library's
 * @gate: what may pass
 * @is_client: it has sent a ClientHello
 * @starved: a pull was turned away since the gate was closed
 * @received: what came in
 * @clear: NewSessionTicket and ChangeCipherSpec, as sent last
 * @has_ccs: the latter is there
 * @finished: the record of our Finished, as sent last
 */
struct kdtls_gnutls_tap {
	gnutls_session_t session;
	struct kdtls_gnutls_transport transport;
	int sockets[2];
	enum kdtls_gate gate;
	bool is_client;
	bool starved;
	struct kdtls_received received;
	struct kdtls_buffer clear;
	bool has_ccs;
	struct kdtls_buffer finished;
};

void kdtls_gnutls_tap_gate(struct kdtls_gnutls_tap *tap, enum kdtls_gate gate);

#endif
