// SPDX-License-Identifier: GPL-2.0
/*
 * libkdtls over TCP without a kernel's TLS: two OpenSSL ends, of which one is
 * handed over to a fake. What that was told must fit the real records.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "stream/bed.h"

static const char *const suites_12[] = {
	"ECDHE-ECDSA-AES128-GCM-SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384",
	"ECDHE-ECDSA-CHACHA20-POLY1305",
	"ECDHE-ECDSA-AES128-CCM",
};
static const char *const suites_13[] = {
	"TLS_AES_128_GCM_SHA256",
	"TLS_AES_256_GCM_SHA384",
	"TLS_CHACHA20_POLY1305_SHA256",
	"TLS_AES_128_CCM_SHA256",
};

/* How much is said before the hand-over. */
static void talk(struct pair *p, int records)
{
	int i;

	for (i = 0; i < records; i++) {
		say(p->ssl[OURS], i * 5 + 1);
		hear(p->ssl[PEER], i * 5 + 1);
		if (i % 3 == 0)
			continue;
		say(p->ssl[PEER], i * 7 + 1);
		hear(p->ssl[OURS], i * 7 + 1);
	}
}

static void handover_is_exact(const struct transport *t, const char *cipher,
			      int ours, int records, int how)
{
	struct pair p;

	begin(&p, t, cipher, ours, how, false);
	talk(&p, records);
	if (expect(pair_attach(&p, 0), 0)) {
		ok(flows(&p, 100) && flows(&p, 1), "%s: %d records before, %#x",
		   cipher, records, (unsigned int)how);
		ok(!fake.tx.version || fake.tx.version == fake.rx.version,
		   "%s: version", cipher);
	}
	pair_close(&p);
}

static void handover_matrix(void)
{
	static const int records[] = { 0, 1, 300, 0, 0 };
	static const int hows[] = { 0, PAIR_READ_AHEAD, 0, PAIR_RESUMED,
				    PAIR_RETRY };
	size_t i, r;
	int ours;

	for (ours = 0; ours < ENDS; ours++)
		for (r = 0; r < 5; r++)
			for (i = 0; i < 4; i++) {
				handover_is_exact(&tls_12, suites_12[i], ours,
						  records[r], hows[r]);
				handover_is_exact(&tls_13, suites_13[i], ours,
						  records[r], hows[r]);
			}
}

/* The peer's record, which doesn't go out by itself. */
static size_t cut_out(struct pair *p, int len, uint8_t *record)
{
	BIO *wire = SSL_get_wbio(p->ssl[PEER]), *mem = BIO_new(BIO_s_mem());
	int n;

	BIO_up_ref(wire);
	SSL_set0_wbio(p->ssl[PEER], mem);
	say(p->ssl[PEER], len);
	n = BIO_read(mem, record, 2048);
	SSL_set0_wbio(p->ssl[PEER], wire);
	return n;
}

static void record_in_part(const struct transport *t, size_t part, int how)
{
	uint8_t record[2048];
	struct pair p;
	size_t len;

	begin(&p, t, cipher_of(t), CLIENT, how, false);
	talk(&p, 2);
	len = cut_out(&p, 1000, record);
	send(p.fd[PEER], record, part, 0);
	nonblocking(p.fd[OURS], true);
	ok(SSL_read(p.ssl[OURS], record + sizeof(record) - 9, 9) < 0,
	   "%s: OpenSSL waits for the rest of %zu", t->name, part);
	expect(pair_attach(&p, 0), -EAGAIN);
	expect(pair_attach(&p, 0), -EAGAIN);
	send(p.fd[PEER], record + part, len - part, 0);
	say(p.ssl[PEER], 50);
	nonblocking(p.fd[OURS], false);
	if (expect(pair_attach(&p, 0), 0))
		ok(kdtls_pending(p.k) == 1 && we_hear(&p, 1000) &&
			   we_hear(&p, 50) && flows(&p, 10),
		   "%s: a record of which %zu bytes had come", t->name, part);
	pair_close(&p);
}

