// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>
#include <openssl/err.h>

#include "ending.h"
#include "link.h"

#define BUFFER_BYTES  (4 << 20) /* as far as net.core.rmem_max, wmem_max allow */
#define HANDSHAKE_MTU 1280      /* what almost any path takes (RFC 8200, 5) */
#define PAYLOAD_MIN   576       /* until it's known */
#define PAYLOAD_MAX   16384     /* of a record (RFC 5246, 6.2.1) */

/* Paths differ, and fragments cost and leak: nothing longer than the path takes. */
static void prepare_socket(int fd)
{
	int ipv4 = IP_PMTUDISC_DO, ipv6 = IPV6_PMTUDISC_DO;

	/* One of the two is for this socket; both, if it's IPv4 on IPv6. */
	setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &ipv4, sizeof(ipv4));
	setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &ipv6, sizeof(ipv6));
}

/* For those who have a name alone. */
static void enlarge_buffers(int fd)
{
	int buffer = BUFFER_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
}

struct link *link_new(int fd, const struct endpoint *remote, SSL *ssl,
		      enum crypto crypto, void (*ready)(struct source *source))
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link) {
		SSL_free(ssl);
		close(fd);
		return NULL;
	}
	link->source.ready = ready;
	link->fd = fd;
	link->remote = *remote;
	link->ssl = ssl;
	link->begun_ms = loop_now();
	link->payload = PAYLOAD_MIN;
	prepare_socket(fd);
	/* OpenSSL would find out what a path takes by three repetitions. */
	DTLS_set_link_mtu(ssl, HANDSHAKE_MTU);
	if (endpoint_talk(remote, ssl, fd) ||
	    (crypto != CRYPTO_USERSPACE && kdtls_tap(ssl)) ||
	    loop_watch(&link->source, fd)) {
		link_free(link);
		return NULL;
	}
	return link;
}

void link_free(struct link *link)
{
	if (!link)
		return;
	loop_forget(&link->source, link->fd);
	SSL_free(link->ssl);
	kdtls_free(link->k);
	close(link->fd);
	free(link);
}

/* What's left of BUFFER_BYTES decides how long a burst may be. */
static void say_of_buffers(const struct link *link)
{
	static bool said;
	int room = 0;
	socklen_t len = sizeof(room);

	getsockopt(link->fd, SOL_SOCKET, SO_RCVBUF, &room, &len);
	if (said || room >= BUFFER_BYTES)
		return;
	said = true;
	say("bursts of more than %d KiB may be lost: sysctl net.core.rmem_max=%d net.core.wmem_max=%d",
	    room / 1024, BUFFER_BYTES, BUFFER_BYTES);
}

/* To the kernel, or if that can't and needn't be, it stays with OpenSSL. */
static enum shaking begin(struct link *link, enum crypto crypto,
			  const char **error)
{
	const struct transport *transport = &transport_kernel;
	int err;

	if (!tls_name(link->ssl, link->name))
		link->name[0] = '\0';
	if (crypto == CRYPTO_USERSPACE)
		transport = &transport_openssl;
	err = transport->begin(link, error);
	if (err && err != -EKEYREJECTED && crypto == CRYPTO_AUTO) {
		say("%s: crypto in userspace: %s", link->remote.text, *error);
		transport = &transport_openssl;
		err = transport->begin(link, error);
	}
	if (err)
		return SHAKING_FAILED;
	link->transport = transport;
	enlarge_buffers(link->fd);
	link_measure(link);
	say_of_buffers(link);
	return SHAKING_DONE;
}

enum shaking link_shake(struct link *link, enum crypto crypto,
			const char **error)
{
	int ret, err;

	ERR_clear_error();
	/* What can't be sent now is repeated as if it were lost. */
	if (DTLSv1_handle_timeout(link->ssl) < 0 &&
	    ERR_GET_REASON(ERR_peek_error()) == SSL_R_READ_TIMEOUT_EXPIRED) {
		*error = "went silent in the handshake";
		return SHAKING_FAILED;
	}
	ERR_clear_error();
	errno = 0;
	ret = SSL_do_handshake(link->ssl);
	err = SSL_get_error(link->ssl, ret);
	if (ret == 1)
		return begin(link, crypto, error);
	/*
	 * The socket's errors are ICMP's, anybody's words, or of a network that
	 * may come back: nobody listens there, or not yet, the path takes less.
	 */
	if (err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE ||
	    err == SSL_ERROR_SYSCALL)
		return SHAKING_GOES_ON;
	*error = tls_failure(link->ssl, errno);
	return SHAKING_FAILED;
}

uint64_t link_due(const struct link *link)
{
	struct timeval tv;

	if (!DTLSv1_get_timeout(link->ssl, &tv))
		return UINT64_MAX;
	if (!tv.tv_sec && !tv.tv_usec)
		return loop_now();
	/* Rounded up, or it would be called while not yet due. */
	return loop_now() + tv.tv_sec * 1000ull + tv.tv_usec / 1000 + 1;
}

int link_send(struct link *link, const struct segments *packets)
{
	int err = link->transport->send(link, packets);

	if (!err)
		link->sent +=
			(packets->len + packets->each - 1) / packets->each;
	else if (err == -EMSGSIZE)
		link_measure(link);
	return err;
}

int link_send_one(struct link *link, uint8_t *bytes, size_t len)
{
	struct segments one = { .bytes = bytes, .len = len, .each = len };

	return link_send(link, &one);
}

/* The kernel's way is asked for all three; OpenSSL's can say nothing itself. */
void link_measure(struct link *link)
{
	int mtu = 0, payload;
	socklen_t len = sizeof(mtu);
	bool is_ipv6 = link->remote.addr.ss_family == AF_INET6;
	const struct sockaddr_in6 *in6 = (const void *)&link->remote.addr;
	size_t headers =
		is_ipv6 && !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) ? 48 : 28;

	if (link->k) {
		payload = kdtls_max_payload(link->k);
		if (payload > 0)
			link->payload = payload;
		return;
	}
	if (getsockopt(link->fd, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
		       is_ipv6 ? IPV6_MTU : IP_MTU, &mtu, &len))
		return;
	if (mtu > (int)(headers + LINK_OVERHEAD))
		link->payload = mtu - headers - LINK_OVERHEAD;
	if (link->payload > PAYLOAD_MAX)
		link->payload = PAYLOAD_MAX;
}
