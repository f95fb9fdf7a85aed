// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The hand-over. Its one fatal mistake would be that OpenSSL and the kernel both
 * encrypt: the same key with the same number, hence the same keystream twice.
 * So the gate of the tap closes before the kernel is told a key, and opens
 * again only if the kernel has not taken the sending key.
 *
 * The order, and what is lost if a step fails:
 *
 *	checks; keys and window found		nothing
 *	gate holds: nothing is read or leaves	nothing: it opens again
 *	OpenSSL writes a record into the gate:	one sequence number
 *	the next number, and proof of the keys
 *	attach, parameters, window		the socket stays attached, which
 *						without keys is plain UDP
 *	TLS_TX					the same
 *	TLS_RX					the connection: OpenSSL mayn't
 *						write any more. Nothing but want
 *						of memory is left to fail here
 *	OpenSSL is read until it's empty,	can't fail
 *	the gate shuts
 *
 * OpenSSL is emptied last, because what it has given out can't be put back if
 * a later step fails. Datagrams that arrive meanwhile wait in the socket.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "association.h"
#include "error.h"
#include "kdtls.h"
#include "kernel.h"
#include "record.h"
#include "tap.h"

/**
 * struct handover - one call of kdtls_attach()
 * @ssl: the application's
 * @fd: the application's
 * @family: of @fd
 * @window_bits: wanted
 * @flags: KDTLS_ALLOW_*, given
 * @tap: of @ssl
 * @keys: of @ssl
 * @tx_next: first number that the kernel may use
 * @sealed: the kernel has the sending key
 */
struct handover {
	SSL *ssl;
	int fd;
	int family;
	unsigned int window_bits;
	unsigned int flags;
	struct kdtls_tap *tap;
	struct kdtls_keys keys;
	uint64_t tx_next;
	bool sealed;
};

static int check_options(struct handover *ho, const struct kdtls_options *opts)
{
	unsigned int bits = 0;

	if (opts) {
		if (opts->size != sizeof(*opts))
			return kdtls_error(EINVAL, "options: size isn't %zu",
					   sizeof(*opts));
		if (opts->flags & ~KDTLS_ALLOW_CCM_8)
			return kdtls_error(EINVAL, "options: flags %#x unknown",
					   opts->flags & ~KDTLS_ALLOW_CCM_8);
		ho->flags = opts->flags;
		bits = opts->window_bits;
	}
	if (!bits)
		bits = DTLS_WINDOW_DEFAULT;
	if (bits < DTLS_WINDOW_MIN || bits > DTLS_WINDOW_MAX ||
	    bits & (bits - 1))
		return kdtls_error(EINVAL,
				   "window of %u: a power of two from %d to %d",
				   bits, DTLS_WINDOW_MIN, DTLS_WINDOW_MAX);
	ho->window_bits = bits;
	return 0;
}

static int check_socket(struct handover *ho)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(int);
	int protocol;

	if (getsockopt(ho->fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len))
		return kdtls_error(errno, "fd %d: %s", ho->fd, strerror(errno));
	getsockopt(ho->fd, SOL_SOCKET, SO_DOMAIN, &ho->family, &len);
	if (protocol != IPPROTO_UDP ||
	    (ho->family != AF_INET && ho->family != AF_INET6))
		return kdtls_error(EPROTOTYPE, "fd %d isn't a UDP socket",
				   ho->fd);
	len = sizeof(peer);
	if (getpeername(ho->fd, (struct sockaddr *)&peer, &len))
		return kdtls_error(errno, "fd %d isn't connected", ho->fd);
	return 0;
}

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

static bool has_short_tag(const struct handover *ho)
{
	return ho->keys.suite->tag_len == KDTLS_TAG_LEN_SHORT;
}

