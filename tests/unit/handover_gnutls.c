// SPDX-License-Identifier: GPL-2.0
/*
 * libkdtls-gnutls without a kernel: a GnuTLS end in one process with an OpenSSL
 * one, and handed over to a fake. What the fake was told must fit the real
 * records.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "core/association.h"
#include "gnutls/session.h"

static const struct weather weathers[] = {
	{ .name = "calm" },
	{ .name = "first datagrams lost", .lose = { 1, 1 } },
	{ .name = "second datagrams lost", .lose = { 2, 2 } },
	{ .name = "third datagrams lost", .lose = { 4, 4 } },
	{ .name = "reordered", .late = { 0x15, 0x15 } },
	{ .name = "glued", .glue = { 0x15, 0x15 } },
	{ .name = "lost and reordered",
	  .lose = { 2, 4 },
	  .late = { 0x28, 0x52 } },
};

static const char *name_of(const struct session *s, const char *what)
{
	static char name[128];

	snprintf(name, sizeof(name), "%s, %s, %s, %s, %s", s->suite,
		 s->kind & SERVER ? "server" : "client",
		 s->kind & RESUMED ? "resumed" : "full",
		 s->kind & NO_TICKET ? "no ticket" : "ticket", what);
	return name;
}

static void check_handover_of(struct session *s, const char *what)
{
	/* One number goes to the question how much the peer takes. */
	uint64_t next = s->e->next + 1;
	struct kdtls *k = session_attach(s, 0);
	const char *name = name_of(s, what);

	if (!k)
		return;
	ok(!!gnutls_session_is_resumed(s->gnutls) == !!(s->kind & RESUMED),
	   "%s: kind", name);
	check_told(s->e, next, strstr(s->cipher, "CCM-8"), name);
	ok(session_is_sealed(s), "%s: GnuTLS is sealed", name);
	detach(k);
}

static void handover_is_exact(const struct suite *suite, int kind,
			      const struct weather *w)
{
	struct session s;
	struct link l;

	session_open(&s, &l, suite, kind);
	if (session_connected(&s, &l, w))
		check_handover_of(&s, w->name);
	session_close(&s, &l);
}

static void handover_matrix(void)
{
	size_t suite, w;
	int kind;

	for (suite = 0; suite < SUITES; suite++)
		for (w = 0; w < sizeof(weathers) / sizeof(weathers[0]); w++)
			for (kind = 0; kind < 4; kind++)
				handover_is_exact(&suites[suite], kind,
						  &weathers[w]);
}

/* As the AEADs' names are here. */
static void forge(struct session *s, uint64_t seq, size_t content_len)
{
	struct fake_key key = {
		.cipher = "AES-128-GCM",
		.tag_len = 16,
		.epoch = 1,
	};
	static const uint8_t zeros[1000];
	uint8_t record[1100];
	size_t len = fake_seal(&key, seq, 23, zeros, content_len, record);

	end_inject(s->e, record, len, true);
}

static bool gnutls_hears(struct session *s, const char *text)
{
	char buf[256];
	ssize_t n = gnutls_record_recv(s->gnutls, buf, sizeof(buf));

	return n == (ssize_t)strlen(text) && !memcmp(buf, text, n);
}

static void connect_calmly(struct session *s, struct link *l, int kind)
{
	session_open(s, l, &suites[0], kind);
	session_connected(s, l, &calm);
}

static void gaps_are_exact_and_forgeries_ignored(int kind)
{
	struct session s;
	struct link l;
	int i;

	connect_calmly(&s, &l, kind);
	/* 3 lost, 10 and 11 swapped, 20 to 22 in one datagram, 40 to 49 lost */
	s.e->peer->lose = 1ULL << 3 | 0x3ffULL << 40;
	s.e->peer->late = 1ULL << 10;
	s.e->peer->glue = 3ULL << 20;
	for (i = 0; i < 60; i++) {
		say(s.e->peer, "data");
		if (i % 7 == 0)
			forge(&s, 5000 + i, i % 2 ? 1000 : 0);
		if (i % 3 == 0)
			gnutls_hears(&s, "data");
	}
	while (s.e->inbox)
		gnutls_hears(&s, "data");
	check_handover_of(&s, "gaps and forgeries");
	session_close(&s, &l);
}

