// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What OpenSSL reports of a record received it reports before authentication,
 * so a forged one would move a window made from that. The tap keeps the
 * protected records instead, until the keys that open them are known.
 *
 * The memory is bounded: when it's full the records are judged, which the
 * handshake allows soon after the first of them can arrive. Until then what
 * doesn't fit isn't given to OpenSSL either, so that the two always agree.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>

#include "core/error.h"
#include "core/record.h"
#include "cipher.h"
#include "kdtls.h"
#include "tap.h"

#define KEPT_MAX 65536
#define HELD_MAX 65536

static CRYPTO_ONCE method_once = CRYPTO_ONCE_STATIC_INIT;
static BIO_METHOD *method;
static int method_type;

int kdtls_tap_judge(struct kdtls_tap *tap, const struct kdtls_keys *keys)
{
	struct kdtls_record record;
	struct kdtls_aead aead;
	uint8_t *at = tap->kept.bytes;
	uint8_t *end = at + tap->kept.len;
	uint8_t *content;
	size_t len;
	int err = kdtls_aead_init(&aead, &kdtls_openssl_ciphers, keys->suite,
				  &keys->rx, false);

	if (err)
		return err;
	while (kdtls_record_next(&at, end, &record))
		if (kdtls_record_open(&aead, &record, &content, &len))
			kdtls_window_mark(&tap->window, record.seq);
	kdtls_aead_wipe(&aead);
	kdtls_buffer_clear(&tap->kept);
	return 0;
}

/* False: too early to judge. */
static bool make_room(struct kdtls_tap *tap)
{
	struct kdtls_keys keys;
	int err = kdtls_keys_derive(tap->ssl, &keys);

	if (err == -EAGAIN)
		return false;
	if (!err)
		err = kdtls_tap_judge(tap, &keys);
	kdtls_keys_wipe(&keys);
	/* Never to be handed over, but it may go on without us. */
	tap->broken = err;
	return true;
}

static bool keep(struct kdtls_tap *tap, const struct kdtls_record *record)
{
	if (record->len > KDTLS_RECORD_MAX)
		return true;
	if (kdtls_buffer_append(&tap->kept, record->bytes, record->len,
				KEPT_MAX))
		return true;
	if (!make_room(tap))
		return false;
	return tap->broken || kdtls_buffer_append(&tap->kept, record->bytes,
						  record->len, KEPT_MAX);
}

/* How much of a datagram may pass on to OpenSSL. */
static size_t inspect(struct kdtls_tap *tap, uint8_t *datagram, size_t len)
{
	struct kdtls_record record;
	uint8_t *at = datagram;

	while (!tap->broken && kdtls_record_next(&at, datagram + len, &record))
		if (record.epoch == KDTLS_EPOCH && !keep(tap, &record))
			return record.bytes - datagram;
	return len;
}

/* What the gate lets through. */
static int read_fed(BIO *bio, struct kdtls_tap *tap, char *buf, int len)
{
	int n = tap->fed_len < (size_t)len ? (int)tap->fed_len : len;

	if (n) {
		memcpy(buf, tap->fed, n);
		tap->fed_len = 0;
		return n;
	}
	tap->starved = true;
	if (tap->gate == KDTLS_GATE_HOLDS)
		BIO_set_retry_read(bio);
	return -1;
}

static int tap_read(BIO *bio, char *buf, int len)
{
	struct kdtls_tap *tap = BIO_get_data(bio);
	int n;

	BIO_clear_retry_flags(bio);
	if (tap->gate != KDTLS_GATE_OPEN)
		return read_fed(bio, tap, buf, len);
	do {
		n = BIO_read(BIO_next(bio), buf, len);
		if (n <= 0) {
			BIO_copy_next_retry(bio);
			return n;
		}
		n = inspect(tap, (uint8_t *)buf, n);
	} while (!n);
	return n;
}

static int tap_write(BIO *bio, const char *buf, int len)
{
	struct kdtls_tap *tap = BIO_get_data(bio);
	int n;

	BIO_clear_retry_flags(bio);
	if (tap->gate == KDTLS_GATE_SHUT) {
		errno = EPIPE;
		return -1;
	}
	if (tap->gate == KDTLS_GATE_HOLDS) {
		/* What's too much for it is as good as lost on the way. */
		kdtls_buffer_append(&tap->held, buf, len, HELD_MAX);
		return len;
	}
	n = BIO_write(BIO_next(bio), buf, len);
	BIO_copy_next_retry(bio);
	return n;
}

static long tap_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	switch (cmd) {
	case BIO_CTRL_PUSH:
	case BIO_CTRL_POP:
	case BIO_CTRL_DUP:
		return 0;
	}
	return BIO_next(bio) ? BIO_ctrl(BIO_next(bio), cmd, num, ptr) : 0;
}

