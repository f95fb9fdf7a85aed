// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A DTLS 1.2 client: OpenSSL does the handshake, the kernel does the rest.
 * Sends messages to an echo server and compares what comes back, or carries
 * standard input's lines there and prints what the server says.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "alert.h"
#include "common.h"
#include "handshake.h"
#include "standard.h"

static const char usage[] =
	"usage: client [OPTIONS] HOST PORT\n"
	"  --ca FILE        certificates (PEM) that the server's must lead to\n"
	"  --insecure       instead: don't verify the server\n"
	"  --name NAME      the server's name or address in its certificate (HOST)\n"
	"  --cipher LIST    cipher suites, as OpenSSL names them\n"
	"  --psk HEX        a key that the server knows too, for suites that want it;\n"
	"                   whoever is on this machine sees it in ps: for tests\n"
	"  --session FILE   offer the session that FILE holds, if any, and leave\n"
	"                   there the one that's made: secrets, for you alone\n"
	"  --allow-ccm8     allow suites with tags of 8 bytes (OpenSSL wants\n"
	"                   \"@SECLEVEL=0\" in LIST as well)\n"
	"  --window BITS    width of the kernel's replay window\n"
	"  --count N        messages to send and to have echoed (1)\n"
	"  --message TEXT   their text (\"message I of N\")\n"
	"  --stdin          send lines of standard input, print what comes\n"
	"  --timeout SEC    for the handshake, and for each echo (10)\n"
	"exit status: 0 all came back as sent; 1 usage; 2 no connection, or the\n"
	"server wasn't verified; 3 the kernel didn't take it; 4 an echo was wrong\n"
	"or missing, or the connection broke\n";

struct options {
	const char *host;
	const char *port;
	const char *ca;
	const char *name;
	const char *ciphers;
	const char *psk;
	const char *session;
	const char *message;
	unsigned int count;
	unsigned int window;
	unsigned int timeout;
	int insecure;
	int lines;
	int allow_ccm8;
};

struct client {
	struct options opt;
	struct endpoint server;
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
	struct kdtls *k;
};

static void parse(struct options *opt, int argc, char **argv)
{
	const struct option table[] = {
		{ "ca", required_argument, NULL, 'a' },
		{ "insecure", no_argument, &opt->insecure, 1 },
		{ "name", required_argument, NULL, 'n' },
		{ "cipher", required_argument, NULL, 'c' },
		{ "psk", required_argument, NULL, 'P' },
		{ "session", required_argument, NULL, 's' },
		{ "allow-ccm8", no_argument, &opt->allow_ccm8, 1 },
		{ "window", required_argument, NULL, 'w' },
		{ "count", required_argument, NULL, 'N' },
		{ "message", required_argument, NULL, 'm' },
		{ "stdin", no_argument, &opt->lines, 1 },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*opt = (struct options) { .count = 1, .timeout = 10 };
	while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		switch (c) {
		case 'a':
			opt->ca = optarg;
			break;
		case 'n':
			opt->name = optarg;
			break;
		case 'c':
			opt->ciphers = optarg;
			break;
		case 'P':
			opt->psk = optarg;
			break;
		case 's':
			opt->session = optarg;
			break;
		case 'w':
			opt->window = parse_number("--window", optarg, 65536);
			break;
		case 'N':
			opt->count = parse_number("--count", optarg, 1u << 30);
			break;
		case 'm':
			opt->message = optarg;
			break;
		case 't':
			opt->timeout = parse_number("--timeout", optarg, 86400);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(STATUS_OK);
		case '?':
			exit(STATUS_USAGE);
		}
	}
	if (argc - optind != 2)
		die(STATUS_USAGE, "HOST and PORT are wanted (see --help)");
	if (!opt->ca == !opt->insecure)
		die(STATUS_USAGE, "either --ca or --insecure is wanted");
	opt->host = argv[optind];
	opt->port = argv[optind + 1];
}

