// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "handshake.h"

long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

bool wait_readable(int fd, long long until)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	long long left = until - now_ms();

	if (left <= 0)
		return false;
	poll(&pfd, 1, left);
	return true;
}

bool handshake_verify(SSL *ssl, const char *name)
{
	unsigned char address[16];
	bool is_address = inet_pton(AF_INET, name, address) == 1 ||
			  inet_pton(AF_INET6, name, address) == 1;
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (is_address ? !X509_VERIFY_PARAM_set1_ip_asc(param, name) :
			 !SSL_set1_host(ssl, name))
		return false;
	if (!is_address && !SSL_set_tlsext_host_name(ssl, name))
		return false;
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	return true;
}

/* The next retransmission, or the end of patience. */
static long long next_event(SSL *ssl, long long until)
{
	struct timeval tv;
	long long timer;

	if (!DTLSv1_get_timeout(ssl, &tv))
		return until;
	/* Rounded up, or it would be polled for while not yet due. */
	timer = now_ms() + tv.tv_sec * 1000LL + tv.tv_usec / 1000 + 1;
	return timer < until ? timer : until;
}

int handshake_run(SSL *ssl, int fd, long long until)
{
	int ret, err;

	for (;;) {
		ERR_clear_error();
		errno = 0;
		ret = SSL_connect(ssl);
		if (ret == 1)
			return 0;
		err = SSL_get_error(ssl, ret);
		if (err != SSL_ERROR_WANT_READ && err != SSL_ERROR_WANT_WRITE)
			return -EPROTO;
		wait_readable(fd, next_event(ssl, until));
		if (now_ms() >= until)
			return -ETIMEDOUT;
		if (DTLSv1_handle_timeout(ssl) < 0)
			return -EPROTO;
	}
}