static int tap_destroy(BIO *bio)
{
	struct kdtls_tap *tap = BIO_get_data(bio);

	if (!tap || --tap->users)
		return 1;
	kdtls_buffer_free(&tap->kept);
	kdtls_buffer_free(&tap->held);
	OPENSSL_cleanse(tap, sizeof(*tap));
	free(tap);
	return 1;
}

static void method_init(void)
{
	int type = BIO_get_new_index() | BIO_TYPE_FILTER;
	BIO_METHOD *m = type > 0 ? BIO_meth_new(type, "kdtls tap") : NULL;

	method_type = type;
	if (m && BIO_meth_set_read(m, tap_read) &&
	    BIO_meth_set_write(m, tap_write) &&
	    BIO_meth_set_ctrl(m, tap_ctrl) &&
	    BIO_meth_set_destroy(m, tap_destroy))
		method = m;
	else
		BIO_meth_free(m);
}

/* A BIO of the tap's in front of @next, which it takes a reference on. */
static BIO *front(struct kdtls_tap *tap, BIO *next)
{
	BIO *bio = BIO_new(method);

	if (!bio)
		return NULL;
	BIO_up_ref(next);
	BIO_push(bio, next);
	BIO_set_data(bio, tap);
	BIO_set_init(bio, 1);
	tap->users++;
	return bio;
}

struct kdtls_tap *kdtls_tap_insert(SSL *ssl)
{
	struct kdtls_tap *tap = calloc(1, sizeof(*tap));
	BIO *rbio = NULL, *wbio = NULL;

	if (tap && CRYPTO_THREAD_run_once(&method_once, method_init) && method) {
		tap->ssl = ssl;
		tap->users = 1;
		rbio = front(tap, SSL_get_rbio(ssl));
		wbio = front(tap, SSL_get_wbio(ssl));
		tap->users--;
	}
	if (!rbio || !wbio) {
		if (!rbio && !wbio)
			free(tap);
		BIO_free_all(rbio);
		BIO_free_all(wbio);
		kdtls_error(ENOMEM, "no memory for the tap");
		return NULL;
	}
	SSL_set0_rbio(ssl, rbio);
	SSL_set0_wbio(ssl, wbio);
	return tap;
}

void kdtls_tap_remove(struct kdtls_tap *tap)
{
	SSL *ssl = tap->ssl;
	BIO *rbio = BIO_next(SSL_get_rbio(ssl));
	BIO *wbio = BIO_next(SSL_get_wbio(ssl));

	BIO_up_ref(rbio);
	BIO_up_ref(wbio);
	SSL_set0_rbio(ssl, rbio);
	SSL_set0_wbio(ssl, wbio);
}

static struct kdtls_tap *tap_of(BIO *bio)
{
	for (; bio && method; bio = BIO_next(bio))
		if (BIO_method_type(bio) == method_type)
			return BIO_get_data(bio);
	return NULL;
}

struct kdtls_tap *kdtls_tap_find(SSL *ssl)
{
	struct kdtls_tap *tap = tap_of(SSL_get_rbio(ssl));

	return tap && tap->ssl == ssl && tap == tap_of(SSL_get_wbio(ssl)) ?
		       tap :
		       NULL;
}

void kdtls_tap_gate(struct kdtls_tap *tap, enum kdtls_gate gate)
{
	tap->gate = gate;
	tap->starved = false;
	tap->fed_len = 0;
	kdtls_buffer_clear(&tap->held);
}

void kdtls_tap_feed(struct kdtls_tap *tap, const uint8_t *bytes, size_t len)
{
	tap->starved = false;
	tap->fed = bytes;
	tap->fed_len = len;
}

/* After DTLSv1_listen() a server stands where it has read a ClientHello. */
static bool is_fresh(SSL *ssl)
{
	return SSL_in_before(ssl) ||
	       (SSL_is_server(ssl) &&
		SSL_get_state(ssl) == TLS_ST_SR_CLNT_HELLO);
}

int kdtls_tap(SSL *ssl)
{
	if (!SSL_is_dtls(ssl))
		return kdtls_error(EINVAL, "not a DTLS connection");
	if (!SSL_get_rbio(ssl) || !SSL_get_wbio(ssl))
		return kdtls_error(EINVAL,
				   "set the BIOs or the fd before the tap");
	if (tap_of(SSL_get_rbio(ssl)) || tap_of(SSL_get_wbio(ssl)))
		return kdtls_error(EEXIST, "there is a tap already");
	if (!is_fresh(ssl))
		return kdtls_error(EALREADY, "set the tap before the handshake");
	return kdtls_tap_insert(ssl) ? 0 : -ENOMEM;
}