static void session_offer(SSL *ssl, const char *path)
{
	FILE *file = fopen(path, "re");
	SSL_SESSION *session;

	if (!file && errno == ENOENT)
		return;
	if (!file)
		die(STATUS_USAGE, "%s: %s", path, strerror(errno));
	session = PEM_read_SSL_SESSION(file, NULL, NULL, NULL);
	fclose(file);
	if (!session || !SSL_set_session(ssl, session))
		die_openssl(STATUS_USAGE, path);
	SSL_SESSION_free(session);
}

static void session_keep(SSL *ssl, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (!file || !PEM_write_SSL_SESSION(file, SSL_get0_session(ssl)) ||
	    fclose(file))
		die(STATUS_USAGE, "%s: %s", path, strerror(errno));
	puts(SSL_session_reused(ssl) ? "session resumed" : "new session");
}

static void prepare(struct client *c)
{
	const struct options *opt = &c->opt;
	const char *name;

	c->ctx = context_new(opt->ciphers, opt->psk);
	if (opt->ca && !SSL_CTX_load_verify_locations(c->ctx, opt->ca, NULL))
		die_openssl(STATUS_USAGE, opt->ca);
	c->ssl = SSL_new(c->ctx);
	if (!c->ssl)
		die_openssl(STATUS_HANDSHAKE, "SSL_new");
	name = opt->name ? opt->name : opt->host;
	if (!handshake_name(c->ssl, name) ||
	    (opt->ca && !handshake_verify(c->ssl, name)))
		die_openssl(STATUS_USAGE, name);
	if (opt->session)
		session_offer(c->ssl, opt->session);

	endpoint_resolve(&c->server, opt->host, opt->port, 0);
	c->fd = socket(c->server.addr.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&c->server.addr, c->server.len))
		die(STATUS_HANDSHAKE, "%s: %s", c->server.text, strerror(errno));
	if (endpoint_talk(&c->server, c->ssl, c->fd) || kdtls_tap(c->ssl))
		die(STATUS_HANDSHAKE, "%s", kdtls_error_text());
}

static long long deadline(const struct client *c)
{
	return now_ms() + c->opt.timeout * 1000LL;
}

static void handshake(struct client *c)
{
	long verified;
	int err = handshake_run(c->ssl, c->fd, deadline(c));

	if (err == -ETIMEDOUT)
		die(STATUS_HANDSHAKE, "%s: no handshake in %u seconds",
		    c->server.text, c->opt.timeout);
	verified = SSL_get_verify_result(c->ssl);
	if (c->opt.ca && verified != X509_V_OK)
		die(STATUS_HANDSHAKE, "%s: certificate: %s", c->server.text,
		    X509_verify_cert_error_string(verified));
	if (err)
		die_openssl(STATUS_HANDSHAKE, c->server.text);
	if (c->opt.session)
		session_keep(c->ssl, c->opt.session);
}

static void hand_over(struct client *c)
{
	struct kdtls_options opts = {
		.size = sizeof(opts),
		.window_bits = c->opt.window,
		.flags = c->opt.allow_ccm8 ? KDTLS_ALLOW_CCM_8 : 0,
	};

	if (kdtls_attach(c->ssl, c->fd, &opts, &c->k))
		die(STATUS_HANDOVER, "%s", kdtls_error_text());
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	print_handover(c->k, c->server.text);
}

static void say(struct client *c, const char *text, size_t len)
{
	ssize_t n = kdtls_send(c->k, KDTLS_DATA, text, len, 0);

	if (n < 0)
		die(STATUS_ECHO, "send: %s", strerror(-n));
}

/* A record of any type: its length, or -ETIMEDOUT, or another -errno. */
static ssize_t listen_until(struct client *c, long long until,
			    unsigned char *type, char *buf, size_t size)
{
	ssize_t n;

	for (;;) {
		n = kdtls_recv(c->k, type, buf, size, MSG_DONTWAIT);
		if (n != -EAGAIN && n != -EINTR)
			return n;
		if (!wait_readable(c->fd, until))
			return -ETIMEDOUT;
	}
}

