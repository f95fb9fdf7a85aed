// SPDX-License-Identifier: GPL-2.0
/*
 * One program over datagrams and streams: DTLS 1.2 on UDP, TLS 1.2 and 1.3 on
 * TCP. Up to the line "of streams only" it doesn't ask which it is.
 */
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "live/pair.h"

#define FILE_LEN 40000

static int tests, failures;
static char variant[96];

__attribute__((format(printf, 2, 3))) static bool ok(bool good,
						     const char *format, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tests);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf(" [%s]\n", variant);
	fflush(stdout);
	failures += !good;
	return good;
}

static bool peer_hears(struct pair *p, const void *content, size_t len)
{
	static char buf[FILE_LEN];
	size_t got = 0;
	int n;

	while (got < len) {
		n = SSL_read(p->ssl[PEER], buf + got, sizeof(buf) - got);
		if (n <= 0)
			return false;
		got += n;
	}
	return got == len && !memcmp(buf, content, len);
}

static bool peer_says(struct pair *p, const void *content, size_t len)
{
	return SSL_write(p->ssl[PEER], content, len) == (int)len;
}

static bool we_hear(struct pair *p, unsigned char type, const void *content,
		    size_t len)
{
	unsigned char got_type = 0;
	char buf[2048];
	ssize_t n = kdtls_recv(p->k, &got_type, buf, sizeof(buf), 0);

	if (n < 0)
		printf("# kdtls_recv: %s\n", strerror(-n));
	return n == (ssize_t)len && got_type == type &&
	       !memcmp(buf, content, n);
}

/* Numbers that aren't those of the handshake any more. */
static bool talk_before(struct pair *p)
{
	char buf[1200] = "before";
	int i, n;

	for (i = 1; i <= 40; i++) {
		n = SSL_write(p->ssl[OURS], buf, i * 30);
		if (n != i * 30 || !peer_hears(p, buf, n))
			return false;
		if (i % 2 && (!peer_says(p, buf, i) ||
			      SSL_read(p->ssl[OURS], buf, sizeof(buf)) != i))
			return false;
	}
	return true;
}

/* A record of which OpenSSL has given out a part. */
static bool leave_early_data(struct pair *p)
{
	char buf[2];

	return peer_says(p, "early", 5) &&
	       SSL_read(p->ssl[OURS], buf, 2) == 2 && !memcmp(buf, "ea", 2);
}

static void check_early_data(struct pair *p)
{
	char buf[8];

	ok(kdtls_pending(p->k) == 1 &&
		   kdtls_recv(p->k, NULL, buf, sizeof(buf), MSG_PEEK) == 3 &&
		   we_hear(p, KDTLS_DATA, "rly", 3) && !kdtls_pending(p->k),
	   "what OpenSSL held comes first");
}

static bool exchange(struct pair *p, size_t len)
{
	char text[1200];

	memset(text, 'a' + len % 26, sizeof(text));
	return kdtls_send(p->k, KDTLS_DATA, text, len, 0) == (ssize_t)len &&
	       peer_hears(p, text, len) && peer_says(p, text, len) &&
	       we_hear(p, KDTLS_DATA, text, len);
}

static void check_counters(struct pair *p, uint64_t records)
{
	struct dtls_stats stats = { 0 };
	int err = kdtls_stats(p->k, &stats, sizeof(stats));

	ok(!err && stats.tx_records == records && stats.rx_delivered == records,
	   "counters: %llu records sent, %llu received",
	   (unsigned long long)stats.tx_records,
	   (unsigned long long)stats.rx_delivered);
}

static void check_data_and_counters(struct pair *p)
{
	struct dtls_info before = { 0 }, after = { 0 };
	bool good = !kdtls_info(p->k, &before, sizeof(before));
	int i;

	for (i = 1; i <= 20; i++)
		good &= exchange(p, i * 60);
	ok(good, "data flows both ways");
	check_counters(p, 20);
	good = !kdtls_info(p->k, &after, sizeof(after));
	ok(good && after.tx_next == before.tx_next + 20 &&
		   after.tx_cipher == after.rx_cipher && after.tx_cipher &&
		   after.tx_overhead >= 21,
	   "information: next number %llu", (unsigned long long)after.tx_next);
	i = kdtls_max_payload(p->k);
	ok(i >= 1200 && i <= 16384 && kdtls_fd(p->k) == p->fd[OURS],
	   "payload of %d, %s", i, kdtls_cipher(p->k));
}

