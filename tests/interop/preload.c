// SPDX-License-Identifier: GPL-2.0
/*
 * A program that knows OpenSSL only. It's run as it is, and once more with
 * libkdtls-preload.so in front: each call must do the same, and then the kernel
 * must have done it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/dtls.h>
#include <openssl/err.h>
#include <sys/wait.h>

#include "live/preloaded.h"

static bool short_read_leaves_the_rest(struct link *l)
{
	char buf[16];
	size_t n = 0;

	link_peer_says(l, "0123456789");
	link_peer_says(l, "abc");
	return SSL_read(l->ours, buf, 4) == 4 && !memcmp(buf, "0123", 4) &&
	       SSL_pending(l->ours) == 6 && SSL_has_pending(l->ours) == 1 &&
	       SSL_peek(l->ours, buf, sizeof(buf)) == 6 &&
	       SSL_peek_ex(l->ours, buf, 2, &n) == 1 && n == 2 &&
	       SSL_read_ex(l->ours, buf, sizeof(buf), &n) == 1 && n == 6 &&
	       !memcmp(buf, "456789", 6) && SSL_pending(l->ours) == 0 &&
	       SSL_read(l->ours, buf, sizeof(buf)) == 3 &&
	       !memcmp(buf, "abc", 3);
}

static bool nothing_to_read_is_want_read(struct link *l)
{
	char buf[16];
	size_t n;
	int ret;

	ret = SSL_read(l->ours, buf, sizeof(buf));
	if (ret >= 0 || SSL_get_error(l->ours, ret) != SSL_ERROR_WANT_READ ||
	    SSL_want(l->ours) != SSL_READING || SSL_pending(l->ours))
		return false;
	ret = SSL_read_ex(l->ours, buf, sizeof(buf), &n);
	return !ret && SSL_get_error(l->ours, ret) == SSL_ERROR_WANT_READ;
}

static bool bio_tells_of_a_timeout_once(struct link *l)
{
	BIO *bio = SSL_get_rbio(l->ours);
	char buf[16];

	SSL_read(l->ours, buf, sizeof(buf));
	return BIO_dgram_recv_timedout(bio) == 1 &&
	       BIO_dgram_recv_timedout(bio) == 0;
}

static bool writes_arrive_as_they_were(struct link *l)
{
	char buf[64];
	size_t n = 0;

	return SSL_write(l->ours, "one", 3) == 3 &&
	       SSL_write_ex(l->ours, "two!", 4, &n) == 1 && n == 4 &&
	       link_peer_hears(l, buf, sizeof(buf)) == 3 &&
	       !memcmp(buf, "one", 3) &&
	       link_peer_hears(l, buf, sizeof(buf)) == 4 &&
	       !memcmp(buf, "two!", 4);
}

static bool refused_writes_say_why(struct link *l)
{
	static char much[SSL3_RT_MAX_PLAIN_LENGTH + 1];
	int ret;

	ret = SSL_write(l->ours, much, 0);
	if (ret || SSL_get_error(l->ours, ret) != SSL_ERROR_SYSCALL)
		return false;
	ret = SSL_write(l->ours, much, -1);
	if (ret >= 0 || SSL_get_error(l->ours, ret) != SSL_ERROR_SSL ||
	    ERR_GET_REASON(ERR_get_error()) != SSL_R_BAD_LENGTH)
		return false;
	ERR_clear_error();
	ret = SSL_write(l->ours, much, sizeof(much));
	return ret < 0 && SSL_get_error(l->ours, ret) == SSL_ERROR_SSL &&
	       ERR_GET_REASON(ERR_get_error()) == SSL_R_DTLS_MESSAGE_TOO_BIG;
}

static bool close_of_the_peer_is_the_end(struct link *l)
{
	char buf[16];
	int ret;

	link_peer_says(l, "last");
	SSL_shutdown(l->peer);
	link_carry(l);
	if (SSL_read(l->ours, buf, sizeof(buf)) != 4 ||
	    SSL_get_shutdown(l->ours))
		return false;
	ret = SSL_read(l->ours, buf, sizeof(buf));
	if (ret || SSL_get_error(l->ours, ret) != SSL_ERROR_ZERO_RETURN ||
	    SSL_get_shutdown(l->ours) != SSL_RECEIVED_SHUTDOWN)
		return false;
	/* The other direction is open still. */
	return SSL_write(l->ours, "bye", 3) == 3 &&
	       SSL_shutdown(l->ours) == 1 &&
	       SSL_get_shutdown(l->ours) ==
		       (SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

static bool own_close_waits_for_the_peers(struct link *l)
{
	char buf[16];
	int ret;

	if (SSL_shutdown(l->ours) != 0 ||
	    SSL_get_shutdown(l->ours) != SSL_SENT_SHUTDOWN)
		return false;
	ret = SSL_shutdown(l->ours);
	if (ret != -1 || SSL_get_error(l->ours, ret) != SSL_ERROR_WANT_READ)
		return false;
	ret = SSL_write(l->ours, "late", 4);
	if (ret != -1 || SSL_get_error(l->ours, ret) != SSL_ERROR_SSL ||
	    ERR_GET_REASON(ERR_get_error()) != SSL_R_PROTOCOL_IS_SHUTDOWN)
		return false;
	ret = link_peer_hears(l, buf, sizeof(buf));
	if (ret || SSL_get_error(l->peer, ret) != SSL_ERROR_ZERO_RETURN)
		return false;
	SSL_shutdown(l->peer);
	link_carry(l);
	return SSL_shutdown(l->ours) == 1;
}

static bool shutdown_can_be_quiet(struct link *l)
{
	char buf[16];

	SSL_set_quiet_shutdown(l->ours, 1);
	return SSL_get_quiet_shutdown(l->ours) == 1 &&
	       SSL_shutdown(l->ours) == 1 &&
	       link_peer_hears(l, buf, sizeof(buf)) < 0 &&
	       !SSL_get_shutdown(l->peer);
}

/* coturn does so: then SSL_shutdown() is at its end at once. */
static bool shutdown_can_be_said_to_be_received(struct link *l)
{
	char buf[16];

	SSL_set_shutdown(l->ours, SSL_RECEIVED_SHUTDOWN);
	return SSL_shutdown(l->ours) == 1 &&
	       link_peer_hears(l, buf, sizeof(buf)) == 0;
}

static bool error_of_the_socket_is_its_errno(struct link *l)
{
	char buf[16];
	int ret;

	close(l->fd[PEER_FD]);
	l->fd[PEER_FD] = -1;
	SSL_write(l->ours, "to nobody", 9);
	errno = 0;
	ret = SSL_read(l->ours, buf, sizeof(buf));
	return ret < 0 && errno == ECONNREFUSED &&
	       SSL_get_error(l->ours, ret) == SSL_ERROR_SYSCALL;
}

static bool data_right_behind_the_handshake_comes_first(struct link *l)
{
	char buf[16];

	/* link_open() had it sent before ours knew that it was done. */
	link_peer_says(l, "second");
	return SSL_read(l->ours, buf, sizeof(buf)) == 5 &&
	       !memcmp(buf, "first", 5) &&
	       SSL_read(l->ours, buf, sizeof(buf)) == 6 &&
	       !memcmp(buf, "second", 6);
}

static bool next_connection_on_the_same_ssl(struct link *l)
{
	char buf[16];

	SSL_shutdown(l->ours);
	if (SSL_clear(l->ours) != 1)
		return false;
	link_new_peer(l);
	if (!link_handshake(l))
		return false;
	link_peer_says(l, "again");
	return SSL_read(l->ours, buf, sizeof(buf)) == 5 &&
	       SSL_write(l->ours, "and back", 8) == 8 &&
	       link_peer_hears(l, buf, sizeof(buf)) == 8;
}

/* The old SSL is freed when the new one is at work already. */
static bool next_ssl_on_the_same_socket(struct link *l)
{
	SSL *old = l->ours;
	char buf[16];
	int i;

	SSL_shutdown(old);
	link_carry(l);
	link_new_ssl(l);
	link_new_peer(l);
	if (!link_handshake(l) || SSL_read(old, buf, sizeof(buf)) > 0)
		return false;
	for (i = 0; i < 2; i++) {
		link_peer_says(l, "again");
		if (SSL_read(l->ours, buf, sizeof(buf)) != 5 ||
		    SSL_write(l->ours, "and back", 8) != 8 ||
		    link_peer_hears(l, buf, sizeof(buf)) != 8)
			return false;
		SSL_free(old);
		old = NULL;
	}
	return true;
}

static bool socket_is_plain_after_the_end(struct link *l)
{
	char buf[16];

	SSL_free(l->ours);
	l->ours = NULL;
	return send(l->fd[OUR_FD], "plain", 5, 0) == 5 &&
	       recv(l->fd[PEER_FD], buf, sizeof(buf), 0) == 5 &&
	       !memcmp(buf, "plain", 5) &&
	       send(l->fd[PEER_FD], "answer", 6, 0) == 6 &&
	       recv(l->fd[OUR_FD], buf, sizeof(buf), 0) == 6;
}

static bool nothing_is_left_behind_an_error(struct link *l)
{
	char buf[16];

	if (!l->was_kernel)
		return true;
	SSL_shutdown(l->peer);
	link_carry(l);
	close(l->fd[PEER_FD]);
	l->fd[PEER_FD] = -1;
	SSL_write(l->ours, "to nobody", 9);
	SSL_free(l->ours);
	l->ours = NULL;
	return recv(l->fd[OUR_FD], buf, sizeof(buf), 0) < 0 && errno == EAGAIN;
}

static bool copy_of_the_process_keeps_the_connection(struct link *l)
{
	char buf[16];
	pid_t child = fork();
	int status;

	if (!child) {
		SSL_free(l->ours);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		return false;
	link_peer_says(l, "still here?");
	return SSL_read(l->ours, buf, sizeof(buf)) == 11 &&
	       SSL_write(l->ours, "yes", 3) == 3 &&
	       link_peer_hears(l, buf, sizeof(buf)) == 3;
}

static bool session_is_resumable_after_a_shutdown(struct link *l)
{
	SSL_SESSION *session = SSL_get1_session(l->ours);
	bool good;

	SSL_shutdown(l->ours);
	SSL_free(l->ours);
	l->ours = NULL;
	good = SSL_SESSION_is_resumable(session);
	SSL_SESSION_free(session);
	return good;
}

static bool session_is_not_resumable_without(struct link *l)
{
	SSL_SESSION *session = SSL_get1_session(l->ours);
	bool good;

	SSL_free(l->ours);
	l->ours = NULL;
	good = !SSL_SESSION_is_resumable(session);
	SSL_SESSION_free(session);
	return good;
}

static bool renegotiation_is_refused(struct link *l)
{
	char buf[16];

	link_peer_says(l, "before");
	return SSL_do_handshake(l->ours) == 1 &&
	       SSL_is_init_finished(l->ours) &&
	       SSL_read(l->ours, buf, sizeof(buf)) == 6;
}

/* OpenSSL would send a stranger what it has sealed, and read what isn't its. */
static bool socket_of_a_stranger_is_left_alone(struct link *l)
{
	char buf[16];
	int stranger[2], ret;

	if (!l->was_kernel)
		return true;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, stranger) ||
	    dup2(stranger[0], l->fd[OUR_FD]) < 0 ||
	    send(stranger[1], "private", 7, 0) != 7)
		return false;
	errno = 0;
	ret = SSL_write(l->ours, "secret", 6);
	if (ret >= 0 || errno != EBADF ||
	    SSL_get_error(l->ours, ret) != SSL_ERROR_SYSCALL)
		return false;
	if (SSL_read(l->ours, buf, sizeof(buf)) >= 0 ||
	    SSL_shutdown(l->ours) >= 0)
		return false;
	SSL_free(l->ours);
	l->ours = NULL;
	ret = recv(stranger[1], buf, sizeof(buf), 0) < 0 &&
	      recv(stranger[0], buf, sizeof(buf), 0) == 7;
	close(stranger[0]);
	close(stranger[1]);
	return ret;
}

