// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <mbedtls/error.h>

#include "connection.h"
#include "kernel.h"

#define EPOCH       1
#define HEADER_LEN  13
#define SESSION_LEN 8192

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void set_timer(void *arg, uint32_t intermediate, uint32_t final)
{
	struct connection *c = arg;

	c->intermediate = final ? now_ms() + intermediate : 0;
	c->final = final ? now_ms() + final : 0;
}

static int get_timer(void *arg)
{
	struct connection *c = arg;
	long long now = now_ms();

	if (!c->final)
		return -1;
	return now >= c->final ? 2 : now >= c->intermediate;
}

/* The datagram's first record: epoch and number; false: epoch 0. */
static bool first_number(const unsigned char *datagram, size_t len,
			 uint64_t *seq)
{
	int i;

	if (len < HEADER_LEN || datagram[3] || datagram[4] != EPOCH)
		return false;
	*seq = 0;
	for (i = 5; i < 11; i++)
		*seq = *seq << 8 | datagram[i];
	return true;
}

/* mbedTLS puts records of epoch 0 and 1 into one datagram, epoch 1 last. */
static bool last_number(const unsigned char *datagram, size_t len, uint64_t *seq)
{
	bool found = false;
	size_t size;

	while (len >= HEADER_LEN) {
		if (first_number(datagram, len, seq))
			found = true;
		/* The length's place is known without a connection ID only. */
		if (datagram[0] == MBEDTLS_SSL_MSG_CID)
			break;
		size = HEADER_LEN + (datagram[11] << 8 | datagram[12]);
		if (size > len)
			break;
		datagram += size;
		len -= size;
	}
	return found;
}

static int tap_send(void *arg, const unsigned char *buf, size_t len)
{
	struct connection *c = arg;
	uint64_t seq;
	ssize_t n = send(c->fd, buf, len, 0);

	if (last_number(buf, len, &seq) && seq >= c->tx_next)
		c->tx_next = seq + 1;
	/* What an ICMP error tells of is lost, as on the way. */
	return n < 0 ? (int)len : (int)n;
}

static void mark(struct connection *c, uint64_t seq)
{
	uint64_t ahead = seq >= c->rx_next ? seq + 1 - c->rx_next : 0;

	if (ahead) {
		c->rx_seen = ahead < 64 ? c->rx_seen << ahead : 0;
		c->rx_next = seq + 1;
	}
	if (c->rx_next - 1 - seq < 64)
		c->rx_seen |= 1ULL << (c->rx_next - 1 - seq);
}

static int tap_receive(void *arg, unsigned char *buf, size_t len)
{
	struct connection *c = arg;
	uint64_t seq;
	ssize_t n = recv(c->fd, buf, len, MSG_DONTWAIT);

	if (n < 0)
		return MBEDTLS_ERR_SSL_WANT_READ;
	if (last_number(buf, n, &seq))
		mark(c, seq);
	return n;
}

static void keep_secrets(void *arg, mbedtls_ssl_key_export_type type,
			 const unsigned char *secret, size_t len,
			 const unsigned char client_random[RANDOM_LEN],
			 const unsigned char server_random[RANDOM_LEN],
			 mbedtls_tls_prf_types prf)
{
	struct secrets *s = &((struct connection *)arg)->secrets;

	if (type != MBEDTLS_SSL_KEY_EXPORT_TLS12_MASTER_SECRET ||
	    len != MASTER_LEN)
		die("no master secret of DTLS 1.2");
	memcpy(s->master, secret, len);
	memcpy(s->randoms, server_random, RANDOM_LEN);
	memcpy(s->randoms + RANDOM_LEN, client_random, RANDOM_LEN);
	s->prf = prf;
}

/* A session's file begins with its master secret, which tells it again. */
static void session_offer(struct connection *c, unsigned char *master)
{
	unsigned char buf[MASTER_LEN + SESSION_LEN];
	int fd = open(c->ctx->opt->session, O_RDONLY);
	mbedtls_ssl_session session;
	ssize_t n = fd >= 0 ? read(fd, buf, sizeof(buf)) : 0;
	int err;

	if (fd >= 0)
		close(fd);
	if (n <= MASTER_LEN)
		return;
	memcpy(master, buf, MASTER_LEN);
	mbedtls_ssl_session_init(&session);
	err = mbedtls_ssl_session_load(&session, buf + MASTER_LEN,
				       n - MASTER_LEN);
	if (!err)
		err = mbedtls_ssl_set_session(&c->ssl, &session);
	if (err)
		die_mbedtls("the session to resume", err);
	mbedtls_ssl_session_free(&session);
}

