// SPDX-License-Identifier: GPL-2.0
/* GnuTLS hands over to the kernel, and talks to GnuTLS. */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gnutls/dtls.h>
#include <sys/socket.h>

#include "kdtls-gnutls.h"
#include "live/relay.h"

/* Nothing here takes so long, on a slow machine either. */
#define PATIENCE_MS 30000

/* The circumstances. */
enum {
	BY_SERVER = 1,
	RESUMED = 2,
	LOST = 4, /* the last flight, once */
	KINDS = 8,
};

static const char *const ciphers[] = {
	"AES-128-GCM",
	"CHACHA20-POLY1305",
	"AES-256-CCM",
	"AES-256-GCM",
};

static int tests, failures;

static gnutls_datum_t psk = { (void *)"0123456789abcdef", 16 };
static gnutls_datum_t ticket_key;
static gnutls_psk_client_credentials_t client_credentials;
static gnutls_psk_server_credentials_t server_credentials;

static void ok(bool good, const char *what, const char *variant)
{
	printf("%sok %d - %s [%s]\n", good ? "" : "not ", ++tests, what,
	       variant);
	fflush(stdout);
	failures += !good;
}

/**
 * struct side - one end
 * @session: its GnuTLS; NULL once the kernel has the keys
 * @tap: in front of it, if it hands over
 * @fd: its socket
 * @hands_over: to the kernel when the handshake is done
 * @done: the handshake is
 * @resumed: it was a resumed one
 * @k: handed over
 */
struct side {
	gnutls_session_t session;
	struct kdtls_gnutls_tap *tap;
	int fd;
	bool hands_over;
	bool done;
	bool resumed;
	struct kdtls *k;
};

static int find_psk(gnutls_session_t session, const char *user,
		    gnutls_datum_t *key)
{
	(void)session;
	(void)user;
	key->data = gnutls_malloc(psk.size);
	key->size = psk.size;
	memcpy(key->data, psk.data, psk.size);
	return 0;
}

static void credentials_open(void)
{
	gnutls_session_ticket_key_generate(&ticket_key);
	gnutls_psk_allocate_client_credentials(&client_credentials);
	gnutls_psk_set_client_credentials(client_credentials, "t", &psk,
					  GNUTLS_PSK_KEY_RAW);
	gnutls_psk_allocate_server_credentials(&server_credentials);
	gnutls_psk_set_server_credentials_function(server_credentials, find_psk);
}

static void side_open(struct side *s, int end, int fd, const char *cipher)
{
	char priorities[256];

	snprintf(priorities, sizeof(priorities),
		 "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+PSK:-CIPHER-ALL:+%s",
		 cipher);
	gnutls_init(&s->session,
		    (end == SERVER ? GNUTLS_SERVER : GNUTLS_CLIENT) |
			    GNUTLS_DATAGRAM | GNUTLS_NONBLOCK);
	if (gnutls_priority_set_direct(s->session, priorities, NULL))
		errx(1, "%s", priorities);
	gnutls_credentials_set(s->session, GNUTLS_CRD_PSK,
			       end == SERVER ? (void *)server_credentials :
					       (void *)client_credentials);
	if (end == SERVER)
		gnutls_session_ticket_enable_server(s->session, &ticket_key);
	gnutls_dtls_set_mtu(s->session, 1400);
	gnutls_transport_set_int(s->session, fd);
	s->fd = fd;
	if (s->hands_over && kdtls_gnutls_tap(s->session, NULL, &s->tap))
		errx(1, "tap: %s", kdtls_error_text());
}

static void side_close(struct side *s)
{
	if (s->session)
		gnutls_deinit(s->session);
	kdtls_gnutls_tap_free(s->tap);
	kdtls_free(s->k);
	close(s->fd);
}

static bool side_step(struct side *s)
{
	int ret;

	if (s->done)
		return true;
	ret = gnutls_handshake(s->session);
	if (ret < 0)
		return !gnutls_error_is_fatal(ret);
	s->done = true;
	s->resumed = gnutls_session_is_resumed(s->session);
	if (!s->hands_over)
		return true;
	if (kdtls_gnutls_attach(s->tap, s->fd, NULL, &s->k)) {
		warnx("%s", kdtls_error_text());
		return false;
	}
	gnutls_deinit(s->session);
	s->session = NULL;
	return true;
}

static void say(struct side *s, const char *text)
{
	ssize_t len = strlen(text);
	ssize_t n = s->k ? kdtls_send(s->k, KDTLS_DATA, text, len, 0) :
			   gnutls_record_send(s->session, text, len);

	if (n != len)
		errx(1, "sending gives %zd", n);
}

static ssize_t hear(struct side *s, char *text, size_t size)
{
	ssize_t n =
		s->k ? kdtls_recv(s->k, NULL, text, size - 1, MSG_DONTWAIT) :
		       gnutls_record_recv(s->session, text, size - 1);

	if (n >= 0)
		text[n] = 0;
	return n;
}

static bool wait_and_carry(struct side *sides, struct relay *r)
{
	struct pollfd fds[] = {
		{ .fd = r->near[CLIENT], .events = POLLIN },
		{ .fd = r->near[SERVER], .events = POLLIN },
		{ .fd = sides[CLIENT].fd, .events = POLLIN },
		{ .fd = sides[SERVER].fd, .events = POLLIN },
	};
	int i, ms, least = PATIENCE_MS;
	bool happened;

	for (i = 0; i < ENDS; i++)
		if (!sides[i].done) {
			ms = gnutls_dtls_get_timeout(sides[i].session) + 1;
			least = ms < least ? ms : least;
		}
	happened = poll(fds, sizeof(fds) / sizeof(fds[0]), least) > 0;
	relay_carry(r);
	return happened || least < PATIENCE_MS;
}

