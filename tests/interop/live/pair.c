// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <openssl/err.h>

#include "pair.h"

/* What doesn't come by then never does, on a slow machine either. */
#define PATIENCE_S 30

const struct transport dtls_12 = { "DTLS 1.2", DTLS1_2_VERSION, false };
const struct transport tls_12 = { "TLS 1.2", TLS1_2_VERSION, true };
const struct transport tls_13 = { "TLS 1.3", TLS1_3_VERSION, true };

static int loopback_socket(int type)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "socket");
	return fd;
}

static void connect_to(int fd, int other)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (getsockname(other, (struct sockaddr *)&addr, &len) ||
	    connect(fd, (struct sockaddr *)&addr, len))
		err(1, "connect");
}

static void connect_streams(int *fd)
{
	int listener = loopback_socket(SOCK_STREAM), on = 1;

	fd[OURS] = loopback_socket(SOCK_STREAM);
	if (listen(listener, 1))
		err(1, "listen");
	connect_to(fd[OURS], listener);
	fd[PEER] = accept(listener, NULL, NULL);
	/* What's written arrives at once, however little it is. */
	if (fd[PEER] < 0 ||
	    setsockopt(fd[OURS], SOL_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    setsockopt(fd[PEER], SOL_TCP, TCP_NODELAY, &on, sizeof(on)))
		err(1, "accept");
	close(listener);
}

static void connect_datagrams(int *fd)
{
	fd[OURS] = loopback_socket(SOCK_DGRAM);
	fd[PEER] = loopback_socket(SOCK_DGRAM);
	connect_to(fd[OURS], fd[PEER]);
	connect_to(fd[PEER], fd[OURS]);
}

static SSL *ssl_new(SSL_CTX *ctx, int fd, bool is_stream)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	SSL *ssl = SSL_new(ctx);
	BIO *bio;

	if (is_stream) {
		SSL_set_fd(ssl, fd);
		return ssl;
	}
	getpeername(fd, (struct sockaddr *)&peer, &len);
	bio = BIO_new_dgram(fd, BIO_NOCLOSE);
	BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &peer);
	SSL_set_bio(ssl, bio, bio);
	return ssl;
}

static void set_blocking(int fd, bool blocking)
{
	struct timeval tv = { .tv_sec = PATIENCE_S };
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

/* True: this end is done. */
static bool step(SSL *ssl, bool *failed)
{
	int ret;

	if (SSL_is_init_finished(ssl))
		return true;
	if (SSL_is_dtls(ssl))
		DTLSv1_handle_timeout(ssl);
	ret = SSL_do_handshake(ssl);
	if (ret == 1)
		return true;
	if (SSL_get_error(ssl, ret) != SSL_ERROR_WANT_READ) {
		ERR_print_errors_fp(stderr);
		*failed = true;
	}
	return false;
}

static bool handshake(struct pair *p)
{
	struct pollfd fds[] = {
		{ .fd = p->fd[OURS], .events = POLLIN },
		{ .fd = p->fd[PEER], .events = POLLIN },
	};
	bool failed = false, done;

	set_blocking(p->fd[OURS], false);
	set_blocking(p->fd[PEER], false);
	for (;;) {
		done = step(p->ssl[OURS], &failed);
		done &= step(p->ssl[PEER], &failed);
		if (done || failed || poll(fds, 2, PATIENCE_S * 1000) <= 0)
			break;
	}
	set_blocking(p->fd[OURS], true);
	set_blocking(p->fd[PEER], true);
	return done;
}

static void prepare(struct pair *p, int ours, int how)
{
	int i;

	for (i = 0; i < 2; i++) {
		p->ssl[i] = ssl_new(p->c.of[i == OURS ? ours : !ours], p->fd[i],
				    p->transport->is_stream);
		if ((i == OURS) == (ours == CLIENT))
			SSL_set_connect_state(p->ssl[i]);
		else
			SSL_set_accept_state(p->ssl[i]);
		if (how & PAIR_SHORT_RECORDS)
			SSL_set_tlsext_max_fragment_length(p->ssl[i],
							   TLSEXT_max_fragment_length_512);
	}
	if (how & PAIR_READ_AHEAD)
		SSL_set_read_ahead(p->ssl[OURS], 1);
	if (how & PAIR_KTLS)
		SSL_set_options(p->ssl[OURS], SSL_OP_ENABLE_KTLS);
}

static bool connect_ends(struct pair *p, int ours, int how, SSL_SESSION *session)
{
	if (p->transport->is_stream)
		connect_streams(p->fd);
	else
		connect_datagrams(p->fd);
	prepare(p, ours, how);
	if (session)
		SSL_set_session(p->ssl[ours == CLIENT ? OURS : PEER], session);
	if (!(how & PAIR_UNTAPPED) && kdtls_tap(p->ssl[OURS])) {
		warnx("tap: %s", kdtls_error_text());
		return false;
	}
	return handshake(p) && SSL_session_reused(p->ssl[OURS]) == !!session;
}

static void close_ends(struct pair *p)
{
	int i;

	for (i = 0; i < 2; i++) {
		SSL_free(p->ssl[i]);
		p->ssl[i] = NULL;
		if (p->fd[i] >= 0)
			close(p->fd[i]);
		p->fd[i] = -1;
	}
}

/* Tickets are read with the data that follows them. */
static bool reconnect(struct pair *p, int ours, int how)
{
	SSL *client = p->ssl[ours == CLIENT ? OURS : PEER];
	SSL *server = p->ssl[ours == CLIENT ? PEER : OURS];
	SSL_SESSION *session;
	char byte;
	bool done;

	if (SSL_write(server, "x", 1) != 1 || SSL_read(client, &byte, 1) != 1)
		return false;
	session = SSL_get1_session(client);
	SSL_shutdown(client);
	close_ends(p);
	done = connect_ends(p, ours, how, session);
	SSL_SESSION_free(session);
	return done;
}

bool pair_open(struct pair *p, const struct transport *transport,
	       const char *cipher, int ours, int how)
{
	memset(p, 0, sizeof(*p));
	p->transport = transport;
	if (transport->is_stream)
		contexts_open_tls(&p->c, transport->version, cipher);
	else
		contexts_open(&p->c, cipher, true);
	if (how & PAIR_RETRY)
		SSL_CTX_set1_groups_list(p->c.of[SERVER], "P-384");
	return connect_ends(p, ours, how, NULL) &&
	       (!(how & PAIR_RESUMED) || reconnect(p, ours, how));
}

int pair_attach(struct pair *p, unsigned int flags)
{
	struct kdtls_options opts = { .size = sizeof(opts), .flags = flags };
	int err = kdtls_attach(p->ssl[OURS], p->fd[OURS], &opts, &p->k);

	if (!err) {
		SSL_free(p->ssl[OURS]);
		p->ssl[OURS] = NULL;
	}
	return err;
}

void pair_close(struct pair *p)
{
	kdtls_free(p->k);
	close_ends(p);
	contexts_close(&p->c);
}
