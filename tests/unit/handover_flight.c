// SPDX-License-Identifier: GPL-2.0
/*
 * The last flight of a handshake is lost, and the end that sent it has handed
 * over already: libkdtls answers the other one's repeated Finished. The fake
 * kernel sends and receives on the link here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/association.h"
#include "handover/bed.h"

static const char *name_of(int kind)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s, %s, %s, %s",
		 kind & SERVER ? "server" : "client",
		 kind & RESUMED ? "resumed" : "full",
		 kind & NO_TICKET ? "no ticket" : "ticket",
		 kind & UNTAPPED ? "probed" : "tapped");
	return name;
}

/* The server in a full handshake, the client in a resumed one. */
static bool sends_last(int kind)
{
	return !(kind & SERVER) == !!(kind & RESUMED);
}

/* What has arrived at the end that was handed over: nothing to be given out. */
static bool kernel_is_silent(struct kdtls *k)
{
	unsigned char type;
	char byte;

	return kdtls_recv(k, &type, &byte, 1, MSG_DONTWAIT) == -EAGAIN;
}

static bool peer_finishes(struct end *e, struct kdtls *k)
{
	bool silent = true;
	int i;

	for (i = 0; i < 20; i++) {
		end_settle(e->peer);
		silent &= kernel_is_silent(k);
		if (SSL_is_init_finished(e->peer->ssl) && !e->peer->inbox)
			return silent;
		link_wait(1);
		DTLSv1_handle_timeout(e->peer->ssl);
	}
	return false;
}

static void check_alive(struct end *e, struct kdtls *k, const char *name)
{
	e->lose = 0;
	ok(kdtls_send(k, KDTLS_DATA, "from here", 9, 0) == 9 &&
		   hears(e->peer, "from here"),
	   "%s: data to the peer", name);
	say(e->peer, "from there");
	ok(recv_is(k, 23, "from there", 10), "%s: data from the peer", name);
	ok(!e->reused && !e->peer->reused, "%s: no number is used twice", name);
}

static void lost_flight_is_repeated(int kind, uint64_t lose)
{
	struct link l;
	struct end *e = begin_tapped(&l, kind);
	struct kdtls *k = attach_at_last_flight(&l, e, kind, lose);
	char name[128];

	snprintf(name, sizeof(name), "%s, lost %#llx", name_of(kind),
		 (unsigned long long)lose);
	ok(!!SSL_session_reused(e->ssl) == !!(kind & RESUMED) &&
		   k->flight.is_whole,
	   "%s: the flight is kept", name);
	ok(peer_finishes(e, k), "A16 lost flight is repeated [%s]", name);
	check_alive(e, k, name);
	detach(k);
	link_close(&l);
}

/* Each datagram of the flight lost, and of its repetition, and of both. */
static void lost_flights_are_repeated(int kind)
{
	/* OpenSSL sends one; the library one a record. */
	int repeated = kind & (RESUMED | NO_TICKET) ? 2 : 3;
	int i;

	lost_flight_is_repeated(kind, 1);
	for (i = 0; i < repeated; i++)
		lost_flight_is_repeated(kind, 1 | 2 << i);
	lost_flight_is_repeated(kind, (2 << repeated) - 1);
	lost_flight_is_repeated(kind, (2 << 2 * repeated) - 1);
}

/* Theirs comes twice since ours was lost: it isn't for the application. */
static void flight_of_the_peer_is_hidden(int kind)
{
	struct link l;
	struct end *e = begin_tapped(&l, kind);
	struct kdtls *k;
	uint8_t finished[24] = { 20, 0, 0, 12, [11] = 12 }, record[128];
	size_t len;

	link_handshake(&l);
	/* The peer's hand-over tells the fake its key. */
	detach(attach(e->peer, 0));
	len = fake_seal(&fake.tx, 9, 22, finished, sizeof(finished), record);
	fake_install();
	k = attach(e, 0);
	fake.end = e;
	e->sent = 0;
	end_inject(e, record, len, false);
	ok(!k->flight.is_whole && kernel_is_silent(k) && !e->sent,
	   "%s: who didn't send last doesn't answer", name_of(kind));
	detach(k);
	link_close(&l);
}

/* The end that was handed over, and the key that its peer seals with. */
static struct kdtls *established(struct link *l, struct end **e,
				 struct fake_key *theirs)
{
	struct kdtls *k;

	*e = begin_tapped(l, SERVER);
	link_handshake(l);
	detach(attach((*e)->peer, 0));
	*theirs = fake.tx;
	fake_install();
	k = attach(*e, 0);
	fake.end = *e;
	(*e)->sent = 0;
	return k;
}

static void inject(struct end *e, struct fake_key *key, uint8_t type,
		   const void *content, size_t content_len)
{
	uint8_t record[128];
	size_t len =
		fake_seal(key, key->seq++, type, content, content_len, record);

	end_inject(e, record, len, false);
}

