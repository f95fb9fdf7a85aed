// SPDX-License-Identifier: GPL-2.0
/*
 * A program that knows OpenSSL only, where the kernel has no DTLS: it's run as it
 * is, and once more with libkdtls-preload.so in front, which must not be felt.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <openssl/err.h>

#include "../interop/live/preloaded.h"

#define SUITE "ECDHE-ECDSA-AES128-GCM-SHA256"

static int frees;

static long count_frees(BIO *bio, int what, const char *arg, size_t len,
			int argi, long argl, int ret, size_t *done)
{
	(void)bio;
	(void)arg;
	(void)len;
	(void)argi;
	(void)argl;
	(void)done;
	if (what == BIO_CB_FREE)
		frees++;
	return ret;
}

static bool talks(struct link *l)
{
	char buf[16];

	link_peer_says(l, "hello");
	return SSL_read(l->ours, buf, sizeof(buf)) == 5 &&
	       SSL_write(l->ours, "and back", 8) == 8 &&
	       link_peer_hears(l, buf, sizeof(buf)) == 8;
}

/* A handshake anew, at its first step: the peer's answer is under way. */
static bool first_step(struct link *l)
{
	if (SSL_clear(l->ours) != 1)
		return false;
	link_new_peer(l);
	return SSL_do_handshake(l->ours) < 0;
}

static bool own_bio_may_be_given_again(struct link *l)
{
	BIO *bio = SSL_get_rbio(l->ours);
	bool good;

	frees = 0;
	BIO_up_ref(bio);
	BIO_set_callback_ex(bio, count_frees);
	good = first_step(l);
	SSL_set_bio(l->ours, bio, bio);
	good = good && link_handshake(l) && talks(l);
	SSL_set_bio(l->ours, bio, bio);
	good = good && talks(l);
	SSL_free(l->ours);
	l->ours = NULL;
	good = good && !frees;
	BIO_free(bio);
	return good && frees == 1;
}

static bool another_bio_may_be_given(struct link *l)
{
	BIO *old = SSL_get_rbio(l->ours);
	BIO *bio = BIO_new_dgram(l->fd[OUR_FD], BIO_NOCLOSE);
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	bool good;

	getpeername(l->fd[OUR_FD], (struct sockaddr *)&peer, &len);
	BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &peer);
	frees = 0;
	BIO_set_callback_ex(old, count_frees);
	good = first_step(l);
	BIO_up_ref(bio);
	SSL_set0_rbio(l->ours, bio);
	good = good && !frees;
	SSL_set0_wbio(l->ours, bio);
	good = good && frees == 1 && SSL_get_rbio(l->ours) == bio &&
	       SSL_get_wbio(l->ours) == bio;
	return good && link_handshake(l) && talks(l);
}

static bool own_bio_is_what_the_ssl_has(struct link *l)
{
	BIO *bio = SSL_get_rbio(l->ours);

	return BIO_method_type(bio) == BIO_TYPE_DGRAM &&
	       SSL_get_wbio(l->ours) == bio && first_step(l) &&
	       SSL_get_rbio(l->ours) == bio && SSL_get_wbio(l->ours) == bio &&
	       link_handshake(l) && SSL_get_rbio(l->ours) == bio;
}

/* By libssl's own function: nothing stands in front of it. */
static bool ssl_that_is_left_reads_its_socket_itself(struct link *l)
{
	BIO *(*get_rbio)(const SSL *ssl);
	void *libssl = dlopen("libssl.so.3", RTLD_NOW | RTLD_NOLOAD);

	if (!libssl)
		return false;
	*(void **)&get_rbio = dlsym(libssl, "SSL_get_rbio");
	return BIO_method_type(get_rbio(l->ours)) == BIO_TYPE_DGRAM && talks(l);
}

static const struct {
	const char *name;
	bool (*run)(struct link *l);
	int how;
} cases[] = {
#define CASE(name, how)          \
	{                        \
#name, name, how \
	}
	CASE(own_bio_may_be_given_again, 0),
	CASE(own_bio_may_be_given_again, LINK_SERVER),
	CASE(another_bio_may_be_given, 0),
	CASE(own_bio_is_what_the_ssl_has, 0),
	CASE(ssl_that_is_left_reads_its_socket_itself, LINK_SERVER),
};

#define CASES ((int)(sizeof(cases) / sizeof(cases[0])))

static void run(bool preloaded)
{
	struct link l;
	bool good;
	int i;

	for (i = 0; i < CASES; i++) {
		ERR_clear_error();
		good = link_open(&l, SUITE, cases[i].how) && cases[i].run(&l);
		printf("%sok %d - %s [%s%s]\n", good ? "" : "not ",
		       i + 1 + (preloaded ? CASES : 0), cases[i].name,
		       cases[i].how & LINK_SERVER ? "server" : "client",
		       preloaded ? ", with the library" : "");
		fflush(stdout);
		link_close(&l);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		run(true);
		return 0;
	}
	printf("TAP version 13\n1..%d\n", 2 * CASES);
	run(false);
	preloaded_again(argv[0]);
	perror("exec");
	return 1;
}