/* Forged records fill the tap before there are keys to tell them, and after. */
static void flood_doesnt_stop_the_handshake(int kind)
{
	struct session s;
	struct link l;
	int i;

	session_open(&s, &l, &suites[0], kind);
	for (i = 0; i < 300; i++)
		forge(&s, i, 1000);
	if (session_connected(&s, &l, &calm)) {
		for (i = 0; i < 300; i++)
			forge(&s, i, 1000);
		while (s.e->inbox)
			gnutls_hears(&s, "");
		check_handover_of(&s, "flood");
	}
	session_close(&s, &l);
}

static void what_gnutls_holds_comes_first(void)
{
	struct session s;
	struct kdtls *k;
	struct link l;
	char buf[8];

	connect_calmly(&s, &l, SERVER);
	s.e->peer->glue = 3;
	say(s.e->peer, "0123456789");
	say(s.e->peer, "second");
	say(s.e->peer, "third");
	ok(gnutls_record_recv(s.gnutls, buf, 4) == 4 && !memcmp(buf, "0123", 4),
	   "drain: a record half read");
	say(s.e->peer, "in the socket");
	k = session_attach(&s, 0);
	ok(end_queued(s.e) == 1, "drain: a datagram in the socket stays there");
	ok(kdtls_pending(k) == 3, "drain: %zu records are pending",
	   kdtls_pending(k));
	ok(recv_is(k, 23, "456789", 6) && recv_is(k, 23, "second", 6) &&
		   recv_is(k, 23, "third", 5),
	   "drain: order and content");
	detach(k);
	session_close(&s, &l);
}

/*
 * What a datagram's second half brings is seen by the drain only. Sealed with
 * the sending key that OpenSSL's own hand-over told the fake.
 */
static void tail_is_handed_over(uint8_t type, const uint8_t *content,
				size_t len, const char *what)
{
	struct kdtls *k, *other;
	uint8_t datagram[256];
	struct session s;
	struct link l;
	size_t n;

	connect_calmly(&s, &l, 0);
	say(s.e->peer, "first");
	other = attach(s.e->peer, 0);
	n = end_take(s.e, datagram, sizeof(datagram));
	n += fake_seal(&fake.tx, fake.tx.seq, type, content, len, datagram + n);
	n += fake_seal(&fake.tx, fake.tx.seq + 1, 23, "last", 4, datagram + n);
	end_inject(s.e, datagram, n, false);
	ok(gnutls_hears(&s, "first"), "%s: the first half is read", what);
	fake_install();
	k = session_attach(&s, 0);
	/* GnuTLS tells nobody of an empty record. */
	ok(!len || recv_is(k, type, content, len), "%s: handed over", what);
	/* Nothing counts behind the end of a connection. */
	ok(recv_is(k, 23, "last", 4) == (type != 21 || content[1] == 90),
	   "%s: and what's behind it", what);
	ok(window_is_exact(s.e), "%s: receive window", what);
	detach(k);
	detach(other);
	session_close(&s, &l);
}

/* The flight is OpenSSL's to miss; the fake repeats it on the link. */
static void lost_flight_is_repeated(int kind, uint64_t lose)
{
	struct session s;
	struct kdtls *k;
	struct link l;
	bool silent = true;
	char text[128], byte;
	int i;

	session_open(&s, &l, &suites[0], kind);
	for (i = 0; i < 10 && !s.done; i++) {
		if (kind & SERVER)
			end_settle(s.e->peer);
		s.e->sent = 0;
		/* It has three flights, the last of which begins here. */
		if (i == (kind & SERVER ? 2 : 1))
			s.e->lose = lose;
		session_settle(&s);
		if (!s.done)
			end_settle(s.e->peer);
	}
	k = session_attach(&s, 0);
	snprintf(text, sizeof(text), "%s, lost %#llx", name_of(&s, "flight"),
		 (unsigned long long)lose);
	if (!ok(k && k->flight.is_whole, "%s: it's kept", text))
		goto close;
	fake.end = s.e;
	for (i = 0; i < 20 && !SSL_is_init_finished(s.e->peer->ssl); i++) {
		end_settle(s.e->peer);
		silent &= kdtls_recv(k, NULL, &byte, 1, MSG_DONTWAIT) ==
			  -EAGAIN;
		link_wait(1);
		DTLSv1_handle_timeout(s.e->peer->ssl);
	}
	ok(silent && SSL_is_init_finished(s.e->peer->ssl),
	   "A16 lost flight is repeated [%s]", text);
	s.e->lose = 0;
	kdtls_send(k, KDTLS_DATA, "from here", 9, 0);
	ok(hears(s.e->peer, "from here"), "%s: data to the peer", text);
	ok(!s.e->reused, "%s: no number is used twice", text);
close:
	detach(k);
	session_close(&s, &l);
}

