// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The hand-over of a stream. Its numbers are as fatal as those of datagrams, and
 * no record may be missing: so the tap counts, and the last record of each
 * direction, opened with the key found at the number counted, proves both. None
 * is made up here.
 *
 * The order, and what is lost if a step fails:
 *
 *	checks; a record that has begun to	nothing: OpenSSL has read a record
 *	arrive is read to its end, if it's
 *	there
 *	keys and numbers found and proved	nothing
 *	what OpenSSL holds is copied		nothing
 *	the socket becomes the kernel's TLS	the socket stays so, which without
 *						keys is plain TCP
 *	TLS_TX					the same
 *	TLS_RX					the connection: OpenSSL mayn't
 *						write any more
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <openssl/crypto.h>

#include "core/bytes.h"
#include "core/record.h"
#include "core/stream_state.h"
#include "cipher.h"
#include "handover.h"
#include "reason.h"
#include "tap.h"

/*
 * Records under the keys of a handshake, or of early data, which are counted
 * along with those of the connection in TLS 1.3. Far above any handshake's.
 */
#define BEFORE_MAX 1024

/**
 * struct handover - one call of kdtls_attach()
 * @ssl: the application's
 * @k: what comes of it
 * @tap: of @ssl
 * @in: what the kernel is to be told
 * @tx_secret: TLS 1.3: what the sending key comes from
 * @rx_secret: likewise, receiving
 * @scratch: a record that's being opened
 */
struct handover {
	SSL *ssl;
	struct kdtls *k;
	struct kdtls_tap *tap;
	struct kdtls_stream_install in;
	struct kdtls_secret tx_secret;
	struct kdtls_secret rx_secret;
	uint8_t scratch[KDTLS_STREAM_RECORD_MAX];
};

/**
 * struct direction - one of the two
 * @name: for people
 * @flow: what has passed
 * @key: the connection's
 * @handshake: TLS 1.3: the secret of the handshake
 * @next: the number that comes next, found
 */
struct direction {
	const char *name;
	const struct kdtls_flow *flow;
	const struct kdtls_key *key;
	const struct kdtls_secret *handshake;
	uint64_t *next;
};

static int check_ssl(SSL *ssl)
{
	int version = SSL_version(ssl);

	/* This first: after a hand-over it's why anything else looks odd. */
	if (SSL_get_shutdown(ssl))
		return kdtls_error(ESHUTDOWN,
				   "the connection is closed, or handed over already");
	if (version != TLS1_2_VERSION && version != TLS1_3_VERSION)
		return kdtls_error(EPROTONOSUPPORT,
				   "%s: only TLS 1.2 and 1.3 can be handed over",
				   SSL_get_version(ssl));
	if (!SSL_is_init_finished(ssl) || SSL_renegotiate_pending(ssl))
		return kdtls_error(EINPROGRESS, "the handshake isn't finished");
	if (version == TLS1_2_VERSION &&
	    !(SSL_get_options(ssl) & SSL_OP_NO_RENEGOTIATION))
		return kdtls_error(EINVAL, "SSL_OP_NO_RENEGOTIATION isn't set");
	if (SSL_get_current_compression(ssl))
		return kdtls_error(EOPNOTSUPP, "compression was negotiated");
	return 0;
}

static int find_suite(struct handover *ho)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ho->ssl);
	const struct kdtls_suite *suite = kdtls_suite_of(cipher);

	if (!suite || !kdtls_suite_is_for_streams(suite))
		return kdtls_error(EOPNOTSUPP,
				   "cipher suite %s: the kernel's TLS takes AES-GCM, AES-128-CCM and ChaCha20-Poly1305 only",
				   SSL_CIPHER_get_name(cipher));
	ho->in.keys.suite = suite;
	return 0;
}

/* What OpenSSL keeps for later would be lost, or must not be sent any more. */
static int check_rest(struct handover *ho)
{
	if (kdtls_flow_is_within(&ho->tap->course.tx) ||
	    ho->tap->course.is_stuck)
		return kdtls_error(EAGAIN,
				   "a record is written in part: SSL_write() it first");
	if (SSL_get_key_update_type(ho->ssl) != SSL_KEY_UPDATE_NONE)
		return kdtls_error(EPROTO, "there was a key update");
	return 0;
}

/*
 * A record that has come in part can't be put back, and waiting for the rest is
 * the application's affair. It isn't taken from OpenSSL by this.
 */
static int finish_record(struct handover *ho)
{
	const struct kdtls_flow *rx = &ho->tap->course.rx;
	char content[1];
	int n, err;

	if (!kdtls_flow_is_within(rx))
		return 0;
	kdtls_tap_gate(ho->tap, KDTLS_GATE_FINISHES);
	n = SSL_peek(ho->ssl, content, sizeof(content));
	err = SSL_get_error(ho->ssl, n);
	kdtls_tap_gate(ho->tap, KDTLS_GATE_OPEN);
	if (n <= 0 && err != SSL_ERROR_WANT_READ && err != SSL_ERROR_ZERO_RETURN)
		return kdtls_error_openssl(EIO, "reading a record");
	if (kdtls_flow_is_within(rx))
		return kdtls_error(EAGAIN,
				   "a record has arrived in part: poll() for the rest");
	return check_ssl(ho->ssl);
}

