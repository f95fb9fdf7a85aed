// SPDX-License-Identifier: GPL-2.0
/*
 * A connection moves to another process while data flows. The peer is OpenSSL;
 * what it sends, a number a record, is echoed, by this program at first and by
 * one that's started fresh then.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "live/end.h"

#define NUMBERS 200
/* Descriptors of the second program. */
#define SOCKET 3

static int tests, failures;

static bool ok(bool good, const char *what, const char *variant)
{
	printf("%sok %d - %s [%s]\n", good ? "" : "not ", ++tests, what,
	       variant);
	fflush(stdout);
	failures += !good;
	return good;
}

/**
 * struct flow - the connection, and what flows
 * @ends: OpenSSL, and the one that moves
 * @r: the network
 * @peer: OpenSSL's
 * @variant: for people
 * @sent: numbers that the peer has sent, from 0
 * @echoed: how often each came back
 */
struct flow {
	struct end ends[ENDS];
	struct relay r;
	int peer;
	const char *variant;
	int sent;
	int echoed[NUMBERS];
};

static void send_number(struct flow *f)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", f->sent++);
	end_say(&f->ends[f->peer], text);
	relay_carry(&f->r);
}

static void hear_echoes(struct flow *f)
{
	char text[16];

	relay_carry(&f->r);
	while (end_hear(&f->ends[f->peer], text, sizeof(text)) >= 0)
		f->echoed[atoi(text)]++;
}

static void echo_here(struct flow *f)
{
	struct end *us = &f->ends[!f->peer];
	char text[16];

	while (end_hear(us, text, sizeof(text)) >= 0)
		end_say(us, text);
}

/* Until each of these came back. */
static bool wait_for_echoes(struct flow *f, int from, int to)
{
	while (from < to) {
		hear_echoes(f);
		if (f->echoed[from])
			from++;
		else if (!ends_wait(f->ends, &f->r))
			return false;
	}
	return true;
}

/* A fresh copy of this program, with the socket and the state. */
static pid_t start_second(int fd, const void *state, size_t len)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		dup2(ends[0], STDIN_FILENO);
		if (fd != SOCKET)
			dup2(fd, SOCKET);
		closefrom(SOCKET + 1);
		execl("/proc/self/exe", "migrate", "--second", NULL);
		err(1, "exec");
	}
	if (write(ends[1], state, len) != (ssize_t)len)
		err(1, "pipe");
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static struct kdtls *import_from_stdin(void)
{
	static unsigned char state[65536];
	size_t len = 0;
	struct kdtls *k;
	ssize_t n;

	while ((n = read(STDIN_FILENO, state + len, sizeof(state) - len)) > 0)
		len += n;
	if (kdtls_import(state, len, SOCKET, 0, &k))
		errx(1, "import: %s", kdtls_error_text());
	explicit_bzero(state, sizeof(state));
	return k;
}

/* Echoes until the peer closes. */
static int second(void)
{
	struct pollfd pfd = { .fd = SOCKET, .events = POLLIN };
	struct kdtls *k = import_from_stdin();
	unsigned char type;
	char text[16];
	ssize_t n;

	for (;;) {
		n = kdtls_recv(k, &type, text, sizeof(text), MSG_DONTWAIT);
		if (n == -EAGAIN)
			poll(&pfd, 1, -1);
		else if (n < 0)
			errx(1, "receiving: %s", strerror(-n));
		else if (type == KDTLS_ALERT)
			return 0;
		else if (kdtls_send(k, KDTLS_DATA, text, n, 0) != n)
			errx(1, "sending");
	}
}

/* Out of here; what the old socket has not yet given is lost. */
static pid_t move(struct flow *f)
{
	struct end *us = &f->ends[!f->peer];
	unsigned char state[65536];
	ssize_t len = kdtls_export(us->k, state, sizeof(state));
	pid_t pid;
	int i, fd;

	if (len < 0)
		errx(1, "export: %s", kdtls_error_text());
	ok(kdtls_send(us->k, KDTLS_DATA, "x", 1, 0) == -EKEYREVOKED,
	   "the first one sends no more", f->variant);
	fd = relay_move(&f->r, !f->peer);
	for (i = 0; i < 20; i++)
		send_number(f);
	pid = start_second(fd, state, len);
	explicit_bzero(state, sizeof(state));
	close(us->fd);
	close(fd);
	kdtls_free(us->k);
	us->k = NULL;
	us->fd = -1;
	return pid;
}

static void replay_all(struct flow *f)
{
	const struct sent *d;

	for (d = f->r.first; d; d = d->next)
		if (d->from == f->peer)
			relay_replay(&f->r, d);
}

static bool each_echoed_once(const struct flow *f, int from)
{
	int i;

	for (i = 0; i < f->sent; i++)
		if (f->echoed[i] > 1 || (i >= from && !f->echoed[i]))
			return false;
	return true;
}

static bool ended_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}

static void check_move(struct flow *f)
{
	int moved, i;
	pid_t pid;

	for (i = 0; i < 10; i++) {
		send_number(f);
		echo_here(f);
	}
	ok(wait_for_echoes(f, 0, f->sent), "echoes from the first", f->variant);
	/* Into the old socket, and not read there. */
	for (i = 0; i < 3; i++)
		send_number(f);
	moved = f->sent;
	pid = move(f);
	for (i = 0; i < 20; i++) {
		send_number(f);
		hear_echoes(f);
	}
	ok(wait_for_echoes(f, moved, f->sent), "echoes from the second",
	   f->variant);
	replay_all(f);
	send_number(f);
	ok(wait_for_echoes(f, f->sent - 1, f->sent) &&
		   each_echoed_once(f, moved),
	   "A13 A15 no replay is accepted after a move", f->variant);
	ok(!relay_saw_reuse(&f->r), "A2 no number is reused after a move",
	   f->variant);
	SSL_shutdown(f->ends[f->peer].ssl);
	relay_carry(&f->r);
	ok(ended_well(pid), "the second hears the end", f->variant);
}

static void meet(int peer, int family, const char *cipher)
{
	struct flow f = { .peer = peer };
	struct contexts c;
	char variant[64];

	snprintf(variant, sizeof(variant), "%s, IPv%d, %s",
		 peer == CLIENT ? "server" : "client",
		 family == AF_INET ? 4 : 6, cipher);
	f.variant = variant;
	contexts_open(&c, cipher, true);
	relay_open(&f.r, family);
	ends_open(f.ends, &c, &f.r, NULL);
	f.ends[!peer].hands_over = true;
	f.ends[!peer].flags = KDTLS_KEEP_KEYS;
	if (ok(ends_handshake(f.ends, &f.r), "handshake", variant))
		check_move(&f);
	ends_close(f.ends);
	relay_close(&f.r);
	contexts_close(&c);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--second"))
		return second();
	puts("TAP version 13\n1..28");
	meet(CLIENT, AF_INET, "ECDHE-ECDSA-AES128-GCM-SHA256");
	meet(SERVER, AF_INET, "ECDHE-ECDSA-CHACHA20-POLY1305");
	meet(CLIENT, AF_INET6, "ECDHE-ECDSA-CHACHA20-POLY1305");
	meet(SERVER, AF_INET6, "ECDHE-ECDSA-AES256-CCM");
	return failures ? 1 : 0;
}
