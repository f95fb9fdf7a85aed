// SPDX-License-Identifier: GPL-2.0
/*
 * libkdtls without a kernel: two OpenSSL ends in one process, of which one is
 * handed over to a fake. What the fake was told must fit the real records.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "handover/bed.h"

#define PEEK_LEN (MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT)

/* A network, by its deeds to the datagrams of the handshake. */
static const struct weather weathers[] = {
	{ .name = "calm" },
	{ .name = "first datagrams lost", .lose = { 1, 1 } },
	{ .name = "second datagrams lost", .lose = { 2, 2 } },
	{ .name = "third datagrams lost", .lose = { 4, 4 } },
	{ .name = "second and third lost twice", .lose = { 0x2e, 0x2e } },
	{ .name = "reordered", .late = { 0x15, 0x15 } },
	{ .name = "glued", .glue = { 0x15, 0x15 } },
	{ .name = "lost and reordered",
	  .lose = { 2, 4 },
	  .late = { 0x28, 0x52 } },
};

static void handover_is_exact(const char *cipher, int kind,
			      const struct weather *w)
{
	bool server = kind & SERVER, resumed = kind & RESUMED;
	struct end *e;
	SSL_SESSION *session;
	struct link l;
	char name[128];

	snprintf(name, sizeof(name), "%s, %s, %s, %s, %s", cipher,
		 server ? "server" : "client", resumed ? "resumed" : "full",
		 kind & UNTAPPED ? "probed" : "tapped", w->name);
	link_open(&l, cipher);
	e = server ? &l.server : &l.client;
	if (resumed) {
		link_handshake(&l);
		session = SSL_get1_session(l.client.ssl);
		SSL_shutdown(l.client.ssl);
		link_restart(&l, session);
		SSL_SESSION_free(session);
	}
	e->untapped = kind & UNTAPPED;
	if (connected(&l, e, w)) {
		ok(SSL_session_reused(e->ssl) == resumed, "%s: kind", name);
		check_handover(e, name);
	}
	link_close(&l);
}

static void handover_matrix(void)
{
	size_t c, w;
	int i;

	for (c = 0; c < CIPHERS; c++)
		for (w = 0; w < sizeof(weathers) / sizeof(weathers[0]); w++)
			for (i = 0; i < KINDS; i++)
				handover_is_exact(ciphers[c], i, &weathers[w]);
}

static void forge(struct end *e, uint64_t seq, size_t content_len)
{
	struct fake_key key = {
		.cipher = "AES-128-GCM",
		.tag_len = has_short_tag(e) ? 8 : 16,
		.epoch = 1,
	};
	static const uint8_t zeros[1000];
	uint8_t record[1100];
	size_t len = fake_seal(&key, seq, 23, zeros, content_len, record);

	end_inject(e, record, len, true);
}

static void gaps_are_exact_and_forgeries_ignored(const char *cipher, int kind)
{
	struct link l;
	struct end *e = begin(&l, cipher, kind);
	int i;

	/* 3 lost, 10 and 11 swapped, 20 to 22 in one datagram, 40 to 49 lost */
	set_weather(&l, &calm);
	e->peer->lose = 1ULL << 3 | 0x3ffULL << 40;
	e->peer->late = 1ULL << 10;
	e->peer->glue = 3ULL << 20;
	for (i = 0; i < 60; i++) {
		say(e->peer, "data");
		end_settle(e);
		if (i % 7 == 0)
			forge(e, 5000 + i, i % 2 ? 1000 : 0);
		if (i % 3 == 0)
			hears(e, "data");
	}
	while (e->inbox)
		if (!hears(e, "data"))
			end_settle(e);
	check_handover(e, "gaps and forgeries");
	link_close(&l);
}

static void long_talk_before(int kind)
{
	struct link l;
	struct end *e = begin(&l, ciphers[1], kind);
	char text[1025];
	int i, heard = 0;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	for (i = 0; i < 3000; i++) {
		e->peer->sent = 0;
		e->peer->lose = i % 11 == 0;
		say(e->peer, i % 2 ? text : "short");
		if (i % 11)
			heard += SSL_read(e->ssl, text, sizeof(text)) > 0;
		say(e, "echo");
		hears(e->peer, "echo");
	}
	e->peer->lose = 0;
	ok(heard == 3000 - 273, "long talk: all heard");
	check_handover(e, "long talk");
	link_close(&l);
}