static char *file_content(void)
{
	static char content[FILE_LEN];
	int i;

	for (i = 0; i < FILE_LEN; i++)
		content[i] = i * 7 + i / 256;
	return content;
}

static void check_sendfile(struct pair *p)
{
	int in_fd = memfd_create("content", 0);
	char *content = file_content();
	off_t offset = 0;
	ssize_t n = 1;

	if (in_fd < 0 || write(in_fd, content, FILE_LEN) != FILE_LEN)
		err(1, "memfd");
	while (n > 0 && offset < FILE_LEN)
		n = kdtls_sendfile(p->k, in_fd, &offset, FILE_LEN - offset);
	if (n < 0)
		printf("# kdtls_sendfile: %s\n", strerror(-n));
	ok(offset == FILE_LEN && peer_hears(p, content, FILE_LEN),
	   "a file is sent");
	close(in_fd);
}

static void check_close(struct pair *p)
{
	char buf[8];
	int n;

	ok(!kdtls_close_notify(p->k), "close_notify is sent");
	n = SSL_read(p->ssl[PEER], buf, sizeof(buf));
	ok(n <= 0 && SSL_get_error(p->ssl[PEER], n) == SSL_ERROR_ZERO_RETURN,
	   "close_notify arrives");
	SSL_shutdown(p->ssl[PEER]);
	ok(kdtls_recv(p->k, NULL, buf, sizeof(buf), 0) == -EIO,
	   "an alert isn't data");
	ok(we_hear(p, KDTLS_ALERT, "\1", 2), "the peer's close_notify arrives");
}

static void check_whole_life(struct pair *p, unsigned int flags)
{
	ok(talk_before(p) && leave_early_data(p), "talk before the hand-over");
	if (!ok(!pair_attach(p, flags), "hand-over")) {
		printf("# %s\n", kdtls_error_text());
		return;
	}
	check_early_data(p);
	check_data_and_counters(p);
	check_sendfile(p);
	ok(exchange(p, 1000), "data flows on");
	check_close(p);
}

/* As it comes, without an end of the handshake that would wait for anything. */
static void check_at_once(struct pair *p)
{
	if (ok(!pair_attach(p, 0), "hand-over at once"))
		ok(exchange(p, 500) && !kdtls_close_notify(p->k),
		   "data flows both ways at once");
	else
		printf("# %s\n", kdtls_error_text());
}

/* A record of the right shape that nobody has sealed. */
static void check_forged(struct pair *p)
{
	static const char version[][2] = { { 3, 3 },
					   { (char)0xfe, (char)0xfd } };
	bool is_stream = p->transport->is_stream;
	char record[100] = { KDTLS_DATA };
	struct dtls_stats stats;
	size_t header = is_stream ? 5 : 13;
	char buf[100];
	ssize_t n;

	memcpy(record + 1, version[!is_stream], 2);
	if (!is_stream)
		record[4] = 1, record[10] = 99;
	record[header - 1] = sizeof(record) - header;
	if (pair_attach(p, 0) ||
	    write(p->fd[PEER], record, sizeof(record)) < 0) {
		ok(false, "a forged record: %s", kdtls_error_text());
		return;
	}
	n = kdtls_recv(p->k, NULL, buf, sizeof(buf),
		       is_stream ? 0 : MSG_DONTWAIT);
	ok(n == (is_stream ? -EBADMSG : -EAGAIN) &&
		   !kdtls_stats(p->k, &stats, sizeof(stats)) &&
		   stats.rx_bad_tag == 1,
	   "a forged record gives %s and is counted", strerror(-n));
}

/* From here on: of streams only. */

static void check_end(struct pair *p)
{
	char buf[8];

	shutdown(p->fd[PEER], SHUT_WR);
	ok(kdtls_recv(p->k, NULL, buf, sizeof(buf), 0) == 0,
	   "the end after close_notify");
}

