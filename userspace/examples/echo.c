// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <openssl/err.h>

#include "alert.h"
#include "context.h"
#include "cookie.h"
#include "echo.h"

/* Records that a client may have echoed before another's turn. */
#define BUDGET 64

/**
 * struct echo_client - one client
 * @bucket: clients with the same hash of their address
 * @shaking: clients whose handshake isn't done
 * @peer: its address
 * @fd: its socket
 * @ssl: its handshake; NULL: done
 * @k: afterwards
 * @echoed: records sent back
 */
struct echo_client {
	LIST_ENTRY(echo_client) bucket;
	LIST_ENTRY(echo_client) shaking;
	struct endpoint peer;
	int fd;
	SSL *ssl;
	struct kdtls *k;
	unsigned long long echoed;
};

static int watch(struct echo_server *s, int fd, void *who)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.ptr = who,
	};

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* The listener becomes a client's. NULL: no memory; it has to begin anew. */
static SSL *listener_take(struct echo_server *s)
{
	SSL *taken = s->listener, *next = SSL_new(s->ctx);

	if (!next) {
		SSL_clear(s->listener);
		return NULL;
	}
	s->listener = next;
	return taken;
}

/* FNV-1a over an address, whose unused bytes are zero. */
static struct echo_list *bucket_of(struct echo_server *s,
				   const struct endpoint *peer)
{
	const unsigned char *p = (const unsigned char *)&peer->addr;
	unsigned int hash = 2166136261u;
	socklen_t i;

	for (i = 0; i < peer->len; i++)
		hash = (hash ^ p[i]) * 16777619u;
	return &s->buckets[hash % ECHO_BUCKETS];
}

static bool is_known(struct echo_server *s, const struct endpoint *peer)
{
	struct echo_client *client;

	LIST_FOREACH(client, bucket_of(s, peer), bucket)
	if (client->peer.len == peer->len &&
	    !memcmp(&client->peer.addr, &peer->addr, peer->len))
		return true;
	return false;
}

static void client_end(struct echo_server *s, struct echo_client *client,
		       const char *why)
{
	s->reports->ended(&client->peer, client->k, client->echoed, why);
	if (client->ssl)
		LIST_REMOVE(client, shaking);
	else
		s->ended++;
	LIST_REMOVE(client, bucket);
	SSL_free(client->ssl);
	kdtls_free(client->k);
	close(client->fd);
	free(client);
}

/* NULL: the client's done, as @buf says; else why it has to go. */
static const char *answer_alert(struct echo_client *client,
				const unsigned char *buf, ssize_t n)
{
	if (!alert_closes(buf, n))
		return NULL;
	if (buf[0] == 2)
		return "fatal alert";
	kdtls_close_notify(client->k);
	return "closed";
}

/* One record. NULL: go on; else why the client has to go. */
static const char *answer(struct echo_client *client, unsigned char type,
			  const void *buf, ssize_t n)
{
	if (type == KDTLS_ALERT)
		return answer_alert(client, buf, n);
	/* An empty record would end the connection for OpenSSL 3.0. */
	if (type != KDTLS_DATA || !n)
		return NULL;
	/* What doesn't fit into the socket's buffer is lost, as on the way. */
	if (kdtls_send(client->k, KDTLS_DATA, buf, n, MSG_DONTWAIT) == n)
		client->echoed++;
	return NULL;
}

static void client_echo(struct echo_server *s, struct echo_client *client)
{
	static unsigned char buf[DTLS_MAX_PAYLOAD];
	const char *why = NULL;
	unsigned char type;
	int budget = BUDGET;
	ssize_t n;

	/* What the library has pending poll() doesn't know. */
	while (!why && (budget-- > 0 || kdtls_pending(client->k))) {
		n = kdtls_recv(client->k, &type, buf, sizeof(buf), MSG_DONTWAIT);
		if (n == -EAGAIN || n == -EINTR)
			return;
		why = n < 0 ? strerror(-n) : answer(client, type, buf, n);
	}
	if (why)
		client_end(s, client, why);
}

static void client_hand_over(struct echo_server *s, struct echo_client *client)
{
	int err = kdtls_attach(client->ssl, client->fd, &s->attach, &client->k);

	SSL_free(client->ssl);
	client->ssl = NULL;
	LIST_REMOVE(client, shaking);
	if (err) {
		s->refused = s->refused ? s->refused : -err;
		client_end(s, client, kdtls_error_text());
		return;
	}
	s->reports->attached(&client->peer, client->k);
	client_echo(s, client);
}