static int find_secrets(struct handover *ho)
{
	struct kdtls_secrets *secrets = &ho->tap->course.secrets;
	bool server = SSL_is_server(ho->ssl);
	struct kdtls_keys *keys = &ho->in.keys;

	ho->tx_secret = server ? secrets->server_traffic :
				 secrets->client_traffic;
	ho->rx_secret = server ? secrets->client_traffic :
				 secrets->server_traffic;
	if (!ho->tx_secret.len || !ho->rx_secret.len)
		return kdtls_error(ENOKEY,
				   "the keylog callback of the SSL_CTX was replaced after kdtls_tap(), or the SSL_CTX (kdtls_tap_context())");
	if (kdtls_schedule_key(kdtls_openssl_expand, keys->suite,
			       &ho->tx_secret, &keys->tx) &&
	    kdtls_schedule_key(kdtls_openssl_expand, keys->suite,
			       &ho->rx_secret, &keys->rx))
		return 0;
	return kdtls_error_openssl(EIO, "deriving the keys");
}

static int check_content(const struct direction *d,
			 const struct kdtls_stream_content *content)
{
	if (content->type == KDTLS_TYPE_HANDSHAKE && content->len &&
	    content->bytes[0] == KDTLS_KEY_UPDATE)
		return kdtls_error(EPROTO, "there was a key update, %s",
				   d->name);
	return 0;
}

/* 1: the last record has a number of at least so many less, which is found. */
static int search(struct handover *ho, const struct direction *d,
		  const struct kdtls_key *key, uint64_t before_max)
{
	const struct kdtls_suite *suite = ho->in.keys.suite;
	struct kdtls_stream_content content;
	struct kdtls_aead opener;
	uint64_t before;
	bool found = false;
	int err = kdtls_aead_init(&opener, &kdtls_openssl_ciphers, suite, key,
				  false);

	if (err)
		return err;
	for (before = 0;
	     before <= before_max && before < d->flow->records && !found;
	     before++) {
		*d->next = d->flow->records - before;
		found = kdtls_flow_is_at(d->flow, &opener, ho->in.version,
					 *d->next - 1, ho->scratch, &content);
	}
	err = found ? check_content(d, &content) : 0;
	kdtls_aead_wipe(&opener);
	return err ? err : found;
}

/* No record yet under the connection's key: the last is of the handshake. */
static int search_handshake(struct handover *ho, const struct direction *d)
{
	struct kdtls_key key;
	int found = 0;

	if (d->handshake->len &&
	    kdtls_schedule_key(kdtls_openssl_expand, ho->in.keys.suite,
			       d->handshake, &key))
		found = search(ho, d, &key, BEFORE_MAX);
	OPENSSL_cleanse(&key, sizeof(key));
	*d->next = 0;
	return found;
}

static int find_number(struct handover *ho, const struct direction *d)
{
	bool is_13 = ho->in.version == TLS_1_3_VERSION;
	int found;

	if (!is_13 && d->flow->changes != 1)
		return kdtls_error(EPROTO, "there was a renegotiation");
	found = search(ho, d, d->key, is_13 ? BEFORE_MAX : 0);
	if (!found && is_13)
		found = search_handshake(ho, d);
	if (found < 0)
		return found;
	if (!found)
		return kdtls_error(EBADMSG,
				   "the keys don't open the last record %s, or there was a key update",
				   d->name);
	return 0;
}

/*
 * The kernel counts explicit nonces up from the one that it's given. OpenSSL
 * does, too, from a start of its own; so its last one and its first, which say
 * how far it came, tell one from which on all are unused.
 */
static int find_nonce(struct handover *ho)
{
	const struct kdtls_flow *tx = &ho->tap->course.tx;
	uint64_t first = kdtls_get_be(tx->first, 8);
	uint64_t last = kdtls_get_be(tx->last.bytes + KDTLS_STREAM_HEADER, 8);
	uint8_t *iv = ho->in.keys.tx.iv;

	if (!ho->in.keys.suite->explicit_len ||
	    ho->in.version == TLS_1_3_VERSION)
		return 0;
	if (last - first != tx->records - 1)
		return kdtls_error(EOPNOTSUPP,
				   "OpenSSL's explicit nonces aren't counted");
	kdtls_put_be(iv + KDTLS_IV_LEN - 8, last + 1, 8);
	return 0;
}

static int find_keys(struct handover *ho)
{
	struct kdtls_course *course = &ho->tap->course;
	bool server = SSL_is_server(ho->ssl);
	const struct direction tx = {
		.name = "sent",
		.flow = &course->tx,
		.key = &ho->in.keys.tx,
		.handshake = server ? &course->secrets.server_handshake :
				      &course->secrets.client_handshake,
		.next = &ho->in.tx_next,
	};
	const struct direction rx = {
		.name = "received",
		.flow = &course->rx,
		.key = &ho->in.keys.rx,
		.handshake = server ? &course->secrets.client_handshake :
				      &course->secrets.server_handshake,
		.next = &ho->in.rx_next,
	};
	int err = ho->in.version == TLS_1_3_VERSION ?
			  find_secrets(ho) :
			  kdtls_keys_derive(ho->ssl, &ho->in.keys);

	if (!err)
		err = find_number(ho, &tx);
	if (!err)
		err = find_number(ho, &rx);
	if (!err)
		err = find_nonce(ho);
	return err;
}