static void check_truncation(struct pair *p)
{
	unsigned char type;
	char buf[8];

	if (!ok(!pair_attach(p, 0) && exchange(p, 10),
		"data before a truncation"))
		return;
	shutdown(p->fd[PEER], SHUT_WR);
	ok(kdtls_recv(p->k, NULL, buf, sizeof(buf), 0) == -ECONNABORTED &&
		   kdtls_recv(p->k, &type, buf, sizeof(buf), 0) == -ECONNABORTED,
	   "the end without close_notify is a truncation");
	ok(kdtls_detach(p->k, DTLS_DETACH_REFUSE) == -EOPNOTSUPP &&
		   kdtls_export(p->k, NULL, 0) == -EOPNOTSUPP &&
		   kdtls_is_stream(p->k),
	   "a stream can't be exported or detached");
}

static void check_short_records(struct pair *p)
{
	char *content = file_content();
	size_t done = 0;
	ssize_t n;

	if (pair_attach(p, 0)) {
		ok(false, "short records: %s", kdtls_error_text());
		return;
	}
	ok(kdtls_max_payload(p->k) == 512, "E2 longest payload is known");
	while (done < 2000) {
		n = kdtls_send(p->k, KDTLS_DATA, content + done, 2000 - done,
			       MSG_MORE);
		if (n <= 0 || n > 512)
			break;
		done += n;
	}
	ok(done == 2000 && peer_hears(p, content, 2000),
	   "E2 no record is longer than agreed on");
}

/* Both directions' keys change, if this kernel can; if not, nothing happens. */
static void check_rekey(struct pair *p)
{
	char buf[8];
	int i, n;

	if (pair_attach(p, 0)) {
		ok(false, "key update: %s", kdtls_error_text());
		return;
	}
	n = kdtls_rekey(p->k);
	ok(n == 0 || n == -EOPNOTSUPP, "key update: %s", strerror(-n));
	ok(exchange(p, 100), "data flows on after it");
	SSL_key_update(p->ssl[PEER], SSL_KEY_UPDATE_REQUESTED);
	if (!n) {
		ok(exchange(p, 101) && exchange(p, 102),
		   "data flows on after the peer's");
		return;
	}
	peer_says(p, "lost", 4);
	for (i = 0, n = 0; i < 2; i++)
		n += kdtls_recv(p->k, NULL, buf, sizeof(buf), 0) ==
		     -EKEYEXPIRED;
	ok(n == 2 && kdtls_send(p->k, KDTLS_DATA, "x", 1, 0) == 1 &&
		   !kdtls_close_notify(p->k),
	   "the peer's ends what can be received");
}

/* SSL_OP_ENABLE_KTLS: OpenSSL 3.0 does both directions of TLS 1.2, one of 1.3. */
static void check_openssl_ktls(struct pair *p)
{
	bool in_kernel = BIO_get_ktls_send(SSL_get_wbio(p->ssl[OURS])) > 0;
	int n;

	if (p->transport == &tls_13) {
		n = pair_attach(p, 0);
		ok(in_kernel && n == -EOPNOTSUPP, "half in the kernel: %s",
		   kdtls_error_text());
		return;
	}
	ok(in_kernel && leave_early_data(p) && !pair_attach(p, 0),
	   "OpenSSL's own way is gone on from");
	if (!p->k)
		return;
	check_early_data(p);
	check_data_and_counters(p);
	check_close(p);
}

static void check_refused(struct pair *p)
{
	ok(pair_attach(p, 0) == -EOPNOTSUPP, "refused: %s", kdtls_error_text());
}

static void check_untapped(struct pair *p)
{
	ok(pair_attach(p, 0) == -ENODATA, "refused: %s", kdtls_error_text());
}

/* What a run is made of. */
static bool open_variant(struct pair *p, const struct transport *t,
			 const char *cipher, int ours, int how)
{
	snprintf(variant, sizeof(variant), "%s, %s, %s", t->name, cipher,
		 ours == SERVER ? "server" : "client");
	return pair_open(p, t, cipher, ours, how) || ok(false, "handshake");
}

static void run(const struct transport *t, const char *cipher, int ours,
		int how, void (*check)(struct pair *p))
{
	struct pair p;

	if (open_variant(&p, t, cipher, ours, how))
		check(&p);
	pair_close(&p);
}