/* Three datagrams an answer: ticket, ChangeCipherSpec, Finished. */
static void answers_are_bounded(void)
{
	static const uint8_t finished[24] = { 20, 0, 0, 12, [11] = 12 };
	struct fake_key theirs;
	struct kdtls *k;
	struct link l;
	struct end *e;
	int i;

	k = established(&l, &e, &theirs);
	for (i = 0; i < 5; i++)
		inject(e, &theirs, 22, finished, sizeof(finished));
	ok(kernel_is_silent(k) && e->sent == 3, "five at once: one answer");
	link_wait(1);
	inject(e, &theirs, 22, finished, sizeof(finished));
	ok(kernel_is_silent(k) && e->sent == 6, "a second later: another");
	link_wait(238);
	inject(e, &theirs, 22, finished, sizeof(finished));
	ok(kernel_is_silent(k) && e->sent == 9, "after 239 seconds: another");
	link_wait(1);
	inject(e, &theirs, 22, finished, sizeof(finished));
	ok(kernel_is_silent(k) && e->sent == 9 && !k->flight.is_whole &&
		   !k->flight.clear.bytes,
	   "after 240 seconds: none, and it's forgotten");
	ok(!e->reused, "bounded answers: no number is used twice");
	detach(k);
	link_close(&l);
}

/* However it's read, nobody sees what isn't for the application. */
static void reading_skips_what_is_ours(void)
{
	static const uint8_t hello_request[12], client_hello[40] = { 1 };
	static const uint8_t finished[24] = { 20, 0, 0, 12, [11] = 12 };
	struct fake_key theirs;
	unsigned char type;
	struct kdtls *k;
	struct link l;
	struct end *e;
	char buf[16];

	k = established(&l, &e, &theirs);
	inject(e, &theirs, 22, hello_request, sizeof(hello_request));
	inject(e, &theirs, 22, client_hello, sizeof(client_hello));
	inject(e, &theirs, 22, finished, sizeof(finished));
	inject(e, &theirs, 23, "data", 4);
	ok(kdtls_recv(k, &type, buf, 2, MSG_PEEK | MSG_DONTWAIT) == 2 &&
		   type == 23 && !memcmp(buf, "da", 2) && e->sent == 3,
	   "peeking skips them, and answers");
	ok(kdtls_recv(k, &type, buf, 2, MSG_TRUNC | MSG_DONTWAIT) == 4,
	   "the length of a record is its own");
	inject(e, &theirs, 22, client_hello, sizeof(client_hello));
	inject(e, &theirs, 23, "more", 4);
	ok(kdtls_recv(k, &type, NULL, 0, MSG_DONTWAIT) == 0 && type == 23,
	   "no room at all skips them");
	inject(e, &theirs, 22, client_hello, sizeof(client_hello));
	inject(e, &theirs, 23, "data", 4);
	ok(kdtls_recv(k, NULL, buf, sizeof(buf), MSG_DONTWAIT) == 4,
	   "data only skips them");
	inject(e, &theirs, 22, client_hello, sizeof(client_hello));
	inject(e, &theirs, 22, "\x04other", 6);
	ok(kdtls_recv(k, NULL, buf, sizeof(buf), MSG_DONTWAIT) == -EIO &&
		   recv_is(k, 22, "\x04other", 6),
	   "another message stands first in line, then comes");
	inject(e, &theirs, 21, "\x01\x5a", 2);
	ok(kdtls_recv(k, NULL, buf, sizeof(buf), MSG_DONTWAIT) == -EIO &&
		   recv_is(k, 21, "\x01\x5a", 2),
	   "so does an alert");
	detach(k);
	link_close(&l);
}

static void record_may_be_brought(void)
{
	static const uint8_t finished[24] = { 20, 0, 0, 12, [11] = 12 };
	struct fake_key theirs;
	struct kdtls *k;
	struct link l;
	struct end *e;

	k = established(&l, &e, &theirs);
	ok(kdtls_handshake_record(k, finished, sizeof(finished)) == 1 &&
		   e->sent == 3,
	   "a Finished that was brought is answered");
	ok(kdtls_handshake_record(k, "\0", 1) == 1 &&
		   kdtls_handshake_record(k, "\x01", 1) == 1 && e->sent == 3,
	   "hellos are taken");
	ok(!kdtls_handshake_record(k, "\x04", 1) &&
		   !kdtls_handshake_record(k, "", 0),
	   "others aren't");
	detach(k);
	link_close(&l);
}

int main(void)
{
	int kind;

	for (kind = 0; kind < 2 * KINDS; kind++)
		if (sends_last(kind))
			lost_flights_are_repeated(kind);
		else
			flight_of_the_peer_is_hidden(kind);
	answers_are_bounded();
	reading_skips_what_is_ours();
	record_may_be_brought();
	return finish();
}
