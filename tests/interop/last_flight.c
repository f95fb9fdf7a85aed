// SPDX-License-Identifier: GPL-2.0
/*
 * The last flight of a handshake is lost, and one end has handed over to the
 * kernel, the other one is OpenSSL: the connection comes alive, and no nonce is
 * used twice. The cases run at the same time: what they wait for is OpenSSL's
 * timer.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "live/end.h"

/* Who hands over, and in which handshake. */
enum {
	BY_SERVER = 1,
	RESUMED = 2,
	NO_TICKET = 4,
	UNTAPPED = 8,
	KINDS = 8,
};

static const char *const ciphers[] = {
	"ECDHE-ECDSA-AES128-GCM-SHA256",
	"ECDHE-ECDSA-CHACHA20-POLY1305",
	"ECDHE-ECDSA-AES256-CCM",
};

/**
 * struct meeting - one case
 * @kind: of the handshake
 * @lost: of the datagrams that belong to a last flight, or its repetition, bit
 *	n says that the nth is lost
 * @cipher: the suite
 * @family: AF_INET or AF_INET6
 * @flights: datagrams of that kind seen
 * @pid: who tries it
 */
struct meeting {
	int kind;
	unsigned int lost;
	const char *cipher;
	int family;
	unsigned int flights;
	pid_t pid;
};

static int sender_of_last(int kind)
{
	return kind & RESUMED ? CLIENT : SERVER;
}

static int who_hands_over(int kind)
{
	return kind & BY_SERVER ? SERVER : CLIENT;
}

/* A NewSessionTicket is the one whose type is 4 (RFC 5077, 3.3). */
static bool is_of_last_flight(const struct sent *d)
{
	return sent_has(d, 20, 0) || sent_has(d, 22, 1) ||
	       (sent_has(d, 22, 0) && d->bytes[13] == 4);
}

static bool loses(void *arg, const struct sent *d)
{
	struct meeting *m = arg;

	if (d->from != sender_of_last(m->kind) || !is_of_last_flight(d))
		return false;
	return m->lost >> m->flights++ & 1;
}

static SSL_SESSION *session_of(const struct contexts *c, int family)
{
	struct end ends[ENDS] = { 0 };
	SSL_SESSION *session;
	struct relay r;

	relay_open(&r, family);
	ends_open(ends, c, &r, NULL);
	if (!ends_handshake(ends, &r))
		errx(1, "the handshake to be resumed");
	session = SSL_get1_session(ends[CLIENT].ssl);
	/* Else it doesn't stay in the server's cache. */
	SSL_set_shutdown(ends[CLIENT].ssl, SSL_SENT_SHUTDOWN);
	SSL_set_shutdown(ends[SERVER].ssl, SSL_SENT_SHUTDOWN);
	ends_close(ends);
	relay_close(&r);
	return session;
}

/* OpenSSL speaks when it has finished, and the other end answers. */
static bool comes_alive(struct end *ends, struct relay *r, int ours)
{
	struct end *us = &ends[ours], *peer = &ends[!ours];
	bool asked = false;
	char text[64];

	for (;;) {
		if (!end_step(us) || !end_step(peer))
			return false;
		if (peer->done && !asked) {
			end_say(peer, "are you there?");
			asked = true;
		}
		if (us->done && end_hear(us, text, sizeof(text)) >= 0)
			end_say(us, text);
		if (peer->done && end_hear(peer, text, sizeof(text)) >= 0)
			return !strcmp(text, "are you there?");
		if (!ends_wait(ends, r))
			return false;
	}
}

static bool meet(struct meeting *m)
{
	int ours = who_hands_over(m->kind);
	struct end ends[ENDS] = { 0 };
	SSL_SESSION *session = NULL;
	struct contexts c;
	struct relay r;
	bool good;

	contexts_open(&c, m->cipher, !(m->kind & NO_TICKET));
	if (m->kind & RESUMED)
		session = session_of(&c, m->family);
	relay_open(&r, m->family);
	r.loses = loses;
	r.arg = m;
	ends_open(ends, &c, &r, session);
	ends[ours].hands_over = true;
	ends[ours].untapped = m->kind & UNTAPPED;
	good = comes_alive(ends, &r, ours);
	if (!good)
		warnx("it doesn't come alive");
	if (good && ends[ours].resumed != !!(m->kind & RESUMED))
		good = (warnx("not that kind of handshake"), false);
	if (good && m->lost >> m->flights)
		good = (warnx("only %u datagrams to be lost", m->flights),
			false);
	if (relay_saw_reuse(&r))
		good = (warnx("a nonce was used twice"), false);
	ends_close(ends);
	relay_close(&r);
	SSL_SESSION_free(session);
	contexts_close(&c);
	return good;
}

static struct meeting *meetings;
static size_t count;

static void add(int kind, unsigned int lost)
{
	meetings = realloc(meetings, ++count * sizeof(*meetings));
	meetings[count - 1] = (struct meeting) {
		.kind = kind,
		.lost = lost,
		.cipher = ciphers[count % 3],
		.family = count % 2 ? AF_INET : AF_INET6,
	};
}

/* OpenSSL sends the flight in one datagram, the library each record in one. */
static void add_kind(int kind)
{
	int parts = kind & (RESUMED | NO_TICKET) ? 2 : 3;
	int i;

	add(kind, 0);
	add(kind, 1);
	if (who_hands_over(kind) != sender_of_last(kind)) {
		add(kind, 3);
		return;
	}
	add(kind | UNTAPPED, 1);
	for (i = 0; i < parts; i++) {
		add(kind, 1 | 2 << i);
		add(kind, 1 | 2 << i | 2 << (i + parts));
	}
}

static void start(struct meeting *m)
{
	m->pid = fork();
	if (m->pid < 0)
		err(1, "fork");
	if (!m->pid)
		exit(meet(m) ? 0 : 1);
}

static bool ended_well(const struct meeting *m)
{
	int status;

	return waitpid(m->pid, &status, 0) == m->pid && !status;
}

static bool report(size_t number, const struct meeting *m)
{
	bool good = ended_well(m);

	printf("%sok %zu - A16 connection_comes_alive [%s hands over, %s, %s, %s, %s, IPv%d, lost %#x]\n",
	       good ? "" : "not ", number,
	       m->kind & BY_SERVER ? "server" : "client",
	       m->kind & RESUMED ? "resumed" : "full",
	       m->kind & NO_TICKET ? "no ticket" : "ticket",
	       m->kind & UNTAPPED ? "probed" : "tapped", m->cipher,
	       m->family == AF_INET ? 4 : 6, m->lost);
	return good;
}

int main(void)
{
	static char line[BUFSIZ];
	size_t i, failed = 0;
	int kind;

	/* All cases write there. */
	setvbuf(stderr, line, _IOLBF, sizeof(line));
	for (kind = 0; kind < KINDS; kind++)
		add_kind(kind);
	printf("TAP version 13\n1..%zu\n", count);
	fflush(stdout);
	for (i = 0; i < count; i++)
		start(&meetings[i]);
	for (i = 0; i < count; i++)
		failed += !report(i + 1, &meetings[i]);
	free(meetings);
	return failed ? 1 : 0;
}