/* At most a record: it stays OpenSSL's until the kernel has the keys. */
static int copy_pending(struct handover *ho)
{
	int n, len = SSL_pending(ho->ssl);
	bool ok;

	if (!len)
		return 0;
	if (len > (int)sizeof(ho->scratch))
		return kdtls_error(EIO, "OpenSSL holds %d bytes", len);
	n = SSL_peek(ho->ssl, ho->scratch, len);
	ok = n == len &&
	     kdtls_association_add(ho->k, KDTLS_DATA, ho->scratch, len);
	if (n != len)
		return kdtls_error_openssl(EIO, "copying what it holds");
	return ok ? 0 : kdtls_error(ENOMEM, "no memory");
}

/* OpenSSL neither reads nor writes, and keeps the session for resumption. */
static void retire(struct handover *ho)
{
	kdtls_tap_gate(ho->tap, KDTLS_GATE_SHUT);
	OPENSSL_cleanse(&ho->tap->course.secrets,
			sizeof(ho->tap->course.secrets));
	SSL_set_quiet_shutdown(ho->ssl, 1);
	SSL_set_shutdown(ho->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

static int create(struct handover *ho)
{
	ho->k = kdtls_stream_new(&ho->in, kdtls_handover_payload_max(ho->ssl));
	return ho->k ? copy_pending(ho) : kdtls_error(ENOMEM, "no memory");
}

static int transfer(struct handover *ho)
{
	int err = create(ho);

	if (!err)
		err = kdtls_stream_attach(&ho->in);
	if (!err)
		err = kdtls_stream_install_key(&ho->in, TLS_TX);
	if (err)
		return err;
	if (kdtls_stream_install_key(&ho->in, TLS_RX))
		err = -EKEYREJECTED;
	else
		kdtls_stream_keep_secrets(ho->k, kdtls_openssl_expand,
					  &ho->tx_secret, &ho->rx_secret);
	retire(ho);
	return err;
}

static int hand_over(struct handover *ho)
{
	int err;

	/* Whatever the application told OpenSSL since. */
	if (ho->tap->gate == KDTLS_GATE_SHUT)
		return kdtls_error(ESHUTDOWN,
				   "the connection is handed over already");
	err = finish_record(ho);
	if (!err)
		err = check_rest(ho);
	if (!err)
		err = find_keys(ho);
	return err ? err : transfer(ho);
}

/* The kernel has the keys from OpenSSL: it knows the numbers, too. */
static int adopt(struct handover *ho)
{
	int err = kdtls_stream_number(ho->in.fd, TLS_TX, ho->in.keys.suite,
				      &ho->in.tx_next);

	if (!err)
		err = kdtls_stream_number(ho->in.fd, TLS_RX, ho->in.keys.suite,
					  &ho->in.rx_next);
	if (err)
		return kdtls_error(-err, "fd %d has no keys", ho->in.fd);
	err = create(ho);
	if (err)
		return err;
	ho->tap = kdtls_tap_insert(ho->ssl);
	if (!ho->tap)
		return -ENOMEM;
	retire(ho);
	return 0;
}

/* How far has OpenSSL gone by SSL_OP_ENABLE_KTLS? */
static int adopt_or_refuse(struct handover *ho)
{
	bool tx = BIO_get_ktls_send(SSL_get_wbio(ho->ssl));
	bool rx = BIO_get_ktls_recv(SSL_get_rbio(ho->ssl));

	if (tx && rx)
		return adopt(ho);
	if (tx || rx)
		return kdtls_error(EOPNOTSUPP,
				   "OpenSSL has put only the %s key into the kernel: kdtls_tap() before the handshake does both",
				   tx ? "sending" : "receiving");
	return kdtls_error(ENODATA,
			   "only kdtls_tap() before the handshake knows where in the stream it is");
}

int kdtls_handover_stream(SSL *ssl, int fd, struct kdtls **out)
{
	struct handover *ho = calloc(1, sizeof(*ho));
	int err;

	if (!ho)
		return kdtls_error(ENOMEM, "no memory");
	ho->ssl = ssl;
	ho->in.fd = fd;
	err = kdtls_stream_check_socket(&ho->in);
	if (!err)
		err = check_ssl(ssl);
	if (!err)
		err = find_suite(ho);
	if (!err) {
		ho->in.version = SSL_version(ssl);
		ho->tap = kdtls_tap_find(ssl);
		err = ho->tap ? hand_over(ho) : adopt_or_refuse(ho);
	}
	if (err)
		kdtls_free(ho->k);
	else
		*out = ho->k;
	OPENSSL_cleanse(ho, sizeof(*ho));
	free(ho);
	return err;
}
