// SPDX-License-Identifier: GPL-2.0
/*
 * The secrets of TLS 1.3 in libkdtls: whence they come, where they go, and key
 * updates with a kernel that can follow them, and one that can't.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "core/post_handshake.h"
#include "core/schedule.h"
#include "core/stream_state.h"
#include "openssl/tap.h"
#include "stream/bed.h"

static struct pair start(int ours, bool takes_next_keys)
{
	struct pair p;

	begin(&p, &tls_13, cipher_of(&tls_13), ours, 0, takes_next_keys);
	return p;
}

static bool nothing_arrives(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 &&
	       errno == EAGAIN;
}

/* RFC 8448, 3: the server's application traffic, its key and its IV. */
static void keys_are_those_of_the_rfc(void)
{
	static const struct kdtls_secret secret = {
		.len = 32,
		.bytes = { 0xa1, 0x1a, 0xf9, 0xf0, 0x55, 0x31, 0xf8, 0x56,
			   0xad, 0x47, 0x11, 0x6b, 0x45, 0xa9, 0x50, 0x32,
			   0x82, 0x04, 0xb4, 0xf4, 0x4b, 0xfb, 0x6b, 0x3a,
			   0x4b, 0x4f, 0x1f, 0x3f, 0xcb, 0x63, 0x16, 0x43 },
	};
	static const uint8_t key[] = { 0x9f, 0x02, 0x28, 0x3b, 0x6c, 0x9c,
				       0x07, 0xef, 0xc2, 0x6b, 0xb9, 0xf2,
				       0xac, 0x92, 0xe3, 0x56 };
	static const uint8_t iv[] = { 0xcf, 0x78, 0x2b, 0x88, 0xdd, 0x83,
				      0x54, 0x9a, 0xad, 0xf1, 0xe9, 0x84 };
	struct kdtls_key got = { 0 };

	ok(kdtls_schedule_key(kdtls_openssl_expand,
			      kdtls_suite_find(TLS_CIPHER_AES_GCM_128), &secret,
			      &got) &&
		   !memcmp(got.key, key, sizeof(key)) &&
		   !memcmp(got.iv, iv, sizeof(iv)),
	   "key and IV of RFC 8448, 3");
}

/* A byte at a time, in two parts at any place, and at once. */
static void messages_in_parts(void)
{
	static const uint8_t bytes[] = {
		4, 0, 0, 3, 'a', 'b', 'c',      /* NewSessionTicket */
		4, 0, 0, 0, 24,  0,   0,   1, 1 /* KeyUpdate */
	};
	size_t at, len = sizeof(bytes);
	bool good = true;

	for (at = 0; at < len; at++) {
		struct kdtls_post_handshake post = { 0 };

		good &= kdtls_post_handshake(&post, TLS_1_3_VERSION, bytes,
					     at) == KDTLS_POST_NONE;
		good &= kdtls_post_handshake(&post, TLS_1_3_VERSION, bytes + at,
					     len - at) ==
			KDTLS_POST_UPDATE_REQUESTED;
		good &= !post.header_len;
	}
	ok(good, "messages in parts");
}

static void bad_messages(void)
{
	static const struct {
		uint16_t version;
		enum kdtls_post want;
		uint8_t bytes[6];
	} rows[] = {
		{ TLS_1_3_VERSION, KDTLS_POST_UPDATE, { 24, 0, 0, 1, 0 } },
		{ TLS_1_3_VERSION, KDTLS_POST_BAD, { 24, 0, 0, 1, 2 } },
		{ TLS_1_3_VERSION, KDTLS_POST_BAD, { 24, 0, 0, 2, 0 } },
		{ TLS_1_3_VERSION, KDTLS_POST_BAD, { 13, 0, 0, 1, 0 } },
		{ TLS_1_3_VERSION, KDTLS_POST_BAD, { 0, 0, 0, 0, 0 } },
		{ TLS_1_2_VERSION, KDTLS_POST_NONE, { 0, 0, 0, 0, 0 } },
		{ TLS_1_2_VERSION, KDTLS_POST_NONE, { 1, 0, 0, 1, 0 } },
		{ TLS_1_2_VERSION, KDTLS_POST_BAD, { 24, 0, 0, 1, 0 } },
	};
	static const uint8_t behind[] = { 24, 0, 0, 1, 0, 4 };
	struct kdtls_post_handshake post = { 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&post, 0, sizeof(post));
		ok(kdtls_post_handshake(&post, rows[i].version, rows[i].bytes,
					5) == rows[i].want,
		   "message %u in %#x", rows[i].bytes[0], rows[i].version);
	}
	memset(&post, 0, sizeof(post));
	ok(kdtls_post_handshake(&post, TLS_1_3_VERSION, behind,
				sizeof(behind)) == KDTLS_POST_BAD,
	   "nothing may follow a key update in its record");
}

static int lines;

