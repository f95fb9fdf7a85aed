// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <poll.h>
#include <string.h>
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

/* Is @name an address? Then @address is that, without the scope as in %eth0. */
static bool is_address(const char *name, char address[INET6_ADDRSTRLEN])
{
	size_t len = strcspn(name, "%");
	unsigned char bytes[16];

	if (len >= INET6_ADDRSTRLEN)
		return false;
	memcpy(address, name, len);
	address[len] = '\0';
	return inet_pton(AF_INET6, address, bytes) == 1 ||
	       inet_pton(AF_INET, name, bytes) == 1;
}

bool handshake_name(SSL *ssl, const char *name)
{
	char address[INET6_ADDRSTRLEN];

	/* Addresses are no names for it (RFC 6066, 3). */
	return is_address(name, address) || SSL_set_tlsext_host_name(ssl, name);
}

bool handshake_verify(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	char address[INET6_ADDRSTRLEN];

	if (is_address(name, address) ?
		    !X509_VERIFY_PARAM_set1_ip_asc(param, address) :
		    !SSL_set1_host(ssl, name))
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

static bool has_to_wait(SSL *ssl, int result)
{
	int error = SSL_get_error(ssl, result);

	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static bool is_refused(void)
{
	return errno == ECONNREFUSED && !ERR_peek_error();
}

int handshake_run(SSL *ssl, int fd, long long until)
{
	bool is_repeated = false;
	int ret;

	for (;;) {
		ERR_clear_error();
		errno = 0;
		ret = SSL_connect(ssl);
		if (ret == 1)
			return 0;
		/* One who isn't there yet may be when it's repeated. */
		if (!has_to_wait(ssl, ret) && (is_repeated || !is_refused()))
			return -EPROTO;
		wait_readable(fd, next_event(ssl, until));
		if (now_ms() >= until)
			return -ETIMEDOUT;
		ret = DTLSv1_handle_timeout(ssl);
		if (ret < 0)
			return -EPROTO;
		is_repeated = is_repeated || ret;
	}
}