/* The keys, and the window: the peer's Finished at least is in it. */
static int find_received(struct handover *ho)
{
	int err = kdtls_keys_derive(ho->ssl, &ho->keys);

	if (err)
		return err;
	if (has_short_tag(ho) && !(ho->flags & KDTLS_ALLOW_CCM_8))
		return kdtls_error(EPERM,
				   "cipher suite %s: its tag has 8 bytes only, which KDTLS_ALLOW_CCM_8 in the options allows",
				   SSL_get_cipher_name(ho->ssl));
	ho->tap = kdtls_tap_find(ho->ssl);
	if (!ho->tap)
		return kdtls_error(ENODATA,
				   "no tap on this connection, or its BIOs were replaced: call kdtls_tap() before the handshake");
	if (ho->tap->broken)
		return kdtls_error(-ho->tap->broken, "the tap gave up: %s",
				   strerror(-ho->tap->broken));
	err = kdtls_tap_judge(ho->tap, &ho->keys);
	if (err)
		return err;
	if (!ho->tap->window.next)
		return kdtls_error(EBADMSG,
				   "the keys open none of the records received");
	return 0;
}

/*
 * OpenSSL tells its next number to nobody, and the number of records it sent
 * says too little once a flight was repeated. So have it write a record, which
 * the gate holds: nobody ever sees it.
 */
static int find_next_number(struct handover *ho)
{
	struct kdtls_opener *opener;
	struct kdtls_record record;
	uint8_t *at = ho->tap->held;
	int err = 0;

	if (SSL_write(ho->ssl, "", 1) != 1)
		return kdtls_error_openssl(EIO, "writing a record");
	if (!kdtls_record_next(&at, at + ho->tap->held_len, &record))
		return kdtls_error(EIO,
				   "OpenSSL wrote something that is no record");
	if (record.epoch != KDTLS_EPOCH)
		return kdtls_error(EPROTO,
				   "epoch %u: there was a renegotiation",
				   record.epoch);
	opener = kdtls_opener_new(ho->keys.suite, &ho->keys.tx);
	if (!opener)
		return -EIO;
	if (kdtls_opener_open(opener, &record))
		ho->tx_next = record.seq + 1;
	else
		err = kdtls_error(EBADMSG,
				  "the keys don't open OpenSSL's record");
	kdtls_opener_free(opener);
	return err;
}

static int attach_socket(const struct handover *ho)
{
	struct dtls_params params = {
		.window_bits = ho->window_bits,
		.flags = has_short_tag(ho) ? DTLS_PARAM_CCM_8 : 0,
	};
	int err = kdtls_kernel_attach(ho->fd, ho->family);

	/* The application may attach early. Keys are refused further on. */
	if (err == -EEXIST)
		err = 0;
	if (err == -ENOPROTOOPT)
		return kdtls_error(ENOPROTOOPT,
				   "the kernel has no DTLS: load the module (modprobe dtls)");
	if (err == -EOPNOTSUPP)
		return kdtls_error(EOPNOTSUPP,
				   "the socket can't be attached while UDP_ENCAP, UDP_SEGMENT or UDP_GRO is set");
	if (err)
		return kdtls_error(-err, "attaching the socket: %s",
				   strerror(-err));
	err = kdtls_kernel_set(ho->fd, DTLS_PARAMS, &params, sizeof(params));
	if (err == -EBUSY)
		return kdtls_error(EBUSY, "the socket has keys already");
	if (err)
		return kdtls_error(-err, "setting the parameters: %s",
				   strerror(-err));
	return 0;
}

static int install_window(const struct handover *ho)
{
	struct dtls_window win;
	size_t len = kdtls_window_export(&ho->tap->window, ho->window_bits,
					 KDTLS_EPOCH, &win);
	int err = kdtls_kernel_set(ho->fd, DTLS_RX_WINDOW, &win, len);

	if (err)
		return kdtls_error(-err, "setting the replay window: %s",
				   strerror(-err));
	return 0;
}

