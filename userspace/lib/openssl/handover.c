// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The hand-over. Its one fatal mistake would be that OpenSSL and the kernel both
 * encrypt: the same key with the same number, hence the same keystream twice.
 * So the gate of the tap closes before the kernel is told a key, and opens
 * again only if the kernel has not taken the sending key.
 *
 * The order, and what is lost if a step fails:
 *
 *	checks; keys found			nothing
 *	gate holds: nothing is read or leaves	nothing: it opens again
 *	OpenSSL writes a record into the gate:	one sequence number
 *	the next number, and proof of the keys
 *	attach, parameters			the socket stays attached, which
 *						without keys is plain UDP
 *	the window, as the tap knows it		the same
 *	  or: OpenSSL is read until it's	what OpenSSL had read, and one
 *	  empty, and asked for the first gap	of the peer's numbers
 *	TLS_TX					the same
 *	or: OpenSSL is asked for the window	the connection: OpenSSL mayn't
 *						write any more
 *	TLS_RX					the connection. Nothing but want
 *						of memory is left to fail here
 *	OpenSSL is read until it's empty, and	can't fail
 *	made to repeat the last flight into
 *	the gate, which shuts
 *
 * What OpenSSL has given out can't be put back if a later step fails, so with a
 * tap it's emptied last. Datagrams that arrive meanwhile wait in the socket.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "core/association.h"
#include "core/install.h"
#include "core/record.h"
#include "cipher.h"
#include "handover.h"
#include "probe.h"
#include "reason.h"
#include "tap.h"

/**
 * struct handover - one call of kdtls_attach()
 * @ssl: the application's
 * @k: what comes of it
 * @tap: of @ssl
 * @late: the tap was put there by this call
 * @probed: the tap doesn't know what was received
 * @closed: the peer has closed the connection, which OpenSSL knows
 * @fresh: a number that OpenSSL hasn't received
 * @in: what the kernel is to be told
 * @sealed: the kernel has the sending key
 */
struct handover {
	SSL *ssl;
	struct kdtls *k;
	struct kdtls_tap *tap;
	bool late;
	bool probed;
	bool closed;
	uint64_t fresh;
	struct kdtls_install in;
	bool sealed;
};

static int check_ssl(SSL *ssl)
{
	/* This first: after a hand-over it's why anything else looks odd. */
	if (SSL_get_shutdown(ssl))
		return kdtls_error(ESHUTDOWN,
				   "the connection is closed, or handed over already");
	if (SSL_version(ssl) != DTLS1_2_VERSION || !SSL_is_dtls(ssl))
		return kdtls_error(EPROTONOSUPPORT,
				   "%s: only DTLS 1.2 can be handed over",
				   SSL_get_version(ssl));
	if (!SSL_is_init_finished(ssl) || SSL_renegotiate_pending(ssl))
		return kdtls_error(EINPROGRESS, "the handshake isn't finished");
	if (!(SSL_get_options(ssl) & SSL_OP_NO_RENEGOTIATION))
		return kdtls_error(EINVAL, "SSL_OP_NO_RENEGOTIATION isn't set");
	if (SSL_get_current_compression(ssl))
		return kdtls_error(EOPNOTSUPP, "compression was negotiated");
	return 0;
}

size_t kdtls_handover_payload_max(SSL *ssl)
{
	uint8_t code =
		SSL_SESSION_get_max_fragment_length(SSL_get_session(ssl));

	if (code == TLSEXT_max_fragment_length_DISABLED)
		return DTLS_MAX_PAYLOAD;
	return 512u << (code - TLSEXT_max_fragment_length_512);
}

static int find_keys(struct handover *ho)
{
	int err = kdtls_keys_derive(ho->ssl, &ho->in.keys);

	ho->in.payload_max = kdtls_handover_payload_max(ho->ssl);
	ho->in.rx_payload_max = ho->in.payload_max;
	if (!err)
		err = kdtls_install_check_suite(&ho->in,
						SSL_get_cipher_name(ho->ssl));
	return err;
}