static void whole_life(const struct transport *t, const char *cipher, int ours)
{
	unsigned int flags = strstr(cipher, "CCM8") ? KDTLS_ALLOW_CCM_8 : 0;
	struct pair p;

	if (open_variant(&p, t, cipher, ours,
			 ours == SERVER ? PAIR_READ_AHEAD : 0)) {
		check_whole_life(&p, flags);
		if (p.k && kdtls_is_stream(p.k))
			check_end(&p);
	}
	pair_close(&p);
}

static const struct {
	const struct transport *transport;
	const char *cipher;
} suites[] = {
	{ &dtls_12, "ECDHE-ECDSA-AES128-GCM-SHA256" },
	{ &dtls_12, "ECDHE-ECDSA-AES256-GCM-SHA384" },
	{ &dtls_12, "ECDHE-ECDSA-CHACHA20-POLY1305" },
	{ &dtls_12, "ECDHE-ECDSA-AES128-CCM" },
	{ &dtls_12, "ECDHE-ECDSA-AES256-CCM" },
	{ &dtls_12, "ECDHE-ECDSA-AES128-CCM8" },
	{ &dtls_12, "ECDHE-ECDSA-AES256-CCM8" },
	{ &tls_12, "ECDHE-ECDSA-AES128-GCM-SHA256" },
	{ &tls_12, "ECDHE-ECDSA-AES256-GCM-SHA384" },
	{ &tls_12, "ECDHE-ECDSA-CHACHA20-POLY1305" },
	{ &tls_12, "ECDHE-ECDSA-AES128-CCM" },
	{ &tls_13, "TLS_AES_128_GCM_SHA256" },
	{ &tls_13, "TLS_AES_256_GCM_SHA384" },
	{ &tls_13, "TLS_CHACHA20_POLY1305_SHA256" },
	{ &tls_13, "TLS_AES_128_CCM_SHA256" },
};

#define GCM_12 "ECDHE-ECDSA-AES128-GCM-SHA256"
#define GCM_13 "TLS_AES_128_GCM_SHA256"

static void run_rest(int ours)
{
	run(&dtls_12, GCM_12, ours, 0, check_at_once);
	run(&tls_12, GCM_12, ours, 0, check_at_once);
	run(&tls_13, GCM_13, ours, 0, check_at_once);
	run(&dtls_12, GCM_12, ours, 0, check_forged);
	run(&tls_12, GCM_12, ours, 0, check_forged);
	run(&tls_13, GCM_13, ours, 0, check_forged);
	run(&tls_12, GCM_12, ours, 0, check_truncation);
	run(&tls_13, GCM_13, ours, 0, check_truncation);
	run(&tls_12, GCM_12, ours, PAIR_SHORT_RECORDS, check_short_records);
	run(&tls_13, GCM_13, ours, PAIR_SHORT_RECORDS, check_short_records);
	run(&tls_13, GCM_13, ours, 0, check_rekey);
	run(&tls_12, GCM_12, ours, PAIR_KTLS | PAIR_UNTAPPED,
	    check_openssl_ktls);
	run(&tls_13, GCM_13, ours, PAIR_KTLS | PAIR_UNTAPPED,
	    check_openssl_ktls);
	run(&tls_13, GCM_13, ours, PAIR_KTLS, check_at_once);
	run(&tls_12, GCM_12, ours, PAIR_UNTAPPED, check_untapped);
	run(&tls_12, "ECDHE-ECDSA-AES256-CCM", ours, 0, check_refused);
	run(&tls_13, "TLS_AES_128_CCM_8_SHA256", ours, 0, check_refused);
}

/* A kernel that checks itself has each cipher in one of the roles. */
static bool is_left_out(size_t suite, int ours)
{
	return getenv("KDTLS_SLOW") && (int)(suite % 2) != ours;
}

int main(void)
{
	size_t i;
	int ours;

	puts("TAP version 13");
	for (ours = 0; ours < ENDS; ours++) {
		for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
			if (!is_left_out(i, ours))
				whole_life(suites[i].transport,
					   suites[i].cipher, ours);
		if (!is_left_out(SERVER, ours))
			run_rest(ours);
	}
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