/* What it hasn't been asked for it mustn't have. */
static void read_ahead_leaves_the_rest(const struct transport *t)
{
	char buf[4];
	struct pair p;
	int i;

	begin(&p, t, cipher_of(t), SERVER, PAIR_READ_AHEAD, false);
	for (i = 0; i < 5; i++)
		say(p.ssl[PEER], 100 + i);
	ok(SSL_read(p.ssl[OURS], buf, sizeof(buf)) == sizeof(buf) &&
		   SSL_pending(p.ssl[OURS]) == 96,
	   "%s: read ahead: a record half read", t->name);
	if (expect(pair_attach(&p, 0), 0)) {
		ok(kdtls_recv(p.k, NULL, buf, 4, MSG_PEEK) == 4 &&
			   kdtls_recv(p.k, NULL, buf, 4, 0) == 4 &&
			   kdtls_pending(p.k) == 1 && we_hear_rest(&p, 92) &&
			   !kdtls_pending(p.k),
		   "%s: read ahead: its rest, in pieces", t->name);
		ok(we_hear(&p, 101) && we_hear(&p, 102) && we_hear(&p, 103) &&
			   we_hear(&p, 104),
		   "%s: read ahead: the others are the kernel's", t->name);
	}
	pair_close(&p);
}

static int read_some(SSL *ssl)
{
	static char buf[16384];
	int n, got = 0;

	while ((n = SSL_read(ssl, buf, sizeof(buf))) > 0)
		got += n;
	return got;
}

/* OpenSSL has sealed a record that doesn't get out. */
static void record_written_in_part(const struct transport *t)
{
	static char text[16384];
	int n, sent = 0, got = 0;
	struct pair p;

	begin(&p, t, cipher_of(t), CLIENT, 0, false);
	nonblocking(p.fd[OURS], true);
	nonblocking(p.fd[PEER], true);
	while ((n = SSL_write(p.ssl[OURS], text, sizeof(text))) > 0)
		sent += n;
	expect(pair_attach(&p, 0), -EAGAIN);
	while ((n = SSL_write(p.ssl[OURS], text, sizeof(text))) < 0)
		got += read_some(p.ssl[PEER]);
	sent += n;
	while (got < sent)
		got += read_some(p.ssl[PEER]);
	nonblocking(p.fd[OURS], false);
	nonblocking(p.fd[PEER], false);
	ok(got == sent, "%s: %d bytes were written", t->name, sent);
	if (expect(pair_attach(&p, 0), 0))
		ok(flows(&p, 10), "%s: after a write that got stuck", t->name);
	pair_close(&p);
}

static void is_sealed(const struct transport *t)
{
	struct kdtls *k = NULL;
	struct pair p;
	char buf[64];
	int n;

	begin(&p, t, cipher_of(t), SERVER, 0, false);
	/* The peer has then read its tickets. */
	talk(&p, 2);
	expect(kdtls_attach(p.ssl[OURS], p.fd[OURS], NULL, &k), 0);
	n = SSL_write(p.ssl[OURS], "x", 1);
	SSL_shutdown(p.ssl[OURS]);
	SSL_set_shutdown(p.ssl[OURS], 0);
	SSL_set_quiet_shutdown(p.ssl[OURS], 0);
	n += SSL_write(p.ssl[OURS], "x", 1);
	SSL_key_update(p.ssl[OURS], SSL_KEY_UPDATE_NOT_REQUESTED);
	SSL_do_handshake(p.ssl[OURS]);
	SSL_shutdown(p.ssl[OURS]);
	nonblocking(p.fd[PEER], true);
	ok(n == -2 && recv(p.fd[PEER], buf, sizeof(buf), 0) < 0 &&
		   SSL_read(p.ssl[OURS], buf, 1) < 0,
	   "%s: OpenSSL is sealed", t->name);
	expect(kdtls_attach(p.ssl[OURS], p.fd[OURS], NULL, &p.k), -ESHUTDOWN);
	SSL_set_shutdown(p.ssl[OURS], SSL_SENT_SHUTDOWN);
	expect(kdtls_attach(p.ssl[OURS], p.fd[OURS], NULL, &p.k), -ESHUTDOWN);
	kdtls_free(k);
	pair_close(&p);
}

