// SPDX-License-Identifier: GPL-2.0
/*
 * A program that knows OpenSSL only, where the kernel has no DTLS: it's run as it
 * is, and once more with libkdtls-preload.so in front, which must not be felt.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <openssl/err.h>

#include "../interop/live/preloaded.h"

static int frees;
/* What the library says. */
static int heard = -1;

static bool listen_to_library(void)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) ||
	    dup2(ends[1], STDERR_FILENO) < 0)
		return false;
	heard = ends[0];
	return true;
}

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

/* With the library: has it given that reason since this was asked last? */
static bool explained(const char *why)
{
	char said[4096];
	ssize_t n;

	if (!preloaded())
		return true;
	n = read(heard, said, sizeof(said) - 1);
	if (n < 0)
		return false;
	said[n] = '\0';
	return strstr(said, why);
}

/* A handshake anew, at its first step: the peer's answer is under way. */
static bool first_step(struct link *l)
{
	if (SSL_clear(l->ours) != 1)
		return false;
	link_new_peer(l);
	return SSL_do_handshake(l->ours) < 0;
}

static bool again(struct link *l)
{
	return first_step(l) && link_handshake(l);
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

static bool srtp_is_not_sealed(struct link *l)
{
	return talks(l) && explained("its socket carries SRTP too");
}

static bool joined_datagrams_are_openssls(struct link *l)
{
	int on = 1;

	return !setsockopt(l->fd[OUR_FD], SOL_UDP, UDP_GRO, &on, sizeof(on)) &&
	       again(l) && talks(l) &&
	       explained("its socket joins datagrams (UDP_GRO)");
}

/* Explanations leave nothing behind that SSL_get_error() would find. */
static bool error_queue_stays_empty(struct link *l)
{
	SSL *ssl = SSL_new(l->ctx[OUR_FD]);
	BIO *bio = BIO_new(BIO_f_ssl());
	bool good;

	ERR_clear_error();
	BIO_set_ssl(bio, ssl, BIO_CLOSE);
	good = !ERR_peek_error() &&
	       explained("the program uses it through a BIO");
	BIO_free(bio);
	return good && talks(l);
}

static const struct link_case cases[] = {
	LINK_CASE(own_bio_may_be_given_again, 0),
	LINK_CASE(own_bio_may_be_given_again, LINK_SERVER),
	LINK_CASE(another_bio_may_be_given, 0),
	LINK_CASE(own_bio_is_what_the_ssl_has, 0),
	LINK_CASE(ssl_that_is_left_reads_its_socket_itself, LINK_SERVER),
	LINK_CASE(srtp_is_not_sealed, LINK_SRTP),
	LINK_CASE(joined_datagrams_are_openssls, LINK_SERVER),
	LINK_CASE(error_queue_stays_empty, 0),
};

int main(void)
{
	if (preloaded() && !listen_to_library())
		return 1;
	return preloaded_main(cases, sizeof(cases) / sizeof(cases[0]), NULL);
}