/* As with OpenSSL, which has none; nobody could install another key. */
static bool limits_of_keys_do_not_end_it(struct link *l)
{
	struct dtls_limits limits = { .tx_records = 4, .rx_failures = 1 };
	static const char forgery[] = "\x17\xfe\xfd\0\1\0\0\0\0\1\0\0\x23"
				      "0123456789abcdef0123456789abcdefabc";
	char buf[16];
	int i;

	if (l->was_kernel && setsockopt(l->fd[OUR_FD], SOL_TLS, DTLS_LIMITS,
					&limits, sizeof(limits)))
		return false;
	for (i = 0; i < 8; i++) {
		if (send(l->fd[PEER_FD], forgery, sizeof(forgery) - 1, 0) < 0)
			return false;
		link_peer_says(l, "more");
		if (SSL_read(l->ours, buf, sizeof(buf)) != 4 ||
		    SSL_write(l->ours, "and more", 8) != 8 ||
		    link_peer_hears(l, buf, sizeof(buf)) != 8)
			return false;
	}
	return true;
}

static bool what_is_fed_is_read(struct link *l)
{
	char buf[32];

	link_peer_says(l, "fed");
	if (link_feed(l, buf, sizeof(buf)) != 3 || memcmp(buf, "fed", 3))
		return false;
	if (SSL_write(l->ours, "answer", 6) != 6 ||
	    link_peer_hears(l, buf, sizeof(buf)) != 6)
		return false;
	SSL_shutdown(l->peer);
	link_carry(l);
	return link_feed(l, buf, sizeof(buf)) == 0 &&
	       SSL_get_shutdown(l->ours) == SSL_RECEIVED_SHUTDOWN;
}

