// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/dtls.h>
#include <openssl/err.h>
#include <openssl/srtp.h>

#include "certificate.h"
#include "preloaded.h"

#define SUITE "ECDHE-ECDSA-AES128-GCM-SHA256"

#define LIBRARY "../../userspace/libkdtls-preload.so"
#define ROUNDS  50

static int bound(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	*addr = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) ||
	    getsockname(fd, (struct sockaddr *)addr, &len)) {
		perror("socket");
		exit(1);
	}
	return fd;
}

static void open_sockets(struct link *l)
{
	struct sockaddr_in addr[2];
	int i;

	for (i = 0; i < 2; i++)
		l->fd[i] = bound(&addr[i]);
	for (i = 0; i < 2; i++)
		if (connect(l->fd[i], (struct sockaddr *)&addr[!i],
			    sizeof(addr[0])))
			perror("connect");
}

static SSL_CTX *new_context(bool server, int how)
{
	SSL_CTX *ctx = SSL_CTX_new(server ? DTLS_server_method() :
					    DTLS_client_method());

	SSL_CTX_set_cipher_list(ctx, SUITE);
	if (server)
		certify(ctx);
	if (how & LINK_SRTP)
		SSL_CTX_set_tlsext_use_srtp(ctx, "SRTP_AES128_CM_SHA1_80");
	return ctx;
}

static void use_memory(SSL *ssl)
{
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	BIO_set_mem_eof_return(in, -1);
	BIO_set_mem_eof_return(out, -1);
	SSL_set_bio(ssl, in, out);
	SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
	SSL_set_mtu(ssl, 1400);
}

static void use_socket(struct link *l)
{
	BIO *bio = BIO_new_dgram(l->fd[OUR_FD], BIO_NOCLOSE);
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);

	getpeername(l->fd[OUR_FD], (struct sockaddr *)&peer, &len);
	BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &peer);
	SSL_set_bio(l->ours, l->how & LINK_FED ? NULL : bio, bio);
}

void link_new_ssl(struct link *l)
{
	l->ours = SSL_new(l->ctx[OUR_FD]);
	if (l->how & LINK_SERVER)
		SSL_set_accept_state(l->ours);
	else
		SSL_set_connect_state(l->ours);
	if (l->how & LINK_MEMORY)
		use_memory(l->ours);
	else
		use_socket(l);
}

void link_new_peer(struct link *l)
{
	SSL_free(l->peer);
	l->peer = SSL_new(l->ctx[PEER_FD]);
	use_memory(l->peer);
	if (l->how & LINK_SERVER)
		SSL_set_connect_state(l->peer);
	else
		SSL_set_accept_state(l->peer);
}

static bool is_kernel(const struct link *l)
{
	struct dtls_info info = { 0 };
	socklen_t len = sizeof(info);

	return !getsockopt(l->fd[OUR_FD], SOL_TLS, DTLS_INFO, &info, &len) &&
	       info.tx_cipher && info.rx_cipher;
}

/* What an SSL has written into memory. */
static void send_written(SSL *ssl, int fd)
{
	BIO *out = SSL_get_wbio(ssl);
	char bytes[16384];
	int n;

	while (BIO_method_type(out) == BIO_TYPE_MEM &&
	       (n = BIO_read(out, bytes, sizeof(bytes))) > 0)
		if (send(fd, bytes, n, 0) != n)
			perror("send");
}

void link_carry(struct link *l)
{
	char bytes[16384];
	ssize_t n;

	if (l->how & LINK_MEMORY)
		send_written(l->ours, l->fd[OUR_FD]);
	send_written(l->peer, l->fd[PEER_FD]);
	while ((n = recv(l->fd[PEER_FD], bytes, sizeof(bytes), 0)) > 0)
		BIO_write(SSL_get_rbio(l->peer), bytes, n);
}