/* What was received: by the tap, if there is a good one. */
static int find_tap(struct handover *ho)
{
	if (!SSL_get_rbio(ho->ssl) || !SSL_get_wbio(ho->ssl))
		return kdtls_error(ENODATA, "the connection has no BIOs");
	ho->tap = kdtls_tap_find(ho->ssl);
	if (!ho->tap) {
		ho->tap = kdtls_tap_insert(ho->ssl);
		ho->late = ho->tap;
	}
	if (!ho->tap)
		return -ENOMEM;
	ho->probed = ho->late || ho->tap->received.broken;
	if (ho->probed)
		return 0;
	return kdtls_received_judge(&ho->tap->received, &ho->in.keys);
}

/*
 * OpenSSL tells its next number to nobody, and the number of records it sent
 * says too little once a flight was repeated. So have it write a record, which
 * the gate holds: nobody ever sees it.
 */
static int find_next_number(struct handover *ho, const struct kdtls_aead *opener)
{
	struct kdtls_buffer *held = &ho->tap->held;
	struct kdtls_record record;
	uint8_t *at, *content;
	size_t len;

	if (SSL_write(ho->ssl, "", 1) != 1)
		return kdtls_error_openssl(EIO, "writing a record");
	at = held->bytes;
	if (!held->len || !kdtls_record_next(&at, at + held->len, &record))
		return kdtls_error(EIO,
				   "OpenSSL wrote something that is no record");
	if (record.epoch != KDTLS_EPOCH)
		return kdtls_error(EPROTO,
				   "epoch %u: there was a renegotiation",
				   record.epoch);
	if (!kdtls_record_open(opener, &record, &content, &len))
		return kdtls_error(EBADMSG,
				   "the keys don't open OpenSSL's record");
	ho->in.tx_next = record.seq + 1;
	kdtls_buffer_clear(held);
	return 0;
}

/*
 * Whoever sent the last flight repeats it when the peer repeats its Finished.
 * OpenSSL takes the kind of message for enough, so give it one: it writes the
 * flight into the gate, as it was, with fresh numbers in epoch 0; or nothing, if
 * it wasn't the last.
 */
static void collect_flight(struct handover *ho, const struct kdtls_aead *opener)
{
	static const uint8_t finished[KDTLS_FINISHED_LEN] = { SSL3_MT_FINISHED,
							      0, 0,
							      12, [11] = 12 };
	uint8_t bytes[sizeof(finished) + KDTLS_RECORD_OVERHEAD];
	struct kdtls_flight *flight = &ho->k->flight;
	struct kdtls_buffer *held = &ho->tap->held;
	struct kdtls_aead sealer;
	uint8_t content[1];
	size_t len;

	if (kdtls_aead_init(&sealer, &kdtls_openssl_ciphers, ho->in.keys.suite,
			    &ho->in.keys.rx, true))
		return;
	len = kdtls_record_seal(&sealer, KDTLS_TYPE_HANDSHAKE, ho->fresh,
				finished, sizeof(finished), bytes);
	kdtls_aead_wipe(&sealer);
	/* Being emptied, it may have answered a Finished that it held. */
	kdtls_buffer_clear(held);
	kdtls_tap_feed(ho->tap, bytes, len);
	SSL_read(ho->ssl, content, sizeof(content));
	kdtls_flight_collect(flight, opener, held->bytes, held->len);
	kdtls_flight_begin(flight);
}

/* The alert that ended the connection, as the record it was. */
static void add_alert(struct kdtls *k, int ssl_error)
{
	int reason = ERR_GET_REASON(ERR_peek_last_error());
	uint8_t alert[] = { SSL3_AL_WARNING, SSL3_AD_CLOSE_NOTIFY };

	if (ssl_error != SSL_ERROR_ZERO_RETURN) {
		alert[0] = SSL3_AL_FATAL;
		alert[1] = reason - SSL_AD_REASON_OFFSET;
	}
	kdtls_association_add(k, KDTLS_ALERT, alert, sizeof(alert));
}

/*
 * Takes what OpenSSL holds: records that came before their time, and the rest
 * of a datagram or record. It's empty when it asks for a datagram.
 */
static void drain(struct handover *ho)
{
	uint8_t content[SSL3_RT_MAX_PLAIN_LENGTH];
	int n, err;

	/* Else a record that isn't data makes it stop with more in hand. */
	SSL_set_mode(ho->ssl, SSL_MODE_AUTO_RETRY);
	do {
		n = SSL_read(ho->ssl, content, sizeof(content));
		err = SSL_get_error(ho->ssl, n);
		if (SSL_get_shutdown(ho->ssl) & SSL_RECEIVED_SHUTDOWN) {
			ho->closed = true;
			add_alert(ho->k, err);
			break;
		}
		/* 0 without a shutdown is an empty record (OpenSSL 3.0). */
		if (n >= 0)
			kdtls_association_add(ho->k, KDTLS_DATA, content, n);
	} while (n >= 0 || (err == SSL_ERROR_WANT_READ && !ho->tap->starved));
	OPENSSL_cleanse(content, sizeof(content));
}

