// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <openssl/err.h>

#include "alert.h"
#include "carrier.h"

static int kernel_send(struct peer *peer, const void *buf, size_t len)
{
	ssize_t n = kdtls_send(peer->k, KDTLS_DATA, buf, len, 0);

	return n < 0 ? n : 0;
}

static ssize_t kernel_receive(struct peer *peer, void *buf, size_t size)
{
	unsigned char type;
	ssize_t n;

	for (;;) {
		n = kdtls_recv(peer->k, &type, buf, size, MSG_DONTWAIT);
		if (n < 0 || type == KDTLS_DATA)
			return n;
		if (type == KDTLS_ALERT && alert_closes(buf, n))
			return -ESHUTDOWN;
	}
}

static void kernel_end(struct peer *peer)
{
	kdtls_close_notify(peer->k);
}

const struct carrier carrier_kernel = {
	.name = "kernel",
	.begin = peer_attach,
	.send = kernel_send,
	.receive = kernel_receive,
	.end = kernel_end,
};

static void userspace_begin(struct peer *peer, const struct peer_options *opt)
{
	(void)peer;
	(void)opt;
}

static int error_of(struct peer *peer, int result)
{
	int error = errno;

	switch (SSL_get_error(peer->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return -ESHUTDOWN;
	case SSL_ERROR_SSL:
		return -EPROTO;
	}
	return error ? -error : -EPROTO;
}

static int userspace_send(struct peer *peer, const void *buf, size_t len)
{
	int n;

	ERR_clear_error();
	errno = 0;
	n = SSL_write(peer->ssl, buf, len);
	return n > 0 ? 0 : error_of(peer, n);
}

static ssize_t userspace_receive(struct peer *peer, void *buf, size_t size)
{
	int n;

	ERR_clear_error();
	errno = 0;
	n = SSL_read(peer->ssl, buf, size);
	return n > 0 ? n : error_of(peer, n);
}

static void userspace_end(struct peer *peer)
{
	ERR_clear_error();
	SSL_shutdown(peer->ssl);
}

const struct carrier carrier_userspace = {
	.name = "userspace",
	.begin = userspace_begin,
	.send = userspace_send,
	.receive = userspace_receive,
	.end = userspace_end,
};