static void client_shake(struct echo_server *s, struct echo_client *client)
{
	int ret, err;

	ERR_clear_error();
	ret = SSL_accept(client->ssl);
	err = SSL_get_error(client->ssl, ret);
	if (ret == 1)
		client_hand_over(s, client);
	else if (err != SSL_ERROR_WANT_READ && err != SSL_ERROR_WANT_WRITE)
		client_end(s, client, context_reason(errno));
}

static void client_begin(struct echo_server *s, const struct endpoint *peer)
{
	struct echo_client *client = calloc(1, sizeof(*client));
	SSL *ssl = listener_take(s);

	if (!client || !ssl) {
		SSL_free(ssl);
		free(client);
		return;
	}
	client->ssl = ssl;
	client->peer = *peer;
	cookie_set_peer(ssl, &client->peer);
	LIST_INSERT_HEAD(bucket_of(s, peer), client, bucket);
	LIST_INSERT_HEAD(&s->shaking, client, shaking);
	client->fd = port_connect(&s->port, peer);
	if (client->fd < 0) {
		client_end(s, client, strerror(errno));
		return;
	}
	if (endpoint_talk(peer, ssl, client->fd) || kdtls_tap(ssl)) {
		client_end(s, client, kdtls_error_text());
		return;
	}
	if (watch(s, client->fd, client)) {
		client_end(s, client, strerror(errno));
		return;
	}
	client_shake(s, client);
}

/* Reads what waits on the listening socket. */
static void greet(struct echo_server *s)
{
	unsigned char datagram[PORT_DATAGRAM];
	struct endpoint peer;
	ssize_t n;

	while ((n = port_receive(&s->port, datagram, &peer)) >= 0) {
		/*
		 * A known peer's datagram left before its socket was here: a
		 * ClientHello repeated. The answer to the first is on its way,
		 * and is repeated by its own timer.
		 */
		if (!is_known(s, &peer) &&
		    cookie_check(s->listener, &s->port, &peer, datagram, n))
			client_begin(s, &peer);
	}
}

/* Milliseconds to the next repetition of a flight; -1: none is due. */
static int next_timer(struct echo_server *s)
{
	struct echo_client *client;
	struct timeval tv;
	int ms, next = -1;

	LIST_FOREACH(client, &s->shaking, shaking)
	{
		if (!DTLSv1_get_timeout(client->ssl, &tv))
			continue;
		/* Rounded up, or it would be called while not yet due. */
		ms = tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1;
		if (next < 0 || ms < next)
			next = ms;
	}
	return next;
}

static void run_timers(struct echo_server *s)
{
	struct echo_client *client, *next;

	for (client = LIST_FIRST(&s->shaking); client; client = next) {
		next = LIST_NEXT(client, shaking);
		if (DTLSv1_handle_timeout(client->ssl) < 0)
			client_end(s, client, "went silent in the handshake");
	}
}

void echo_serve(struct echo_server *s)
{
	struct epoll_event events[64];
	struct echo_client *client;
	int i, n;

	while (!s->limit || s->ended < s->limit) {
		n = epoll_wait(s->epoll, events, 64, next_timer(s));
		for (i = 0; i < n; i++) {
			client = events[i].data.ptr;
			if (events[i].data.ptr == s)
				return;
			if (!client)
				greet(s);
			else if (client->ssl)
				client_shake(s, client);
			else
				client_echo(s, client);
		}
		run_timers(s);
	}
}

int echo_open(struct echo_server *s)
{
	int err;

	s->listener = SSL_new(s->ctx);
	if (!s->listener)
		return -ENOMEM;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0 || port_open(&s->port))
		return -errno;
	err = watch(s, s->port.fd, NULL);
	if (!err && s->stop >= 0)
		err = watch(s, s->stop, s);
	return err;
}

void echo_close(struct echo_server *s)
{
	struct echo_client *client;
	unsigned int i;

	for (i = 0; i < ECHO_BUCKETS; i++) {
		while ((client = LIST_FIRST(&s->buckets[i]))) {
			if (client->k)
				kdtls_close_notify(client->k);
			client_end(s, client, "the server ends");
		}
	}
	close(s->port.fd);
	close(s->epoll);
	SSL_free(s->listener);
}