static void expect_echo(struct client *c, const char *text, size_t len)
{
	long long until = deadline(c);
	static char buf[DTLS_MAX_PAYLOAD];
	unsigned char type;
	ssize_t n;

	do {
		n = listen_until(c, until, &type, buf, sizeof(buf));
		if (n < 0)
			die(STATUS_ECHO, "waiting for the echo of \"%s\": %s",
			    text, strerror(-n));
		if (type == KDTLS_ALERT && alert_closes((unsigned char *)buf, n))
			die(STATUS_ECHO, "the server closed the connection");
	} while (type != KDTLS_DATA);
	if (n != (ssize_t)len || memcmp(buf, text, len))
		die(STATUS_ECHO, "\"%s\" came back as \"%.*s\"", text, (int)n,
		    buf);
}

static void echo_messages(struct client *c)
{
	const struct options *opt = &c->opt;
	char text[64];
	const char *message = opt->message ? opt->message : text;
	unsigned int i;

	for (i = 1; i <= opt->count; i++) {
		snprintf(text, sizeof(text), "message %u of %u", i, opt->count);
		say(c, message, strlen(message));
		expect_echo(c, message, strlen(message));
	}
	printf("%u messages sent, %u came back as sent\n", opt->count,
	       opt->count);
}

/* False: the server ended the connection. */
static bool print_record(struct client *c, unsigned char type, const char *buf,
			 ssize_t n)
{
	if (n < 0)
		die(STATUS_ECHO, "%s: %s", c->server.text, strerror(-n));
	if (type == KDTLS_ALERT)
		return !alert_closes((const unsigned char *)buf, n);
	if (type == KDTLS_DATA) {
		fwrite(buf, 1, n, stdout);
		fflush(stdout);
	}
	return true;
}

/* False: there's nothing to wait for any more. */
static bool print_what_comes(struct client *c)
{
	static char buf[DTLS_MAX_PAYLOAD];
	unsigned char type;
	ssize_t n;

	for (;;) {
		n = kdtls_recv(c->k, &type, buf, sizeof(buf), MSG_DONTWAIT);
		if (n == -EAGAIN)
			return true;
		if (!print_record(c, type, buf, n))
			return false;
	}
}

/* Whole lines, as read() gives them where it's a terminal or a pipe. */
static bool send_input(struct client *c)
{
	static char buf[DTLS_MAX_PAYLOAD];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
	char *line = buf, *end;

	if (n <= 0)
		return false;
	for (; n; n -= end - line, line = end) {
		end = memchr(line, '\n', n);
		end = end ? end + 1 : line + n;
		say(c, line, end - line);
	}
	return true;
}

static void carry_lines(struct client *c)
{
	struct pollfd pfds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = c->fd, .events = POLLIN },
	};

	do {
		if (!print_what_comes(c))
			die(STATUS_ECHO, "the server closed the connection");
		poll(pfds, 2, -1);
	} while (!pfds[0].revents || send_input(c));
}

/* Says goodbye, and prints what still comes until the server answers it. */
static void finish(struct client *c)
{
	long long until = deadline(c);
	static char buf[DTLS_MAX_PAYLOAD];
	unsigned char type;
	ssize_t n;
	int err = kdtls_close_notify(c->k);

	if (err)
		die(STATUS_ECHO, "close_notify: %s", strerror(-err));
	do {
		n = listen_until(c, until, &type, buf, sizeof(buf));
		/* A server may be gone without a word: all was said. */
		if (n == -ETIMEDOUT || n == -ECONNREFUSED)
			break;
	} while (print_record(c, type, buf, n));
	print_stats(c->k);
	kdtls_free(c->k);
	close(c->fd);
}

int main(int argc, char **argv)
{
	struct client c = { 0 };

	if (!standard_open())
		return STATUS_USAGE;
	parse(&c.opt, argc, argv);
	prepare(&c);
	handshake(&c);
	hand_over(&c);
	if (c.opt.lines)
		carry_lines(&c);
	else
		echo_messages(&c);
	finish(&c);
	return STATUS_OK;
}