/* Forged records fill the tap before there are keys to tell them. */
static void flood_doesnt_stop_the_handshake(bool server)
{
	struct link l;
	struct end *e = server ? &l.server : &l.client;
	int i;

	link_open(&l, ciphers[2]);
	for (i = 0; i < 300; i++)
		forge(e, i, 1000);
	if (connected(&l, e, &calm)) {
		for (i = 0; i < 300; i++)
			forge(e, i, 1000);
		end_settle(e);
		check_handover(e, "flood");
	}
	link_close(&l);
}

/*
 * A Finished overtakes what its key comes from, and finds the tap full: OpenSSL
 * mustn't have what the tap hasn't, and it comes again.
 */
static void full_tap_passes_nothing(void)
{
	uint8_t flight[512];
	struct link l;
	struct end *e = &l.server;
	size_t len, finished;
	struct kdtls *k;
	int i;

	link_open(&l, ciphers[0]);
	fake_install();
	kdtls_tap(e->ssl);
	end_settle(&l.client);
	end_settle(e);
	end_settle(&l.client);
	len = end_take(e, flight, sizeof(flight));
	/* Its last record: header, explicit nonce, 24 bytes, tag. */
	finished = len - (13 + 8 + 24 + 16);
	/* Enough for the tap, not yet too many for OpenSSL. */
	for (i = 0; i < 70; i++)
		forge(e, 100 + i, i < 63 ? 1000 : 1);
	end_inject(e, flight + finished, len - finished, false);
	end_inject(e, flight, finished, false);
	end_settle(e);
	ok(!SSL_is_init_finished(e->ssl), "full tap: Finished isn't passed");
	ok(link_handshake(&l), "full tap: it comes again");
	k = attach(e, 0);
	ok(fake.window.next == 2 && fake.window.bitmap[0] == 1,
	   "full tap: only what OpenSSL had counts as received");
	detach(k);
	link_close(&l);
}

static void what_openssl_holds_comes_first(int kind)
{
	struct link l;
	struct end *e = begin(&l, ciphers[0], kind);
	struct kdtls *k;
	char buf[8];

	e->peer->glue = 3;
	say(e->peer, "0123456789");
	say(e->peer, "second");
	say(e->peer, "third");
	ok(SSL_read(e->ssl, buf, 4) == 4 && !memcmp(buf, "0123", 4),
	   "drain: a record half read");
	say(e->peer, "in the socket");
	/* It will have looked at all of them before it's asked. */
	memcpy(e->looked, e->got, sizeof(e->got));
	k = attach(e, 0);
	ok(end_queued(e) == 1, "drain: a datagram in the socket stays there");
	ok(kdtls_pending(k) == 3, "drain: %zu records are pending",
	   kdtls_pending(k));
	ok(kdtls_recv(k, NULL, buf, 2, PEEK_LEN) == 6 && !memcmp(buf, "45", 2),
	   "drain: peek tells the whole length");
	ok(recv_is(k, 23, "456789", 6) && recv_is(k, 23, "second", 6) &&
		   recv_is(k, 23, "third", 5),
	   "drain: order and content");
	ok(kdtls_pending(k) == 0 && kdtls_recv(k, NULL, buf, sizeof(buf),
					       MSG_DONTWAIT) == -EAGAIN,
	   "drain: then the socket is asked");
	ok(window_is_exact(e), "drain: receive window");
	detach(k);
	link_close(&l);
}

/* A resumed handshake's last flight is overtaken by data. */
static void data_before_finished_is_kept(int kind)
{
	SSL_SESSION *session;
	struct kdtls *k;
	struct link l;

	link_open(&l, ciphers[1]);
	link_handshake(&l);
	session = SSL_get1_session(l.client.ssl);
	SSL_shutdown(l.client.ssl);
	link_restart(&l, session);
	SSL_SESSION_free(session);
	fake_install();
	l.server.untapped = kind & UNTAPPED;
	if (!l.server.untapped)
		kdtls_tap(l.server.ssl);
	end_settle(&l.client);
	end_settle(&l.server);
	l.client.sent = 0;
	l.client.late = 0xff;
	end_settle(&l.client);
	l.client.late = 0;
	say(&l.client, "early");
	end_settle(&l.server);
	ok(SSL_is_init_finished(l.server.ssl), "early data: handshake done");
	k = attach(&l.server, 0);
	ok(kdtls_pending(k) == 1 && recv_is(k, 23, "early", 5),
	   "early data: kept");
	ok(window_is_exact(&l.server), "early data: receive window");
	detach(k);
	link_close(&l);
}

