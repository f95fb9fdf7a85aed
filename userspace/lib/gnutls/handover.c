// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The hand-over. Its one fatal mistake would be that GnuTLS and the kernel both
 * encrypt: GnuTLS's explicit nonce is epoch and number, as the kernel's is. So
 * the gate of the tap closes before the kernel is told a key, and opens again
 * only if the kernel has not taken the sending key.
 *
 * Before that, while the gate holds, GnuTLS is asked how much the peer takes in a
 * record, which it tells by refusing to send more: what it does send goes nowhere
 * and costs a sequence number.
 *
 * GnuTLS is emptied last, because what it has given out can't be put back if a
 * later step fails. Datagrams that arrive meanwhile wait in the socket.
 */
#include <errno.h>
#include <string.h>
#include <gnutls/dtls.h>

#include "core/association.h"
#include "core/error.h"
#include "core/install.h"
#include "cipher.h"
#include "keys.h"
#include "tap.h"

/**
 * struct handover - one call of kdtls_gnutls_attach()
 * @tap: of the session
 * @k: what comes of it
 * @in: what the kernel is to be told
 * @opener: the sending key
 * @sealed: the kernel has the sending key
 */
struct handover {
	struct kdtls_gnutls_tap *tap;
	struct kdtls *k;
	struct kdtls_install in;
	struct kdtls_aead opener;
	bool sealed;
};

/* Nothing is under way: GnuTLS forgets the last message when it's through. */
static bool is_between_handshakes(gnutls_session_t session)
{
	gnutls_handshake_description_t none = -1;

	return gnutls_handshake_get_last_in(session) == none &&
	       gnutls_handshake_get_last_out(session) == none;
}

static int check_session(const struct kdtls_gnutls_tap *tap)
{
	gnutls_protocol_t version = gnutls_protocol_get_version(tap->session);

	if (tap->gate == KDTLS_GATE_SHUT)
		return kdtls_error(ESHUTDOWN, "it's handed over already");
	if (!is_between_handshakes(tap->session))
		return kdtls_error(EINPROGRESS, "the handshake isn't finished");
	/* Before the first handshake there's none. */
	if (version == GNUTLS_VERSION_UNKNOWN)
		return kdtls_error(EINPROGRESS, "there was no handshake");
	if (version != GNUTLS_DTLS1_2)
		return kdtls_error(EPROTONOSUPPORT,
				   "%s: only DTLS 1.2 can be handed over",
				   gnutls_protocol_get_name(version));
	if (tap->received.broken)
		return kdtls_error(EIO, "the tap gave up: %s",
				   strerror(-tap->received.broken));
	return 0;
}

static int find_keys(struct handover *ho)
{
	gnutls_session_t session = ho->tap->session;
	struct kdtls_keys *keys = &ho->in.keys;
	uint64_t rx_seq, tx_seq;
	int err;

	keys->suite = kdtls_gnutls_key(session, KDTLS_READING, &keys->rx,
				       &rx_seq, &err);
	if (!err)
		kdtls_gnutls_key(session, KDTLS_WRITING, &keys->tx, &tx_seq,
				 &err);
	if (err)
		return err == -EAGAIN ? -EINPROGRESS : err;
	if (tx_seq >> 48 != KDTLS_EPOCH || rx_seq >> 48 != KDTLS_EPOCH)
		return kdtls_error(EPROTO, "there was a renegotiation");
	ho->in.tx_next = tx_seq & ((1ULL << 48) - 1);
	return 0;
}

static bool peer_takes(gnutls_session_t session, size_t len)
{
	static const uint8_t zeros[DTLS_MAX_PAYLOAD];

	return gnutls_record_send(session, zeros, len) == (ssize_t)len;
}

/* RFC 8449, 4, and RFC 6066, 4. What's as long as GnuTLS's limits is no limit. */
static size_t find_payload_max(gnutls_session_t session)
{
	unsigned int mtu = gnutls_dtls_get_mtu(session);
	size_t least = DTLS_PAYLOAD_LIMIT_MIN, most, middle;

	/* It knows a limit of its own, which shall not be in the way. */
	gnutls_dtls_set_mtu(session, UINT16_MAX);
	most = gnutls_dtls_get_data_mtu(session);
	if (most > DTLS_MAX_PAYLOAD)
		most = DTLS_MAX_PAYLOAD;
	if (peer_takes(session, most))
		least = most = DTLS_MAX_PAYLOAD;
	while (most - least > 1) {
		middle = least + (most - least) / 2;
		if (peer_takes(session, middle))
			least = middle;
		else
			most = middle;
	}
	gnutls_dtls_set_mtu(session, mtu);
	return least;
}

/*
 * Proof of the sending key: our own Finished. Whether the flight that it belongs
 * to was the last one is another question: the server sent that in a full
 * handshake, the client in a resumed one.
 */