static void count_line(const SSL *ssl, const char *line)
{
	(void)ssl;
	lines += *line != 0;
}

/* Contexts are shared: by SSLs that are tapped and others. */
static void applications_keylog_goes_on(void)
{
	struct pair p = start(CLIENT, false);
	SSL_CTX *ctx = p.c.of[CLIENT];
	SSL *ssl = SSL_new(ctx), *other = SSL_new(p.c.of[SERVER]);
	BIO *a, *b;
	int i;

	SSL_CTX_set_keylog_callback(ctx, count_line);
	BIO_new_bio_pair(&a, 0, &b, 0);
	SSL_set_bio(ssl, a, a);
	SSL_set_bio(other, b, b);
	SSL_set_connect_state(ssl);
	SSL_set_accept_state(other);
	expect(kdtls_tap(ssl), 0);
	for (i = 0; i < 4; i++) {
		SSL_do_handshake(ssl);
		SSL_do_handshake(other);
	}
	ok(SSL_is_init_finished(ssl) && lines >= 5,
	   "the application's callback gets %d lines", lines);
	ok(kdtls_tap_find(ssl)->course.secrets.client_traffic.len == 32,
	   "and the tap its secrets");
	SSL_free(ssl);
	SSL_free(other);
	/* The first is another connection's, whose own are still there. */
	if (expect(pair_attach(&p, 0), 0))
		ok(flows(&p, 20), "another one of the context");
	pair_close(&p);
}

static struct pair prepare(void (*change)(struct pair *p))
{
	struct pair p = start(CLIENT, false);
	struct pair q = p;
	int i;

	/* The same sockets again, with the handshake still to come. */
	SSL_free(p.ssl[OURS]);
	SSL_free(p.ssl[PEER]);
	q.ssl[OURS] = SSL_new(p.c.of[CLIENT]);
	q.ssl[PEER] = SSL_new(p.c.of[SERVER]);
	SSL_set_fd(q.ssl[OURS], q.fd[OURS]);
	SSL_set_fd(q.ssl[PEER], q.fd[PEER]);
	SSL_set_connect_state(q.ssl[OURS]);
	SSL_set_accept_state(q.ssl[PEER]);
	nonblocking(q.fd[OURS], true);
	nonblocking(q.fd[PEER], true);
	while (recv(q.fd[OURS], &p, 1, 0) > 0)
		;
	expect(kdtls_tap(q.ssl[OURS]), 0);
	change(&q);
	for (i = 0; i < 8; i++)
		SSL_do_handshake(q.ssl[i % 2]);
	if (!SSL_is_init_finished(q.ssl[OURS])) {
		ERR_print_errors_fp(stderr);
		ok(false, "handshake");
	}
	nonblocking(q.fd[OURS], false);
	nonblocking(q.fd[PEER], false);
	return q;
}

static void replace_callback(struct pair *p)
{
	SSL_CTX_set_keylog_callback(p->c.of[CLIENT], count_line);
}

static SSL_CTX *other_ctx;

static void replace_context(struct pair *p)
{
	other_ctx = SSL_CTX_new(TLS_method());
	SSL_set_SSL_CTX(p->ssl[OURS], other_ctx);
}

static void replace_and_tap_context(struct pair *p)
{
	replace_context(p);
	expect(kdtls_tap_context(other_ctx), 0);
}

static void secrets_that_are_missed(void)
{
	struct pair p = prepare(replace_callback);

	expect(pair_attach(&p, 0), -ENOKEY);
	pair_close(&p);
	p = prepare(replace_context);
	expect(pair_attach(&p, 0), -ENOKEY);
	pair_close(&p);
	SSL_CTX_free(other_ctx);
	p = prepare(replace_and_tap_context);
	if (expect(pair_attach(&p, 0), 0))
		ok(flows(&p, 20), "a context that was tapped, too");
	pair_close(&p);
	SSL_CTX_free(other_ctx);
}

static bool is_zero(const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len && !p[len - 1])
		len--;
	return !len;
}

/* A process that can't use them has none. */
static void secrets_are_wiped(bool takes_next_keys)
{
	struct pair p = start(SERVER, takes_next_keys);
	struct kdtls_tap *tap = kdtls_tap_find(p.ssl[OURS]);

	expect(kdtls_attach(p.ssl[OURS], p.fd[OURS], NULL, &p.k), 0);
	ok(is_zero(&tap->course.secrets, sizeof(tap->course.secrets)),
	   "the tap has no secrets any more");
	ok(is_zero(&p.k->stream->tx_secret, sizeof(struct kdtls_secret)) ==
			   !takes_next_keys &&
		   p.k->stream->rx_secret.len == (takes_next_keys ? 32 : 0) &&
		   is_zero(&p.k->keys, sizeof(p.k->keys)),
	   "secrets are kept only for key updates");
	pair_close(&p);
}