static void session_keep(struct connection *c)
{
	unsigned char buf[MASTER_LEN + SESSION_LEN];
	int fd = open(c->ctx->opt->session, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	mbedtls_ssl_session session;
	size_t len;
	int err;

	mbedtls_ssl_session_init(&session);
	err = mbedtls_ssl_get_session(&c->ssl, &session);
	if (!err)
		err = mbedtls_ssl_session_save(&session, buf + MASTER_LEN,
					       SESSION_LEN, &len);
	if (err)
		die_mbedtls("the session to keep", err);
	mbedtls_ssl_session_free(&session);
	memcpy(buf, c->secrets.master, MASTER_LEN);
	len += MASTER_LEN;
	if (fd < 0 || write(fd, buf, len) != (ssize_t)len || close(fd))
		die("%s: %s", c->ctx->opt->session, strerror(errno));
}

static void connection_ids(struct connection *c, const char *hex)
{
	unsigned char cid[MBEDTLS_SSL_CID_IN_LEN_MAX];
	size_t len = hex_decode(hex, cid, sizeof(cid));
	int err =
		mbedtls_ssl_set_cid(&c->ssl, MBEDTLS_SSL_CID_ENABLED, cid, len);

	if (err)
		die_mbedtls("the connection ID", err);
}

void connection_init(struct connection *c, struct context *ctx, int fd)
{
	const struct options *opt = ctx->opt;
	int err;

	memset(c, 0, sizeof(*c));
	c->ctx = ctx;
	c->fd = fd;
	mbedtls_ssl_init(&c->ssl);
	err = mbedtls_ssl_setup(&c->ssl, &ctx->config);
	if (!err && !opt->server)
		err = mbedtls_ssl_set_hostname(&c->ssl, opt->host);
	if (err)
		die_mbedtls("a new connection", err);
	mbedtls_ssl_set_bio(&c->ssl, c, tap_send, tap_receive, NULL);
	mbedtls_ssl_set_timer_cb(&c->ssl, c, set_timer, get_timer);
	mbedtls_ssl_set_export_keys_cb(&c->ssl, keep_secrets, c);
	if (opt->cid)
		connection_ids(c, opt->cid);
	if (opt->session && !opt->server)
		session_offer(c, ctx->master);
}

void connection_free(struct connection *c)
{
	mbedtls_ssl_free(&c->ssl);
}

bool connection_shake(struct connection *c, const void *client_id, size_t len)
{
	int err = 0;

	if (client_id)
		err = mbedtls_ssl_set_client_transport_id(&c->ssl, client_id,
							  len);
	if (err)
		die_mbedtls("the client's address", err);
	while ((err = mbedtls_ssl_handshake(&c->ssl)) ==
		       MBEDTLS_ERR_SSL_WANT_READ ||
	       err == MBEDTLS_ERR_SSL_WANT_WRITE)
		connection_wait(c, -1);
	if (err == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED)
		return false;
	if (err)
		die_mbedtls("handshake", err);
	if (c->ctx->opt->session && !c->ctx->opt->server)
		session_keep(c);
	return true;
}

void connection_report(struct connection *c)
{
	struct context *ctx = c->ctx;
	bool resumed = !memcmp(ctx->master, c->secrets.master, MASTER_LEN);

	printf("connected: %s, %s\n", mbedtls_ssl_get_ciphersuite(&c->ssl),
	       resumed ? "resumed" : "new session");
	fflush(stdout);
	/* A server's next client may be the same one. */
	memcpy(ctx->master, c->secrets.master, MASTER_LEN);
}

bool connection_wait(struct connection *c, int input)
{
	struct pollfd pfds[] = {
		{ .fd = c->fd, .events = POLLIN },
		{ .fd = input, .events = POLLIN },
	};
	long long left = c->final - now_ms();

	poll(pfds, 2, !c->final ? -1 : left < 0 ? 0 : (int)left);
	return pfds[1].revents;
}

int connection_receive(struct connection *c, void *buf, size_t size)
{
	int n;

	if (c->kernel)
		return kernel_receive(c->kernel, buf, size);
	n = mbedtls_ssl_read(&c->ssl, buf, size);

	switch (n) {
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
		return 0;
	case MBEDTLS_ERR_SSL_WANT_READ:
	case MBEDTLS_ERR_SSL_WANT_WRITE:
	case MBEDTLS_ERR_SSL_TIMEOUT:
		return -EAGAIN;
	}
	if (n < 0)
		die_mbedtls("read", n);
	return n;
}

void connection_send(struct connection *c, const void *buf, size_t len)
{
	int n;

	if (c->kernel) {
		kernel_send(c->kernel, buf, len);
		return;
	}
	n = mbedtls_ssl_write(&c->ssl, buf, len);

	if (n < 0)
		die_mbedtls("write", n);
}

void connection_close(struct connection *c)
{
	if (c->kernel)
		kernel_close(c->kernel);
	else
		mbedtls_ssl_close_notify(&c->ssl);
}
