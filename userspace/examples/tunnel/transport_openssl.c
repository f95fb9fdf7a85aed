// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Records by OpenSSL: a call a packet. For kernels without DTLS, and to compare.
 */
#include <errno.h>
#include <openssl/err.h>

#include "link.h"

static int begin(struct link *link, const char **error)
{
	(void)link;
	(void)error;
	return 0;
}

static int send_one(struct link *link, const uint8_t *bytes, size_t len)
{
	int n, err;

	ERR_clear_error();
	errno = 0;
	n = SSL_write(link->ssl, bytes, len);
	if (n > 0)
		return 0;
	err = SSL_get_error(link->ssl, n);
	if (err == SSL_ERROR_WANT_WRITE)
		return -EAGAIN;
	return errno ? -errno : -EIO;
}

static int send_packets(struct link *link, const struct segments *packets)
{
	size_t at, len;
	int err;

	for (at = 0; at < packets->len; at += len) {
		len = packets->len - at;
		if (len > packets->each)
			len = packets->each;
		err = send_one(link, packets->bytes + at, len);
		if (err)
			return err;
	}
	return 0;
}

static void send_close(struct link *link)
{
	ERR_clear_error();
	SSL_shutdown(link->ssl);
}

/* OpenSSL tells alerts by its state, so it's told on as the record it was. */
static void make_alert(struct batch *batch, int level)
{
	batch->type = KDTLS_ALERT;
	batch->bytes[0] = level;
	batch->bytes[1] = 0;
	batch->len = 2;
	batch->each = 2;
}

static int receive(struct link *link, struct batch *batch)
{
	int n, err;

	ERR_clear_error();
	errno = 0;
	n = SSL_read(link->ssl, batch->bytes, sizeof(batch->bytes));
	if (n > 0) {
		batch->type = KDTLS_DATA;
		batch->len = n;
		batch->each = n;
		return 0;
	}
	err = SSL_get_error(link->ssl, n);
	if (err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE)
		return -EAGAIN;
	if (err == SSL_ERROR_ZERO_RETURN)
		make_alert(batch, SSL3_AL_WARNING);
	else if (err == SSL_ERROR_SSL)
		make_alert(batch, SSL3_AL_FATAL);
	else
		return errno ? -errno : -EAGAIN;
	return 0;
}

static bool has_pending(const struct link *link)
{
	return SSL_has_pending(link->ssl);
}

static const char *cipher(const struct link *link)
{
	return SSL_get_cipher_name(link->ssl);
}

const struct transport transport_openssl = {
	.place = "in userspace",
	.begin = begin,
	.send = send_packets,
	.send_close = send_close,
	.receive = receive,
	.pending = has_pending,
	.cipher = cipher,
};