static void update_where_the_kernel_cant(int ours)
{
	struct pair p = start(ours, false);
	char buf[8];

	expect(pair_attach(&p, 0), 0);
	flows(&p, 10);
	expect(kdtls_rekey(p.k), -EOPNOTSUPP);
	ok(nothing_arrives(p.fd[PEER]) && flows(&p, 20), "nothing has happened");
	say(p.ssl[PEER], 30);
	SSL_key_update(p.ssl[PEER], SSL_KEY_UPDATE_REQUESTED);
	say(p.ssl[PEER], 31);
	ok(we_hear(&p, 30), "data before the peer's update");
	expect(kdtls_recv(p.k, NULL, buf, sizeof(buf), 0), -EKEYEXPIRED);
	expect(kdtls_recv(p.k, NULL, buf, sizeof(buf), 0), -EKEYEXPIRED);
	expect(kdtls_close_notify(p.k), 0);
	ok(SSL_read(p.ssl[PEER], buf, sizeof(buf)) <= 0 &&
		   SSL_get_shutdown(p.ssl[PEER]) == SSL_RECEIVED_SHUTDOWN,
	   "close_notify can be said");
	pair_close(&p);
}

static void update_where_the_kernel_can(int ours)
{
	struct dtls_stats stats = { 0 };
	struct pair p = start(ours, true);
	int i;

	expect(pair_attach(&p, 0), 0);
	flows(&p, 10);
	for (i = 0; i < 3; i++) {
		expect(kdtls_rekey(p.k), 0);
		ok(fake.tx.keys == 2 + i && flows(&p, 20 + i) &&
			   flows(&p, 30 + i),
		   "data after a key update");
	}
	ok(fake.rx.keys == 4, "the peer has followed");
	/* Four, then two for each of three; and as many key updates. */
	ok(!kdtls_stats(p.k, &stats, sizeof(stats)) && stats.tx_records == 10,
	   "%llu records counted", (unsigned long long)stats.tx_records);
	pair_close(&p);
}

/* An answer goes out before what's sent next, and only one. */
static void update_requested_by_the_peer(int request)
{
	struct pair p = start(CLIENT, true);
	int i;

	expect(pair_attach(&p, 0), 0);
	flows(&p, 10);
	for (i = 0; i < 2; i++) {
		SSL_key_update(p.ssl[PEER], request);
		say(p.ssl[PEER], 40 + i);
	}
	ok(we_hear(&p, 40) && we_hear(&p, 41) && nothing_arrives(p.fd[PEER]) &&
		   fake.rx.keys == 3 && fake.tx.keys == 1,
	   "no answer from the receiver");
	ok(flows(&p, 50) && flows(&p, 51) &&
		   fake.tx.keys == (request == SSL_KEY_UPDATE_REQUESTED ? 2 : 1),
	   "one answer from the sender, if it was asked for");
	pair_close(&p);
}

/* Data only, peeked, by single bytes: a key update is never seen. */
static void update_amid_data(int flags, size_t size)
{
	struct pair p = start(CLIENT, true);
	unsigned char type;
	char buf[64];
	int i, n = 0;

	expect(pair_attach(&p, 0), 0);
	for (i = 0; i < 2; i++) {
		SSL_key_update(p.ssl[PEER], SSL_KEY_UPDATE_NOT_REQUESTED);
		SSL_write(p.ssl[PEER], "data", 4);
		for (n = 0; n < 4 && kdtls_recv(p.k, i ? &type : NULL, buf,
						size, flags) > 0;)
			n += kdtls_recv(p.k, NULL, buf, size, 0);
	}
	ok(n == 4 && fake.rx.keys == 3, "flags %#x, %zu bytes: data only",
	   (unsigned int)flags, size);
	pair_close(&p);
}

static void update_refused_late(void)
{
	struct pair p = start(CLIENT, true);

	expect(pair_attach(&p, 0), 0);
	fake.refuse = TLS_TX;
	fake.error = ENOMEM;
	expect(kdtls_rekey(p.k), -EKEYREJECTED);
	ok(kdtls_send(p.k, KDTLS_DATA, "x", 1, 0) == -EKEYREJECTED &&
		   kdtls_rekey(p.k) == -EKEYREJECTED,
	   "then nothing can be sent");
	pair_close(&p);
}

int main(void)
{
	int i;

	keys_are_those_of_the_rfc();
	messages_in_parts();
	bad_messages();
	applications_keylog_goes_on();
	secrets_that_are_missed();
	for (i = 0; i < 2; i++) {
		secrets_are_wiped(i);
		update_where_the_kernel_cant(i);
		update_where_the_kernel_can(i);
		update_requested_by_the_peer(i ? SSL_KEY_UPDATE_REQUESTED :
						 SSL_KEY_UPDATE_NOT_REQUESTED);
	}
	update_amid_data(MSG_PEEK, 64);
	update_amid_data(MSG_PEEK, 2);
	update_refused_late();
	return finish();
}