/* By the tap, or by the first half of a probe: what OpenSSL survives. */
static int begin_window(struct handover *ho, struct kdtls_probe *probe)
{
	if (!ho->probed)
		return kdtls_install_window(&ho->in, &ho->tap->received.window);
	drain(ho);
	return ho->closed ? 0 : kdtls_probe_begin(probe, ho->tap, &ho->in.keys);
}

static int finish_window(struct handover *ho, struct kdtls_probe *probe)
{
	int err = 0;

	ho->fresh = ho->tap->received.window.next;
	if (!ho->probed)
		return 0;
	if (ho->closed)
		kdtls_window_shut(&ho->tap->received.window);
	else
		err = kdtls_probe_finish(probe);
	ho->fresh = probe->seq;
	return err ? err :
		     kdtls_install_window(&ho->in, &ho->tap->received.window);
}

static int install(struct handover *ho)
{
	struct kdtls_probe probe = { 0 };
	int err = kdtls_install_socket(&ho->in);

	if (!err)
		err = begin_window(ho, &probe);
	if (!err)
		err = kdtls_install_tx(&ho->in);
	if (!err) {
		ho->sealed = true;
		err = finish_window(ho, &probe);
		if (!err)
			err = kdtls_install_rx(&ho->in,
					       ho->tap->received.window.next);
		if (err)
			err = -EKEYREJECTED;
	}
	kdtls_probe_wipe(&probe);
	return err;
}

/* OpenSSL neither reads nor writes, and keeps the session for resumption. */
static void retire(struct handover *ho)
{
	kdtls_tap_gate(ho->tap, KDTLS_GATE_SHUT);
	SSL_set_quiet_shutdown(ho->ssl, 1);
	SSL_set_shutdown(ho->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

/* The kernel has the keys: what OpenSSL still has that's of use. */
static void empty(struct handover *ho, const struct kdtls_aead *opener)
{
	if (!ho->probed)
		drain(ho);
	if (!ho->closed)
		collect_flight(ho, opener);
	kdtls_association_settle(ho->k, &ho->in.keys, ho->in.flags,
				 ho->in.payload_max);
}

static int transfer(struct handover *ho)
{
	struct kdtls_aead opener;
	int err = kdtls_aead_init(&opener, &kdtls_openssl_ciphers,
				  ho->in.keys.suite, &ho->in.keys.tx, false);

	if (err)
		return err;
	kdtls_tap_gate(ho->tap, KDTLS_GATE_HOLDS);
	err = find_next_number(ho, &opener);
	if (!err)
		err = install(ho);
	if (!err)
		empty(ho, &opener);
	if (ho->sealed)
		retire(ho);
	else
		kdtls_tap_gate(ho->tap, KDTLS_GATE_OPEN);
	kdtls_aead_wipe(&opener);
	return err;
}

static int hand_over(struct handover *ho)
{
	int err = find_keys(ho);

	if (!err)
		err = find_tap(ho);
	if (!err) {
		ho->k = kdtls_association_new(ho->in.fd, ho->in.family);
		err = ho->k ? transfer(ho) : kdtls_error(ENOMEM, "no memory");
	}
	if (ho->late && !ho->sealed)
		kdtls_tap_remove(ho->tap);
	kdtls_keys_wipe(&ho->in.keys);
	return err;
}

int kdtls_handover_datagrams(SSL *ssl, int fd, const struct kdtls_options *opts,
			     struct kdtls **out)
{
	struct handover ho = { .ssl = ssl, .in.fd = fd };
	int err = kdtls_install_options(&ho.in, opts);

	if (!err)
		err = kdtls_install_check_socket(&ho.in);
	if (!err)
		err = check_ssl(ssl);
	if (err)
		return err;
	err = hand_over(&ho);
	if (err)
		kdtls_free(ho.k);
	else
		*out = ho.k;
	return err;
}