static int install_key(const struct handover *ho, int direction,
		       const struct kdtls_key *key, uint64_t seq)
{
	union kdtls_crypto_info ci;
	int err;

	kdtls_suite_crypto_info(ho->keys.suite, key, KDTLS_EPOCH, seq, &ci);
	err = kdtls_kernel_set(ho->fd, direction, &ci, ho->keys.suite->info_len);
	OPENSSL_cleanse(&ci, sizeof(ci));
	if (err == -ENOENT)
		return kdtls_error(ENOENT, "the kernel lacks %s",
				   ho->keys.suite->name);
	if (err)
		return kdtls_error(-err, "setting the %s key: %s",
				   direction == TLS_TX ? "sending" : "receiving",
				   strerror(-err));
	return 0;
}

static int install(struct handover *ho)
{
	int err = attach_socket(ho);

	if (!err)
		err = install_window(ho);
	if (!err)
		err = install_key(ho, TLS_TX, &ho->keys.tx, ho->tx_next);
	if (err)
		return err;
	ho->sealed = true;
	err = install_key(ho, TLS_RX, &ho->keys.rx, ho->tap->window.next);
	return err ? -EKEYREJECTED : 0;
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
static void drain(struct handover *ho, struct kdtls *k)
{
	uint8_t content[SSL3_RT_MAX_PLAIN_LENGTH];
	int n, err;

	/* Else a record that isn't data makes it stop with more in hand. */
	SSL_set_mode(ho->ssl, SSL_MODE_AUTO_RETRY);
	do {
		n = SSL_read(ho->ssl, content, sizeof(content));
		err = SSL_get_error(ho->ssl, n);
		if (SSL_get_shutdown(ho->ssl) & SSL_RECEIVED_SHUTDOWN) {
			add_alert(k, err);
			break;
		}
		/* 0 without a shutdown is an empty record (OpenSSL 3.0). */
		if (n >= 0)
			kdtls_association_add(k, KDTLS_DATA, content, n);
	} while (n >= 0 || (err == SSL_ERROR_WANT_READ && !ho->tap->starved));
	OPENSSL_cleanse(content, sizeof(content));
}

/* OpenSSL neither reads nor writes, and keeps the session for resumption. */
static void retire(struct handover *ho)
{
	kdtls_tap_gate(ho->tap, KDTLS_GATE_SHUT);
	SSL_set_quiet_shutdown(ho->ssl, 1);
	SSL_set_shutdown(ho->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

/* RFC 6066, 4: what the peers agreed on, in the steps that it knows. */
static size_t payload_max(SSL *ssl)
{
	uint8_t code =
		SSL_SESSION_get_max_fragment_length(SSL_get_session(ssl));

	if (code == TLSEXT_max_fragment_length_DISABLED)
		return DTLS_MAX_PAYLOAD;
	return 512u << (code - TLSEXT_max_fragment_length_512);
}

static int transfer(struct handover *ho, struct kdtls *k)
{
	int err;

	kdtls_tap_gate(ho->tap, KDTLS_GATE_HOLDS);
	err = find_next_number(ho);
	if (!err)
		err = install(ho);
	if (!ho->sealed) {
		kdtls_tap_gate(ho->tap, KDTLS_GATE_OPEN);
		return err;
	}
	if (!err)
		drain(ho, k);
	retire(ho);
	k->suite = ho->keys.suite;
	k->payload_max = payload_max(ho->ssl);
	return err;
}

int kdtls_attach(SSL *ssl, int fd, const struct kdtls_options *opts,
		 struct kdtls **out)
{
	struct handover ho = { .ssl = ssl, .fd = fd };
	struct kdtls *k = NULL;
	int err;

	*out = NULL;
	err = check_options(&ho, opts);
	if (!err)
		err = check_socket(&ho);
	if (!err)
		err = check_ssl(ssl);
	if (err)
		return err;
	/* SSL_get_error() takes what an earlier call left there for its own. */
	ERR_clear_error();
	err = find_received(&ho);
	if (!err) {
		k = kdtls_association_new(fd, ho.family);
		err = k ? transfer(&ho, k) : kdtls_error(ENOMEM, "no memory");
	}
	ERR_clear_error();
	kdtls_keys_wipe(&ho.keys);
	if (err)
		kdtls_free(k);
	else
		*out = k;
	return err;
}