static int collect_flight(struct handover *ho)
{
	struct kdtls_gnutls_tap *tap = ho->tap;
	struct kdtls_flight *flight = &ho->k->flight;
	bool resumed = gnutls_session_is_resumed(tap->session);
	uint8_t finished[KDTLS_RECORD_OVERHEAD + KDTLS_FINISHED_LEN];

	/* It's spoilt, and wanted again if this hand-over fails. */
	if (tap->finished.len)
		memcpy(finished, tap->finished.bytes, tap->finished.len);
	kdtls_flight_collect(flight, &ho->opener, tap->clear.bytes,
			     tap->clear.len);
	kdtls_flight_collect(flight, &ho->opener, finished, tap->finished.len);
	explicit_bzero(finished, sizeof(finished));
	if (!flight->is_whole)
		return kdtls_error(EBADMSG,
				   "the keys don't open GnuTLS's record");
	if (tap->is_client != resumed)
		kdtls_flight_free(flight);
	return 0;
}

static int install(struct handover *ho)
{
	const struct kdtls_window *window = &ho->tap->received.window;
	int err = kdtls_install_socket(&ho->in);

	if (!err)
		err = kdtls_install_window(&ho->in, window);
	if (!err)
		err = kdtls_install_tx(&ho->in);
	if (err)
		return err;
	ho->sealed = true;
	err = kdtls_install_rx(&ho->in, window->next);
	return err ? -EKEYREJECTED : 0;
}

static void add_alert(struct handover *ho, uint8_t level)
{
	uint8_t alert[] = { level, gnutls_alert_get(ho->tap->session) };

	kdtls_association_add(ho->k, KDTLS_ALERT, alert, sizeof(alert));
}

/* False: that was the last. */
static bool keep_record(struct handover *ho, const void *content, ssize_t n)
{
	if (n > 0)
		kdtls_association_add(ho->k, KDTLS_DATA, content, n);
	else if (!n || n == GNUTLS_E_WARNING_ALERT_RECEIVED)
		add_alert(ho, GNUTLS_AL_WARNING);
	else if (n == GNUTLS_E_FATAL_ALERT_RECEIVED)
		add_alert(ho, GNUTLS_AL_FATAL);
	return n && !gnutls_error_is_fatal(n);
}

/* Takes what GnuTLS holds. It's empty when it asks for a datagram. */
static void drain(struct handover *ho)
{
	uint8_t content[DTLS_MAX_PAYLOAD];
	ssize_t n;

	do {
		n = gnutls_record_recv(ho->tap->session, content,
				       sizeof(content));
	} while (keep_record(ho, content, n) && !ho->tap->starved);
	explicit_bzero(content, sizeof(content));
}

static int transfer(struct handover *ho)
{
	gnutls_session_t session = ho->tap->session;
	int err;

	kdtls_gnutls_tap_gate(ho->tap, KDTLS_GATE_HOLDS);
	ho->in.payload_max = find_payload_max(session);
	ho->in.rx_payload_max = gnutls_record_get_max_size(session);
	/* Again, for the next number. */
	err = find_keys(ho);
	if (!err)
		err = install(ho);
	if (!ho->sealed) {
		kdtls_gnutls_tap_gate(ho->tap, KDTLS_GATE_OPEN);
		return err;
	}
	if (!err)
		drain(ho);
	kdtls_gnutls_tap_gate(ho->tap, KDTLS_GATE_SHUT);
	kdtls_association_settle(ho->k, &ho->in.keys, ho->in.flags,
				 ho->in.payload_max);
	kdtls_flight_begin(&ho->k->flight);
	return err;
}

static int hand_over(struct handover *ho)
{
	int err = kdtls_received_judge(&ho->tap->received, &ho->in.keys);

	if (!err)
		err = kdtls_aead_init(&ho->opener, &kdtls_gnutls_ciphers,
				      ho->in.keys.suite, &ho->in.keys.tx,
				      false);
	if (err)
		return err;
	ho->k = kdtls_association_new(ho->in.fd, ho->in.family);
	err = ho->k ? collect_flight(ho) : kdtls_error(ENOMEM, "no memory");
	if (!err)
		err = transfer(ho);
	kdtls_aead_wipe(&ho->opener);
	return err;
}

int kdtls_gnutls_attach(struct kdtls_gnutls_tap *tap, int fd,
			const struct kdtls_options *opts, struct kdtls **out)
{
	struct handover ho = { .tap = tap, .in.fd = fd };
	int err;

	*out = NULL;
	err = kdtls_install_options(&ho.in, opts);
	if (!err)
		err = kdtls_install_check_socket(&ho.in);
	if (!err)
		err = check_session(tap);
	if (!err)
		err = find_keys(&ho);
	if (!err)
		err = kdtls_install_check_suite(&ho.in, ho.in.keys.suite->name);
	if (!err)
		err = hand_over(&ho);
	kdtls_keys_wipe(&ho.in.keys);
	if (err)
		kdtls_free(ho.k);
	else
		*out = ho.k;
	return err;
}
