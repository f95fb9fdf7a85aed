// SPDX-License-Identifier: GPL-2.0
/*
 * A DTLS 1.2 peer made of mbedTLS, as Debian has its library but no program
 * with it: a client that carries lines, or a server that echoes them, for one
 * client at a time.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <mbedtls/version.h>

#include "connection.h"
#include "kernel.h"

#define REBIND "/rebind\n"

static const char usage[] =
	"usage: mbedtls client|server [OPTIONS] ADDRESS PORT\n"
	"  --ca FILE       certificates that the server's must lead to\n"
	"  --cert FILE     of the server, with its key; may come twice\n"
	"  --psk HEX       a key that both know\n"
	"  --suite NAME    the one to take\n"
	"  --session FILE  resume that session, and keep it\n"
	"  --cid HEX       our connection ID; \"\": the peer's only\n"
	"  --kernel        the kernel makes and opens the records; a server ends\n"
	"                  with its first client\n"
	"a client's line /rebind: go on from another port\n";

static void parse(struct options *opt, int argc, char **argv)
{
	static const struct option table[] = {
		{ "ca", required_argument, NULL, 'a' },
		{ "cert", required_argument, NULL, 'c' },
		{ "psk", required_argument, NULL, 'p' },
		{ "suite", required_argument, NULL, 's' },
		{ "session", required_argument, NULL, 'S' },
		{ "cid", required_argument, NULL, 'i' },
		{ "kernel", no_argument, NULL, 'k' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	memset(opt, 0, sizeof(*opt));
	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case 'a':
			opt->ca = optarg;
			break;
		case 'c':
			if (opt->cert_count == 2)
				die("--cert: two at most");
			opt->certs[opt->cert_count++] = optarg;
			break;
		case 'p':
			opt->psk = optarg;
			break;
		case 's':
			opt->suite = optarg;
			break;
		case 'S':
			opt->session = optarg;
			break;
		case 'i':
			opt->cid = optarg;
			break;
		case 'k':
			opt->kernel = true;
			break;
		default:
			die("%s", usage);
		}
	}
	if (argc - optind != 3)
		die("%s", usage);
	opt->server = !strcmp(argv[optind], "server");
	opt->host = argv[optind + 1];
	opt->port = argv[optind + 2];
}

static void begin(struct connection *c, struct kernel *k)
{
	connection_report(c);
	if (c->ctx->opt->kernel) {
		kernel_take(k, c);
		c->kernel = k;
	}
}

/* False: the peer closed the connection. */
static bool print_what_comes(struct connection *c)
{
	char buf[BUFFER_LEN];
	int n;

	while ((n = connection_receive(c, buf, sizeof(buf))) > 0) {
		fwrite(buf, 1, n, stdout);
		fflush(stdout);
	}
	return n;
}

/* Another socket in the place of the connection's. */
static void rebind(struct connection *c)
{
	int fd = socket_open(c->ctx->opt);

	if (dup2(fd, c->fd) < 0)
		die("dup2: %s", strerror(errno));
	close(fd);
	puts("rebound");
	fflush(stdout);
}

/* Whole lines, as a pipe gives them; false: there are no more. */
static bool send_input(struct connection *c)
{
	char buf[BUFFER_LEN];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

	if (n <= 0)
		return false;
	if (n == strlen(REBIND) && !memcmp(buf, REBIND, n))
		rebind(c);
	else
		connection_send(c, buf, n);
	return true;
}

static void client(struct context *ctx)
{
	struct connection c;
	struct kernel k;

	connection_init(&c, ctx, socket_open(ctx->opt));
	connection_shake(&c, NULL, 0);
	begin(&c, &k);
	for (;;) {
		if (!print_what_comes(&c))
			die("closed by the server");
		if (connection_wait(&c, STDIN_FILENO) && !send_input(&c))
			break;
	}
	connection_close(&c);
	while (print_what_comes(&c))
		connection_wait(&c, -1);
	puts("closed");
	connection_free(&c);
}

static void echo(struct connection *c)
{
	char buf[BUFFER_LEN];
	int n;

	while ((n = connection_receive(c, buf, sizeof(buf)))) {
		if (n > 0)
			connection_send(c, buf, n);
		else
			connection_wait(c, -1);
	}
	connection_close(c);
	puts("closed");
	fflush(stdout);
}

/* The first message of a handshake: what else comes is left from a client. */
static bool is_client_hello(const unsigned char *datagram, ssize_t n)
{
	return n > 13 && datagram[0] == MBEDTLS_SSL_MSG_HANDSHAKE &&
	       !datagram[4] && datagram[13] == MBEDTLS_SSL_HS_CLIENT_HELLO;
}

/* Connects the socket to whom the ClientHello in it is from. */
static socklen_t accept_client(int fd, struct sockaddr_storage *client)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	unsigned char start[14];
	socklen_t len;
	ssize_t n;

	connect(fd, &nobody, sizeof(nobody));
	for (;;) {
		len = sizeof(*client);
		n = recvfrom(fd, start, sizeof(start), MSG_PEEK,
			     (struct sockaddr *)client, &len);
		if (is_client_hello(start, n))
			break;
		recv(fd, start, sizeof(start), MSG_DONTWAIT);
	}
	if (connect(fd, (struct sockaddr *)client, len))
		die("connect: %s", strerror(errno));
	return len;
}

/* False: it has to come again. */
static bool serve(struct context *ctx, int fd)
{
	struct sockaddr_storage client;
	struct connection c;
	struct kernel k;
	socklen_t len;
	bool served;

	len = accept_client(fd, &client);
	connection_init(&c, ctx, fd);
	served = connection_shake(&c, &client, len);
	if (served) {
		begin(&c, &k);
		echo(&c);
	}
	connection_free(&c);
	return served;
}

static void server(struct context *ctx)
{
	int fd = socket_open(ctx->opt);

	puts("listening");
	fflush(stdout);
	while (!serve(ctx, fd) || !ctx->opt->kernel)
		;
}

int main(int argc, char **argv)
{
	static struct context ctx;
	struct options opt;

	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts(MBEDTLS_VERSION_STRING);
		return 0;
	}
	parse(&opt, argc, argv);
	context_init(&ctx, &opt);
	if (opt.server)
		server(&ctx);
	else
		client(&ctx);
	return 0;
}
