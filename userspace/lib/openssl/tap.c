// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <poll.h>
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

/* @bio is one of nobody knows what kind: who has no fd doesn't wait. */
static bool would_wait(BIO *bio)
{
	struct pollfd pfd = { .events = POLLIN };

	return BIO_get_fd(bio, &pfd.fd) >= 0 && poll(&pfd, 1, 0) != 1;
}

static int read_on(BIO *bio, struct kdtls_tap *tap, char *buf, size_t len)
{
	int n;

	if (!len ||
	    (tap->gate == KDTLS_GATE_FINISHES && would_wait(BIO_next(bio)))) {
		BIO_set_retry_read(bio);
		return -1;
	}
	n = BIO_read(BIO_next(bio), buf, len);
	if (n <= 0)
		BIO_copy_next_retry(bio);
	return n;
}

static int tap_read(BIO *bio, char *buf, int len)
{
	struct kdtls_tap *tap = BIO_get_data(bio);
	int n;

	BIO_clear_retry_flags(bio);
	if (tap->gate == KDTLS_GATE_HOLDS || tap->gate == KDTLS_GATE_SHUT)
		return read_fed(bio, tap, buf, len);
	do {
		n = read_on(bio, tap, buf, tap->ops->read_limit(tap, len));
		if (n <= 0)
			return n;
		n = tap->ops->pass_in(tap, (uint8_t *)buf, n);
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
	tap->ops->pass_out(tap, (const uint8_t *)buf, n > 0 ? n : 0, len);
	return n;
}

/* OpenSSL's own way into the kernel, by the numbers that BIO_ctrl() knows. */
enum {
	CTRL_SET_KTLS = 72,
	CTRL_SET_KTLS_SEND_CTRL_MSG = 74,
	CTRL_CLEAR_KTLS_CTRL_MSG = 75,
};

static long tap_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	switch (cmd) {
	case BIO_CTRL_PUSH:
	case BIO_CTRL_POP:
	case BIO_CTRL_DUP:
	/* Past the tap nothing goes into the kernel. */
	case BIO_CTRL_GET_KTLS_SEND:
	case BIO_CTRL_GET_KTLS_RECV:
	case CTRL_SET_KTLS:
	case CTRL_SET_KTLS_SEND_CTRL_MSG:
	case CTRL_CLEAR_KTLS_CTRL_MSG:
		return 0;
	}
	return BIO_next(bio) ? BIO_ctrl(BIO_next(bio), cmd, num, ptr) : 0;
}

static int tap_destroy(BIO *bio)
{
	struct kdtls_tap *tap = BIO_get_data(bio);

	if (!tap || --tap->users)
		return 1;
	tap->ops->release(tap);
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

static size_t datagram_limit(struct kdtls_tap *tap, size_t len)
{
	(void)tap;
	return len;
}

static size_t datagram_in(struct kdtls_tap *tap, uint8_t *bytes, size_t len)
{
	return kdtls_received_take(&tap->received, bytes, len);
}

static void datagram_out(struct kdtls_tap *tap, const uint8_t *bytes,
			 size_t len, size_t size)
{
	(void)tap;
	(void)bytes;
	(void)len;
	(void)size;
}

static void datagram_release(struct kdtls_tap *tap)
{
	kdtls_received_wipe(&tap->received);
}

const struct kdtls_tap_ops kdtls_tap_datagrams = {
	.read_limit = datagram_limit,
	.pass_in = datagram_in,
	.pass_out = datagram_out,
	.release = datagram_release,
};

/*
 * Never more than a record at once: whatever OpenSSL's buffers are, it then
 * holds nothing of the next record, and what it doesn't hold the kernel gets.
 */
static size_t stream_limit(struct kdtls_tap *tap, size_t len)
{
	const struct kdtls_flow *rx = &tap->course.rx;

	if (tap->gate == KDTLS_GATE_FINISHES && !kdtls_flow_is_within(rx))
		return 0;
	return kdtls_flow_limit(rx, len);
}

static size_t stream_in(struct kdtls_tap *tap, uint8_t *bytes, size_t len)
{
	kdtls_flow_pass(&tap->course.rx, bytes, len);
	return len;
}

static void stream_out(struct kdtls_tap *tap, const uint8_t *bytes, size_t len,
		       size_t size)
{
	kdtls_flow_pass(&tap->course.tx, bytes, len);
	tap->course.is_stuck = len < size;
}

static void stream_release(struct kdtls_tap *tap)
{
	kdtls_flow_free(&tap->course.rx);
	kdtls_flow_free(&tap->course.tx);
}

const struct kdtls_tap_ops kdtls_tap_stream = {
	.read_limit = stream_limit,
	.pass_in = stream_in,
	.pass_out = stream_out,
	.release = stream_release,
};

struct kdtls_tap *kdtls_tap_insert(SSL *ssl)
{
	struct kdtls_tap *tap = calloc(1, sizeof(*tap));
	BIO *rbio = NULL, *wbio = NULL;

	if (tap && CRYPTO_THREAD_run_once(&method_once, method_init) && method) {
		tap->ops = SSL_is_dtls(ssl) ? &kdtls_tap_datagrams :
					      &kdtls_tap_stream;
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

bool kdtls_tap_is_there(SSL *ssl)
{
	return tap_of(SSL_get_rbio(ssl)) || tap_of(SSL_get_wbio(ssl));
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
