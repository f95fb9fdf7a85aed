// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Standard input to a server, and what it says to standard output. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alert.h"
#include "handshake.h"
#include "kernel.h"
#include "peer.h"
#include "tool.h"

static struct {
	struct peer_options peer;
	bool quiet;
} opt = { .peer = PEER_DEFAULTS };

static const struct option_row options[] = {
	PEER_OPTIONS(opt.peer),
	{ "quiet", 'q', NULL, "no line on stderr about the connection",
	  OPTION_ON, &opt.quiet, 0, 0 },
	{ .name = NULL },
};

__attribute__((noreturn)) static void broken(const struct peer *peer, int error)
{
	fail(peer_ending(error), "%s: %s", peer->server.text, strerror(error));
}

static void write_out(const char *buf, size_t n)
{
	if (fwrite(buf, 1, n, stdout) != n || fflush(stdout))
		fail(ENDING_SYSTEM, "standard output can't be written: %m");
}

/* False: the server ended the connection. */
static bool take_record(const struct peer *peer, unsigned char type,
			const char *buf, size_t n)
{
	const unsigned char *alert = (const unsigned char *)buf;

	if (type == KDTLS_DATA)
		write_out(buf, n);
	if (type != KDTLS_ALERT || !alert_closes(alert, n))
		return true;
	if (alert[0] == 2)
		fail(ENDING_REFUSED, "%s: it ended the connection: alert %u",
		     peer->server.text, alert[1]);
	return false;
}

/* What has come. 0: no more for now; -ESHUTDOWN: the server's done; -errno. */
static int print_what_comes(struct peer *peer)
{
	static char buf[DTLS_MAX_PAYLOAD];
	unsigned char type;
	ssize_t n;

	for (;;) {
		n = kdtls_recv(peer->k, &type, buf, sizeof(buf), MSG_DONTWAIT);
		if (n == -EAGAIN)
			return 0;
		if (n == -EINTR)
			continue;
		if (n < 0)
			return n;
		if (!take_record(peer, type, buf, n))
			return -ESHUTDOWN;
	}
}

static void send_record(struct peer *peer, const char *buf, size_t len)
{
	struct pollfd room = { .fd = peer->fd, .events = POLLOUT };
	ssize_t n;

	for (;;) {
		n = kdtls_send(peer->k, KDTLS_DATA, buf, len, 0);
		if (n >= 0)
			return;
		if (n != -EAGAIN && n != -EINTR)
			broken(peer, -n);
		poll(&room, 1, -1);
	}
}

/* A record each, as read() gives it: a line of a terminal. False: its end. */
static bool send_input(struct peer *peer)
{
	static char buf[DTLS_MAX_PAYLOAD];
	int room = kdtls_max_payload(peer->k);
	ssize_t n;

	if (room < 0)
		broken(peer, -room);
	if (room > (int)sizeof(buf))
		room = sizeof(buf);
	n = read(STDIN_FILENO, buf, room);
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0)
		fail(ENDING_SYSTEM, "standard input can't be read: %m");
	/* An empty record would end the connection for some. */
	if (n)
		send_record(peer, buf, n);
	return n;
}

/* False: the server has ended it, which is answered. */
static bool carry(struct peer *peer)
{
	struct pollfd pfds[] = {
		{ .fd = peer->fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	int err;

	do {
		err = print_what_comes(peer);
		if (err == -ESHUTDOWN)
			return false;
		if (err)
			broken(peer, -err);
		poll(pfds, 2, -1);
	} while (!pfds[1].revents || send_input(peer));
	return true;
}

/* Until the server has answered our goodbye. */
static void linger(struct peer *peer)
{
	long long until = now_ms() + opt.peer.timeout * 1000LL;

	/* One that's gone without a word is none to complain of: all was said. */
	while (!print_what_comes(peer) && wait_readable(peer->fd, until))
		;
}

static enum ending run(char **arguments)
{
	struct peer peer;
	SSL_CTX *ctx;

	if (!arguments[0] || !arguments[1])
		fail(ENDING_USAGE,
		     "HOST and PORT are wanted (see kdtls help connect)");
	no_arguments(arguments + 2);
	kernel_want_module();
	ctx = credentials_context(&opt.peer.credentials, false);
	peer_connect(&peer, &opt.peer, ctx, arguments[0], arguments[1]);
	peer_attach(&peer, &opt.peer);
	if (!opt.quiet)
		fprintf(stderr, "connected to %s: %s, %s in the kernel\n",
			peer.server.text, peer.suite, kdtls_cipher(peer.k));
	if (!carry(&peer))
		kdtls_close_notify(peer.k);
	else if (!kdtls_close_notify(peer.k))
		linger(&peer);
	peer_close(&peer);
	SSL_CTX_free(ctx);
	return ENDING_OK;
}

const struct command command_connect = {
	.name = "connect",
	.arguments = "HOST PORT",
	.summary =
		"standard input to a DTLS server, and what it says to standard output",
	.options = options,
	.run = run,
};