/* Sealed with the sending key that the peer's own hand-over told the fake. */
static void closing_is_handed_over(const uint8_t alert[2], int kind)
{
	struct kdtls *k, *other;
	uint8_t record[128];
	struct link l;
	struct end *e = &l.server;
	size_t len;

	begin(&l, ciphers[2], kind);
	say(e->peer, "last");
	other = attach(e->peer, 0);
	/* One datagram, so that OpenSSL has both. */
	len = end_take(e, record, sizeof(record));
	len += fake_seal(&fake.tx, fake.tx.seq, 21, alert, 2, record + len);
	end_inject(e, record, len, false);
	end_settle(e);
	fake_install();
	k = attach(e, 0);
	ok(recv_is(k, 23, "last", 4) && kdtls_pending(k) == 1 &&
		   kdtls_recv(k, NULL, record, sizeof(record), 0) == -EIO &&
		   recv_is(k, 21, alert, 2),
	   "close: data, then alert %d %d", alert[0], alert[1]);
	/* It can't be asked any more, and nothing is to come. */
	ok(kind & UNTAPPED ? fake.window.next == (1ULL << 48) - 1 &&
				     !~fake.window.bitmap[15] :
			     window_is_exact(e),
	   "close: receive window");
	detach(k);
	detach(other);
	link_close(&l);
}

/* RFC 6066, 4: a client asked for records of at most 512 bytes. */
static void negotiated_length_is_kept(bool server)
{
	static const char text[513];
	struct kdtls *k;
	struct link l;
	struct end *e = server ? &l.server : &l.client;

	link_open(&l, ciphers[0]);
	SSL_set_tlsext_max_fragment_length(l.client.ssl,
					   TLSEXT_max_fragment_length_512);
	connected(&l, e, &calm);
	k = attach(e, 0);
	ok(fake.params.tx_payload_max == 512 &&
		   fake.params.rx_payload_max == 512,
	   "E2 max_fragment_length is told the kernel");
	ok(kdtls_send(k, KDTLS_DATA, text, 513, 0) == -EMSGSIZE &&
		   kdtls_send(k, KDTLS_DATA, text, 512, 0) == 512,
	   "E2 max_fragment_length is kept to");
	detach(k);
	link_close(&l);
}

static void session_survives(void)
{
	SSL_SESSION *session;
	struct link l;
	struct end *e;

	link_open(&l, ciphers[0]);
	e = &l.client;
	SSL_CTX_set_options(l.server_ctx, SSL_OP_NO_TICKET);
	link_restart(&l, NULL);
	e = &l.server;
	connected(&l, e, &calm);
	session = SSL_get1_session(l.client.ssl);
	detach(attach(e, 0));
	SSL_set_shutdown(l.client.ssl, SSL_SENT_SHUTDOWN);
	link_restart(&l, session);
	link_handshake(&l);
	ok(SSL_session_reused(l.client.ssl),
	   "session: resumed after SSL_free()");
	SSL_SESSION_free(session);
	link_close(&l);
}

static void window_width_is_the_option(void)
{
	struct kdtls_options opts = {
		.size = sizeof(opts),
		.window_bits = 128,
	};
	int i, fd = udp_socket(true);
	struct kdtls *k;
	struct link l;
	struct end *e = begin(&l, ciphers[0], SERVER);

	for (i = 0; i < 300; i++) {
		e->peer->sent = 0;
		e->peer->lose = i % 3 == 0;
		say(e->peer, "data");
		hears(e, "data");
	}
	ok(!kdtls_attach(e->ssl, fd, &opts, &k) &&
		   fake.params.window_bits == 128 &&
		   fake.window_len == 16 + 16 && window_is_exact(e),
	   "window of 128");
	detach(k);
	link_close(&l);
}

int main(void)
{
	int i;

	handover_matrix();
	for (i = 0; i < KINDS; i++)
		if (!(i & RESUMED)) {
			gaps_are_exact_and_forgeries_ignored(ciphers[0], i);
			gaps_are_exact_and_forgeries_ignored(ciphers[5], i);
		}
	for (i = 0; i < 2; i++) {
		flood_doesnt_stop_the_handshake(i);
		negotiated_length_is_kept(i);
	}
	full_tap_passes_nothing();
	for (i = 0; i <= UNTAPPED; i += UNTAPPED) {
		long_talk_before(SERVER | i);
		what_openssl_holds_comes_first(i);
		data_before_finished_is_kept(i);
		closing_is_handed_over((const uint8_t[]) { 1, 0 }, SERVER | i);
		closing_is_handed_over((const uint8_t[]) { 2, 80 }, SERVER | i);
	}
	session_survives();
	window_width_is_the_option();
	return finish();
}