static void flight_of_the_peer_isnt_kept(int kind)
{
	struct session s;
	struct kdtls *k;
	struct link l;

	connect_calmly(&s, &l, kind);
	k = session_attach(&s, 0);
	ok(k && !k->flight.is_whole, "%s",
	   name_of(&s, "the peer sent the last flight"));
	detach(k);
	session_close(&s, &l);
}

static void negotiated_length_is_found(void)
{
	struct session s;
	struct kdtls *k;
	struct link l;

	session_open(&s, &l, &suites[0], 0);
	gnutls_record_set_max_size(s.gnutls, 512);
	session_connected(&s, &l, &calm);
	k = session_attach(&s, 0);
	ok(fake.params.tx_payload_max == 512 &&
		   fake.params.rx_payload_max == 512,
	   "E2 max_fragment_length is found: %u", fake.params.tx_payload_max);
	ok(kdtls_send(k, KDTLS_DATA, "", 513, 0) == -EMSGSIZE,
	   "E2 max_fragment_length is kept to");
	detach(k);
	session_close(&s, &l);
}

/* Each step's refusal, and what it leaves. */
static void refusal_leaves_gnutls_usable(int option, int error, int times,
					 int want)
{
	struct session s;
	struct link l;

	connect_calmly(&s, &l, SERVER);
	fake.refuse = option;
	fake.error = error;
	fake.times = times;
	say(s.e->peer, "unread");
	session_attach(&s, want);
	ok(!fake.tx.set && !fake.rx.set, "refused: %s", kdtls_error_text());
	ok(gnutls_hears(&s, "unread"), "refused: nothing is lost");
	ok(gnutls_record_send(s.gnutls, "still here", 10) == 10 &&
		   hears(s.e->peer, "still here"),
	   "refused: GnuTLS still sends");
	check_handover_of(&s, "after a refusal");
	session_close(&s, &l);
}

static void refused_receiving_key_seals(void)
{
	struct session s;
	struct link l;

	connect_calmly(&s, &l, 0);
	fake.refuse = TLS_RX;
	fake.error = ENOMEM;
	fake.times = 1;
	session_attach(&s, -EKEYREJECTED);
	ok(fake.tx.set && session_is_sealed(&s), "nothing to receive with: %s",
	   kdtls_error_text());
	session_attach(&s, -ESHUTDOWN);
	session_close(&s, &l);
}

static void refused(struct session *s, int fd, struct kdtls_options *opts,
		    int want)
{
	struct kdtls *k;
	int got = kdtls_gnutls_attach(s->tap, fd, opts, &k);

	ok(got == want && !k && !fake.calls, "%s (%d)",
	   got ? kdtls_error_text() : "attach of what can't be", got);
	fake.calls = 0;
	if (fd >= 0)
		close(fd);
}

static void wrong_arguments_are_refused(void)
{
	struct kdtls_gnutls_transport transport = { .size = 3 };
	struct kdtls_options odd = { sizeof(odd), 1000, 0 };
	struct kdtls_gnutls_tap *tap;
	gnutls_session_t fresh;
	struct session s;
	struct link l;

	session_open(&s, &l, &suites[5], 0);
	refused(&s, udp_socket(true), NULL, -EINPROGRESS);
	session_connected(&s, &l, &calm);
	refused(&s, udp_socket(true), &odd, -EINVAL);
	refused(&s, -1, NULL, -EBADF);
	refused(&s, udp_socket(false), NULL, -ENOTCONN);
	refused(&s, udp_socket(true), NULL, -EPERM);
	ok(kdtls_gnutls_tap(s.gnutls, NULL, &tap) == -EALREADY && !tap,
	   "tap after the handshake");
	check_handover_of(&s, "after all refusals");
	fake.calls = 0;
	refused(&s, udp_socket(true), NULL, -ESHUTDOWN);
	session_close(&s, &l);

	gnutls_init(&fresh, GNUTLS_CLIENT | GNUTLS_DATAGRAM);
	ok(kdtls_gnutls_tap(fresh, &transport, &tap) == -EINVAL && !tap, "%s",
	   kdtls_error_text());
	ok(kdtls_gnutls_tap(fresh, NULL, &tap) == -EINVAL && !tap, "%s",
	   kdtls_error_text());
	gnutls_deinit(fresh);
	kdtls_gnutls_tap_free(NULL);
}