/* One BIO for each datagram, and the socket's with it each time. */
static bool socket_may_be_given_with_what_is_fed(struct link *l)
{
	BIO *in, *out = SSL_get_wbio(l->ours);
	char bytes[256], buf[16];
	ssize_t len;
	int i;

	for (i = 0; i < 3; i++) {
		link_peer_says(l, "fed");
		len = recv(l->fd[OUR_FD], bytes, sizeof(bytes), 0);
		in = BIO_new_mem_buf(bytes, len);
		BIO_set_mem_eof_return(in, -1);
		SSL_set_bio(l->ours, in, out);
		if (SSL_get_rbio(l->ours) != in ||
		    SSL_get_wbio(l->ours) != out ||
		    SSL_read(l->ours, buf, sizeof(buf)) != 3 ||
		    SSL_write(l->ours, "answer", 6) != 6 ||
		    link_peer_hears(l, buf, sizeof(buf)) != 6)
			return false;
	}
	SSL_set0_rbio(l->ours, NULL);
	return true;
}

/* Neither as it is, nor as a record. */
static bool forgery_that_is_fed_is_dropped(struct link *l)
{
	static const char record[] = "\x17\xfe\xfd\0\1\0\0\0\0\0\1\0\x13"
				     "0123456789abcdefabc";
	char buf[32];

	return link_feed_bytes(l, "in the clear", 12, buf, sizeof(buf)) < 0 &&
	       link_feed_bytes(l, record, sizeof(record) - 1, buf,
			       sizeof(buf)) < 0 &&
	       !SSL_get_shutdown(l->ours);
}

