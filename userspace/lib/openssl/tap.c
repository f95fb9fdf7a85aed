// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>

#include "core/error.h"
#include "cipher.h"
#include "kdtls.h"
#include "tap.h"

#define HELD_MAX 65536

static CRYPTO_ONCE method_once = CRYPTO_ONCE_STATIC_INIT;
static BIO_METHOD *method;
static int method_type;

static int derive(void *arg, struct kdtls_keys *keys)
{
	struct kdtls_tap *tap = arg;

	return kdtls_keys_derive(tap->ssl, keys);
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
		n = kdtls_received_take(&tap->received, (uint8_t *)buf, n);
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
	kdtls_received_wipe(&tap->received);
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
		tap->received.ops = &kdtls_openssl_ciphers;
		tap->received.derive = derive;
		tap->received.arg = tap;
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

/*
 * After DTLSv1_listen() a server stands where it has read a ClientHello. By its
 * name: the number of that state isn't the same in OpenSSL 3.0 and 3.5.
 */
static bool is_fresh(SSL *ssl)
{
	return SSL_in_before(ssl) || !strcmp(SSL_state_string(ssl), "TRCH");
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