int link_feed_bytes(struct link *l, const void *bytes, int len, char *buf,
		    int size)
{
	int n;

	if (l->how & LINK_MEMORY) {
		BIO_write(SSL_get_rbio(l->ours), bytes, len);
		return SSL_read(l->ours, buf, size);
	}
	SSL_set0_rbio(l->ours, BIO_new_mem_buf(bytes, len));
	BIO_set_mem_eof_return(SSL_get_rbio(l->ours), -1);
	n = SSL_read(l->ours, buf, size);
	SSL_set0_rbio(l->ours, NULL);
	return n;
}

int link_feed(struct link *l, char *buf, int size)
{
	char bytes[16384];
	ssize_t len;
	int n = -1;

	while (n < 0) {
		len = recv(l->fd[OUR_FD], bytes, sizeof(bytes), 0);
		if (len <= 0)
			return -1;
		n = link_feed_bytes(l, bytes, len, buf, size);
	}
	return n;
}

void link_peer_says(struct link *l, const char *text)
{
	SSL_write(l->peer, text, strlen(text));
	link_carry(l);
}

int link_peer_hears(struct link *l, char *buf, int size)
{
	link_carry(l);
	return SSL_read(l->peer, buf, size);
}

static void step(struct link *l)
{
	char none[1];

	if (l->how & (LINK_FED | LINK_MEMORY))
		link_feed(l, none, sizeof(none));
	else
		SSL_do_handshake(l->ours);
	link_carry(l);
	if (SSL_do_handshake(l->peer) == 1 && l->how & LINK_EARLY) {
		SSL_write(l->peer, "first", 5);
		l->how &= ~LINK_EARLY;
	}
	link_carry(l);
}

bool link_handshake(struct link *l)
{
	int i;

	for (i = 0; i < ROUNDS; i++) {
		step(l);
		if (SSL_is_init_finished(l->ours) &&
		    SSL_is_init_finished(l->peer))
			break;
	}
	l->was_kernel = is_kernel(l);
	return i < ROUNDS;
}

bool link_open(struct link *l, int how)
{
	*l = (struct link) { .how = how };
	open_sockets(l);
	l->ctx[OUR_FD] = new_context(how & LINK_SERVER, how);
	l->ctx[PEER_FD] = new_context(!(how & LINK_SERVER), how);
	link_new_ssl(l);
	link_new_peer(l);
	return link_handshake(l);
}

void link_close(struct link *l)
{
	int i;

	SSL_free(l->ours);
	SSL_free(l->peer);
	for (i = 0; i < 2; i++) {
		SSL_CTX_free(l->ctx[i]);
		if (l->fd[i] >= 0)
			close(l->fd[i]);
	}
}

/* This program, with the library in front. */
static void again(void)
{
	char path[4096], library[8192];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return;
	path[n] = '\0';
	snprintf(library, sizeof(library), "%s/" LIBRARY, dirname(path));
	setenv("LD_PRELOAD", library, 1);
	setenv("KDTLS_PRELOAD", "verbose", 1);
	execl("/proc/self/exe", "preloaded", NULL);
}

bool preloaded(void)
{
	return getenv("KDTLS_PRELOAD");
}

static void run(const struct link_case *cases, int count,
		bool (*is_open)(const struct link *l))
{
	struct link l;
	bool good;
	int i;

	for (i = 0; i < count; i++) {
		ERR_clear_error();
		good = link_open(&l, cases[i].how) &&
		       (!is_open || is_open(&l)) && cases[i].run(&l);
		printf("%sok %d - %s [%s%s]\n", good ? "" : "not ",
		       i + 1 + (preloaded() ? count : 0), cases[i].name,
		       cases[i].how & LINK_SERVER ? "server" : "client",
		       preloaded() ? ", with the library" : "");
		fflush(stdout);
		link_close(&l);
	}
}

int preloaded_main(const struct link_case *cases, int count,
		   bool (*is_open)(const struct link *l))
{
	if (!preloaded())
		printf("TAP version 13\n1..%d\n", 2 * count);
	run(cases, count, is_open);
	if (preloaded())
		return 0;
	again();
	perror("exec");
	return 1;
}