/* GnuTLS speaks when it has finished, and the other end answers. */
static bool comes_alive(struct side *sides, struct relay *r, int ours)
{
	struct side *us = &sides[ours], *peer = &sides[!ours];
	bool asked = false;
	char text[64];

	for (;;) {
		if (!side_step(us) || !side_step(peer))
			return false;
		/* Before it's done, GnuTLS keeps no data. */
		if (us->done && peer->done && !asked) {
			say(peer, "are you there?");
			asked = true;
		}
		if (us->done && hear(us, text, sizeof(text)) > 0)
			say(us, text);
		if (peer->done && hear(peer, text, sizeof(text)) > 0)
			return !strcmp(text, "are you there?");
		if (!wait_and_carry(sides, r))
			return false;
	}
}

/* Each is in a datagram of its own. */
static bool is_of_last_flight(const struct sent *d)
{
	return sent_has(d, 20, 0) || sent_has(d, 22, 1) ||
	       (sent_has(d, 22, 0) && d->bytes[13] == 4);
}

static int sender_of_last(int kind)
{
	return kind & RESUMED ? CLIENT : SERVER;
}

/* Ticket, ChangeCipherSpec and Finished, or without ticket. */
static int left_to_lose;

static bool loses(void *arg, const struct sent *d)
{
	int kind = *(int *)arg;

	return d->from == sender_of_last(kind) && is_of_last_flight(d) &&
	       left_to_lose-- > 0;
}

static void open_sides(struct side *sides, struct relay *r, const char *cipher)
{
	int i;

	relay_open(r, AF_INET);
	for (i = 0; i < ENDS; i++)
		side_open(&sides[i], i, r->ends[i], cipher);
}

static void close_sides(struct side *sides, struct relay *r)
{
	side_close(&sides[CLIENT]);
	side_close(&sides[SERVER]);
	relay_close(r);
}

/* For the client to resume. */
static gnutls_datum_t session_of(const char *cipher)
{
	struct side sides[ENDS] = { 0 };
	gnutls_datum_t data;
	struct relay r;

	open_sides(sides, &r, cipher);
	if (!comes_alive(sides, &r, SERVER))
		errx(1, "the handshake to be resumed");
	gnutls_session_get_data2(sides[CLIENT].session, &data);
	close_sides(sides, &r);
	return data;
}

static void meet(int kind, const char *cipher)
{
	int ours = kind & BY_SERVER ? SERVER : CLIENT;
	struct side sides[ENDS] = { 0 };
	gnutls_datum_t data = { 0 };
	char variant[64];
	struct relay r;

	snprintf(variant, sizeof(variant), "%s, %s, %s, %s",
		 ours == SERVER ? "server" : "client",
		 kind & RESUMED ? "resumed" : "full",
		 kind & LOST ? "last flight lost" : "calm", cipher);
	if (kind & RESUMED)
		data = session_of(cipher);
	sides[ours].hands_over = true;
	open_sides(sides, &r, cipher);
	if (kind & RESUMED)
		gnutls_session_set_data(sides[CLIENT].session, data.data,
					data.size);
	left_to_lose = kind & RESUMED ? 2 : 3;
	r.arg = &kind;
	r.loses = kind & LOST ? loses : NULL;
	ok(comes_alive(sides, &r, ours),
	   kind & LOST ? "A16 connection_comes_alive" : "GnuTLS is handed over",
	   variant);
	ok(sides[ours].resumed == !!(kind & RESUMED), "kind of handshake",
	   variant);
	ok(!relay_saw_reuse(&r), "A2 no number is reused after GnuTLS", variant);
	gnutls_free(data.data);
	close_sides(sides, &r);
}

/* RFC 8449, 4, to which the peer's GnuTLS holds us. */
static void limit_is_kept(int ours)
{
	const char *variant = ours == SERVER ? "server" : "client";
	struct side sides[ENDS] = { 0 };
	char text[600];
	struct relay r;

	sides[ours].hands_over = true;
	open_sides(sides, &r, ciphers[0]);
	gnutls_record_set_max_recv_size(sides[!ours].session, 512);
	ok(comes_alive(sides, &r, ours), "limited session", variant);
	ok(kdtls_max_payload(sides[ours].k) == 512,
	   "E1 record_size_limit is known", variant);
	memset(text, 'x', sizeof(text));
	ok(send(sides[ours].fd, text, 513, 0) < 0 && errno == EMSGSIZE,
	   "E1 longer record is refused by the kernel", variant);
	ok(send(sides[ours].fd, text, 512, 0) == 512, "E1 longest is sent",
	   variant);
	while (hear(&sides[!ours], text, sizeof(text)) != 512)
		if (!wait_and_carry(sides, &r))
			break;
	ok(strlen(text) == 512, "E1 longest is received", variant);
	close_sides(sides, &r);
}

int main(void)
{
	int kind;

	credentials_open();
	puts("TAP version 13\n1..34");
	for (kind = 0; kind < KINDS; kind++)
		meet(kind, ciphers[kind % 4]);
	limit_is_kept(CLIENT);
	limit_is_kept(SERVER);
	gnutls_free(ticket_key.data);
	gnutls_psk_free_client_credentials(client_credentials);
	gnutls_psk_free_server_credentials(server_credentials);
	return failures ? 1 : 0;
}