static bool connection_in_memory_is_openssls(struct link *l)
{
	char buf[16];

	link_peer_says(l, "memory");
	return link_feed(l, buf, sizeof(buf)) == 6;
}

/* What the kernel is to have, and no more. */
static bool has_it_who_should(const struct link *l)
{
	return l->was_kernel == (preloaded() && !(l->how & LINK_MEMORY));
}

static const struct link_case cases[] = {
	LINK_CASE(short_read_leaves_the_rest, 0),
	LINK_CASE(short_read_leaves_the_rest, LINK_SERVER),
	LINK_CASE(nothing_to_read_is_want_read, 0),
	LINK_CASE(bio_tells_of_a_timeout_once, 0),
	LINK_CASE(writes_arrive_as_they_were, 0),
	LINK_CASE(writes_arrive_as_they_were, LINK_SERVER),
	LINK_CASE(refused_writes_say_why, 0),
	LINK_CASE(close_of_the_peer_is_the_end, 0),
	LINK_CASE(close_of_the_peer_is_the_end, LINK_SERVER),
	LINK_CASE(own_close_waits_for_the_peers, 0),
	LINK_CASE(own_close_waits_for_the_peers, LINK_SERVER),
	LINK_CASE(shutdown_can_be_quiet, 0),
	LINK_CASE(shutdown_can_be_said_to_be_received, LINK_SERVER),
	LINK_CASE(error_of_the_socket_is_its_errno, 0),
	LINK_CASE(data_right_behind_the_handshake_comes_first,
		  LINK_SERVER | LINK_EARLY),
	LINK_CASE(next_connection_on_the_same_ssl, LINK_SERVER),
	LINK_CASE(next_ssl_on_the_same_socket, 0),
	LINK_CASE(socket_is_plain_after_the_end, LINK_SERVER),
	LINK_CASE(nothing_is_left_behind_an_error, 0),
	LINK_CASE(copy_of_the_process_keeps_the_connection, 0),
	LINK_CASE(session_is_resumable_after_a_shutdown, 0),
	LINK_CASE(session_is_not_resumable_without, 0),
	LINK_CASE(renegotiation_is_refused, 0),
	LINK_CASE(socket_of_a_stranger_is_left_alone, 0),
	LINK_CASE(limits_of_keys_do_not_end_it, 0),
	LINK_CASE(what_is_fed_is_read, LINK_SERVER | LINK_FED),
	LINK_CASE(socket_may_be_given_with_what_is_fed, LINK_SERVER | LINK_FED),
	LINK_CASE(forgery_that_is_fed_is_dropped, LINK_SERVER | LINK_FED),
	LINK_CASE(connection_in_memory_is_openssls, LINK_SERVER | LINK_MEMORY),
};

int main(void)
{
	return preloaded_main(cases, sizeof(cases) / sizeof(cases[0]),
			      has_it_who_should);
}