/* With what @errno the call fails, after which OpenSSL goes on. */
static void kernel_refuses(const struct transport *t, int option, int error,
			   int want)
{
	struct pair p;

	begin(&p, t, cipher_of(t), CLIENT, 0, false);
	fake.refuse = option;
	fake.error = error;
	fake.other_ulp = error == EEXIST;
	say(p.ssl[PEER], 10);
	SSL_peek(p.ssl[OURS], &option, 1);
	expect(pair_attach(&p, 0), want);
	hear(p.ssl[OURS], 10);
	talk(&p, 3);
	fake.other_ulp = false;
	fake.refuse = 0;
	if (expect(pair_attach(&p, 0), 0))
		ok(flows(&p, 10), "%s: a second try after %s", t->name,
		   strerror(error));
	pair_close(&p);
}

static void one_failure_is_final(const struct transport *t)
{
	struct pair p;

	begin(&p, t, cipher_of(t), CLIENT, 0, false);
	fake.refuse = TLS_RX;
	fake.error = ENOMEM;
	expect(pair_attach(&p, 0), -EKEYREJECTED);
	ok(SSL_write(p.ssl[OURS], "x", 1) < 0, "%s: and OpenSSL is sealed",
	   t->name);
	pair_close(&p);
}

static void bad_arguments(const struct transport *t)
{
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	struct kdtls *k;
	struct pair p;

	begin(&p, t, cipher_of(t), CLIENT, 0, false);
	expect(kdtls_attach(p.ssl[OURS], udp, NULL, &k), -EPROTOTYPE);
	expect(kdtls_attach(p.ssl[OURS], tcp, NULL, &k), -ENOTCONN);
	expect(kdtls_attach(p.ssl[OURS], -1, NULL, &k), -EBADF);
	expect(kdtls_tap(p.ssl[OURS]), -EEXIST);
	SSL_key_update(p.ssl[OURS], SSL_KEY_UPDATE_NOT_REQUESTED);
	if (t == &tls_13)
		expect(pair_attach(&p, 0), -EINPROGRESS);
	SSL_clear_options(p.ssl[OURS], SSL_OP_NO_RENEGOTIATION);
	if (t == &tls_12)
		expect(pair_attach(&p, 0), -EINVAL);
	pair_close(&p);
	begin(&p, &dtls_12, "ECDHE-ECDSA-AES128-GCM-SHA256", CLIENT, 0, false);
	expect(kdtls_attach(p.ssl[OURS], tcp, NULL, &k), -EPROTOTYPE);
	pair_close(&p);
	begin(&p, t, cipher_of(t), CLIENT, PAIR_UNTAPPED, false);
	expect(pair_attach(&p, 0), -ENODATA);
	expect(kdtls_tap(p.ssl[OURS]), -EALREADY);
	pair_close(&p);
	close(udp);
	close(tcp);
}

/* A key update before the hand-over is known for one. */
static void updated_before(int who)
{
	struct pair p;

	begin(&p, &tls_13, cipher_of(&tls_13), CLIENT, 0, false);
	SSL_key_update(p.ssl[who], SSL_KEY_UPDATE_NOT_REQUESTED);
	SSL_do_handshake(p.ssl[who]);
	nonblocking(p.fd[OURS], true);
	SSL_peek(p.ssl[OURS], &who, 1);
	expect(pair_attach(&p, 0), -EPROTO);
	nonblocking(p.fd[OURS], false);
	talk(&p, 2);
	expect(pair_attach(&p, 0), -EBADMSG);
	talk(&p, 2);
	pair_close(&p);
}

int main(void)
{
	static const struct transport *const both[] = { &tls_12, &tls_13 };
	static const size_t parts[] = { 1, 4, 5, 6, 700 };
	size_t t, i;

	handover_matrix();
	for (t = 0; t < 2; t++) {
		for (i = 0; i < 5; i++)
			record_in_part(both[t], parts[i],
				       i % 2 ? PAIR_READ_AHEAD : 0);
		read_ahead_leaves_the_rest(both[t]);
		record_written_in_part(both[t]);
		is_sealed(both[t]);
		kernel_refuses(both[t], TCP_ULP, ENOENT, -ENOENT);
		kernel_refuses(both[t], TCP_ULP, EEXIST, -EEXIST);
		kernel_refuses(both[t], TLS_TX, EBUSY, -EBUSY);
		kernel_refuses(both[t], TLS_TX, EINVAL, -EINVAL);
		one_failure_is_final(both[t]);
		bad_arguments(both[t]);
	}
	updated_before(OURS);
	updated_before(PEER);
	return finish();
}