static void other_suite_is_refused(void)
{
	static const struct suite cbc = { "PSK-AES128-CBC-SHA", "AES-128-CBC" };
	struct session s;
	struct link l;

	session_open(&s, &l, &cbc, SERVER);
	session_connected(&s, &l, &calm);
	refused(&s, udp_socket(true), NULL, -EOPNOTSUPP);
	ok(gnutls_record_send(s.gnutls, "still here", 10) == 10 &&
		   hears(s.e->peer, "still here"),
	   "CBC suite: GnuTLS goes on");
	session_close(&s, &l);
}

/* By the library's own functions. */
static void sockets_are_tapped(void)
{
	gnutls_anon_client_credentials_t credentials;
	struct kdtls_gnutls_tap *tap;
	gnutls_session_t session;
	uint8_t bytes[512];
	int fds[2];

	socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds);
	gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK);
	gnutls_anon_allocate_client_credentials(&credentials);
	gnutls_credentials_set(session, GNUTLS_CRD_ANON, credentials);
	gnutls_priority_set_direct(session,
				   "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+ANON-ECDH",
				   NULL);
	gnutls_transport_set_int(session, fds[0]);
	ok(!kdtls_gnutls_tap(session, NULL, &tap), "sockets: tapped");
	/* A fatal alert, unprotected as it is. */
	send(fds[1], "\x15\xfe\xfd\0\0\0\0\0\0\0\0\0\2\2\x50", 15, 0);
	ok(gnutls_handshake(session) == GNUTLS_E_AGAIN &&
		   recv(fds[0], bytes, 1, 0) < 0,
	   "sockets: received");
	ok(recv(fds[1], bytes, sizeof(bytes), MSG_DONTWAIT) > 13 &&
		   bytes[0] == 22,
	   "sockets: sent");
	gnutls_deinit(session);
	gnutls_anon_free_client_credentials(credentials);
	kdtls_gnutls_tap_free(tap);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	static const uint8_t alert[] = { 1, 90 }, fatal[] = { 2, 80 };
	static const uint8_t close_notify[] = { 1, 0 };
	int i;

	handover_matrix();
	for (i = 0; i < 2; i++) {
		gaps_are_exact_and_forgeries_ignored(i);
		flood_doesnt_stop_the_handshake(i);
	}
	what_gnutls_holds_comes_first();
	tail_is_handed_over(21, alert, 2, "warning");
	tail_is_handed_over(21, fatal, 2, "fatal alert");
	tail_is_handed_over(21, close_notify, 2, "close_notify");
	tail_is_handed_over(23, alert, 0, "empty record");
	for (i = 0; i < 16; i++) {
		if (!(i & SERVER) != !!(i & RESUMED) || i & UNTAPPED)
			continue;
		lost_flight_is_repeated(i, 0x7);
		lost_flight_is_repeated(i, 0x3f);
	}
	flight_of_the_peer_isnt_kept(0);
	flight_of_the_peer_isnt_kept(SERVER | RESUMED);
	refusal_leaves_gnutls_usable(DTLS_SO_ULP, ENOPROTOOPT, 2, -ENOPROTOOPT);
	refusal_leaves_gnutls_usable(DTLS_PARAMS, ENOMEM, 1, -ENOMEM);
	refusal_leaves_gnutls_usable(DTLS_RX_WINDOW, ENOMEM, 1, -ENOMEM);
	refusal_leaves_gnutls_usable(TLS_TX, ENOENT, 1, -ENOENT);
	negotiated_length_is_found();
	refused_receiving_key_seals();
	wrong_arguments_are_refused();
	other_suite_is_refused();
	sockets_are_tapped();
	return finish();
}
