// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A DTLS 1.2 echo server for many clients on one UDP port, in one thread.
 *
 * One socket listens. It answers a first ClientHello with a cookie and forgets
 * it; a ClientHello with the cookie makes a client: an SSL that has that
 * ClientHello already, and a socket of its own on the same port, connected to
 * the client. Its handshake runs there, beside everybody else's; then the kernel
 * takes over.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <openssl/err.h>

#include "common.h"
#include "cookie.h"
#include "port.h"

/* Records that a client may have echoed before another's turn. */
#define BUDGET  64
#define BUCKETS 1024

static const char usage[] =
	"usage: echo-server --cert FILE --key FILE [OPTIONS]\n"
	"  --cert FILE     certificate chain (PEM)\n"
	"  --key FILE      its private key (PEM)\n"
	"  --address ADDR  where to listen (0.0.0.0); :: for IPv6 and IPv4\n"
	"  --port PORT     likewise (4433); 0: any, it's printed\n"
	"  --cipher LIST   cipher suites, as OpenSSL names them\n"
	"  --psk HEX       a key that its clients know too, for suites that want it\n"
	"  --allow-ccm8    allow suites with tags of 8 bytes (OpenSSL wants\n"
	"                  \"@SECLEVEL=0\" in LIST as well)\n"
	"  --window BITS   width of the kernel's replay window\n"
	"  --clients N     end after N clients\n"
	"  --once          end after one\n"
	"exit status: 0 all N were served; 1 usage; 3 the kernel didn't take one\n";

struct options {
	const char *cert;
	const char *key;
	const char *address;
	const char *port;
	const char *ciphers;
	const char *psk;
	unsigned int window;
	unsigned int clients;
	int allow_ccm8;
};

/**
 * struct client - one client
 * @bucket: clients with the same hash of their address
 * @shaking: clients whose handshake isn't done
 * @peer: its address
 * @fd: its socket
 * @ssl: its handshake; NULL: done
 * @k: afterwards
 * @echoed: records sent back
 */
struct client {
	LIST_ENTRY(client) bucket;
	LIST_ENTRY(client) shaking;
	struct endpoint peer;
	int fd;
	SSL *ssl;
	struct kdtls *k;
	unsigned long long echoed;
};

LIST_HEAD(client_list, client);

/**
 * struct server - all of it
 * @opt: options
 * @ctx: for all handshakes
 * @listener: SSL that the next client gets
 * @port: the listening socket
 * @epoll: waits for all sockets
 * @buckets: clients by address
 * @shaking: clients whose handshake isn't done
 * @ended: clients that were served and are gone
 * @status: exit status
 */
struct server {
	struct options opt;
	SSL_CTX *ctx;
	SSL *listener;
	struct port port;
	int epoll;
	struct client_list buckets[BUCKETS];
	struct client_list shaking;
	unsigned int ended;
	enum status status;
};

static void parse(struct options *opt, int argc, char **argv)
{
	const struct option table[] = {
		{ "cert", required_argument, NULL, 'C' },
		{ "key", required_argument, NULL, 'k' },
		{ "address", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' },
		{ "cipher", required_argument, NULL, 'c' },
		{ "psk", required_argument, NULL, 'P' },
		{ "allow-ccm8", no_argument, &opt->allow_ccm8, 1 },
		{ "window", required_argument, NULL, 'w' },
		{ "clients", required_argument, NULL, 'n' },
		{ "once", no_argument, NULL, '1' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*opt = (struct options) { .address = "0.0.0.0", .port = "4433" };
	while ((c = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		switch (c) {
		case 'C':
			opt->cert = optarg;
			break;
		case 'k':
			opt->key = optarg;
			break;
		case 'a':
			opt->address = optarg;
			break;
		case 'p':
			opt->port = optarg;
			break;
		case 'c':
			opt->ciphers = optarg;
			break;
		case 'P':
			opt->psk = optarg;
			break;
		case 'w':
			opt->window = parse_number("--window", optarg, 65536);
			break;
		case 'n':
			opt->clients =
				parse_number("--clients", optarg, 1u << 30);
			break;
		case '1':
			opt->clients = 1;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(STATUS_OK);
		case '?':
			exit(STATUS_USAGE);
		}
	}
	if (optind < argc)
		die(STATUS_USAGE, "%s: what's that? (see --help)", argv[optind]);
	if (!opt->cert || !opt->key)
		die(STATUS_USAGE, "--cert and --key are wanted (see --help)");
}

static void watch(struct server *s, int fd, struct client *client)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.ptr = client,
	};

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event))
		die(STATUS_USAGE, "epoll: %s", strerror(errno));
}

static void listener_renew(struct server *s)
{
	s->listener = SSL_new(s->ctx);
	if (!s->listener)
		die_openssl(STATUS_USAGE, "SSL_new");
}

static void prepare(struct server *s)
{
	const struct options *opt = &s->opt;

	s->ctx = context_new(opt->ciphers, opt->psk);
	if (SSL_CTX_use_certificate_chain_file(s->ctx, opt->cert) != 1)
		die_openssl(STATUS_USAGE, opt->cert);
	if (SSL_CTX_use_PrivateKey_file(s->ctx, opt->key, SSL_FILETYPE_PEM) != 1)
		die_openssl(STATUS_USAGE, opt->key);
	if (!cookie_prepare(s->ctx))
		die_openssl(STATUS_USAGE, "random numbers");
	listener_renew(s);
	endpoint_resolve(&s->port.local, opt->address, opt->port,
			 AI_PASSIVE | AI_NUMERICHOST);
	if (port_open(&s->port))
		die(STATUS_USAGE, "%s: %s", s->port.local.text, strerror(errno));
	s->epoll = epoll_create1(0);
	watch(s, s->port.fd, NULL);
	printf("listening on %s\n", s->port.local.text);
	fflush(stdout);
}

/* FNV-1a over an address, whose unused bytes are zero. */
static struct client_list *bucket_of(struct server *s,
				     const struct endpoint *peer)
{
	const unsigned char *p = (const unsigned char *)&peer->addr;
	unsigned int hash = 2166136261u;
	socklen_t i;

	for (i = 0; i < peer->len; i++)
		hash = (hash ^ p[i]) * 16777619u;
	return &s->buckets[hash % BUCKETS];
}

static bool is_known(struct server *s, const struct endpoint *peer)
{
	struct client *client;

	LIST_FOREACH(client, bucket_of(s, peer), bucket)
	if (client->peer.len == peer->len &&
	    !memcmp(&client->peer.addr, &peer->addr, peer->len))
		return true;
	return false;
}

static void client_end(struct server *s, struct client *client, const char *why)
{
	printf("%s: %s", client->peer.text, why);
	if (client->k)
		printf(", %llu records echoed", client->echoed);
	putchar('\n');
	fflush(stdout);
	if (client->ssl)
		LIST_REMOVE(client, shaking);
	else
		s->ended++;
	LIST_REMOVE(client, bucket);
	SSL_free(client->ssl);
	kdtls_free(client->k);
	close(client->fd);
	free(client);
}

/* NULL: the client's done, as @buf says; else why it has to go. */
static const char *answer_alert(struct client *client, const unsigned char *buf,
				ssize_t n)
{
	if (!alert_closes(buf, n))
		return NULL;
	if (buf[0] == 2)
		return "fatal alert";
	kdtls_close_notify(client->k);
	return "closed";
}

/* One record. NULL: go on; else why the client has to go. */
static const char *answer(struct client *client, unsigned char type,
			  const void *buf, ssize_t n)
{
	if (type == KDTLS_ALERT)
		return answer_alert(client, buf, n);
	/* An empty record would end the connection for OpenSSL 3.0. */
	if (type != KDTLS_DATA || !n)
		return NULL;
	/* What doesn't fit into the socket's buffer is lost, as on the way. */
	if (kdtls_send(client->k, KDTLS_DATA, buf, n, MSG_DONTWAIT) == n)
		client->echoed++;
	return NULL;
}

static void client_echo(struct server *s, struct client *client)
{
	static unsigned char buf[DTLS_MAX_PAYLOAD];
	const char *why = NULL;
	unsigned char type;
	int budget = BUDGET;
	ssize_t n;

	/* What the library has pending poll() doesn't know. */
	while (!why && (budget-- > 0 || kdtls_pending(client->k))) {
		n = kdtls_recv(client->k, &type, buf, sizeof(buf), MSG_DONTWAIT);
		if (n == -EAGAIN || n == -EINTR)
			return;
		why = n < 0 ? strerror(-n) : answer(client, type, buf, n);
	}
	if (why)
		client_end(s, client, why);
}

static void client_hand_over(struct server *s, struct client *client)
{
	struct kdtls_options opts = {
		.size = sizeof(opts),
		.window_bits = s->opt.window,
		.flags = s->opt.allow_ccm8 ? KDTLS_ALLOW_CCM_8 : 0,
	};
	int err = kdtls_attach(client->ssl, client->fd, &opts, &client->k);

	SSL_free(client->ssl);
	client->ssl = NULL;
	LIST_REMOVE(client, shaking);
	if (err) {
		s->status = STATUS_HANDOVER;
		client_end(s, client, kdtls_error_text());
		return;
	}
	print_handover(client->k, client->peer.text);
	client_echo(s, client);
}

static void client_shake(struct server *s, struct client *client)
{
	int ret, err;

	ERR_clear_error();
	ret = SSL_accept(client->ssl);
	err = SSL_get_error(client->ssl, ret);
	if (ret == 1)
		client_hand_over(s, client);
	else if (err != SSL_ERROR_WANT_READ && err != SSL_ERROR_WANT_WRITE)
		client_end(s, client, openssl_reason());
}

static void client_begin(struct server *s, const struct endpoint *peer)
{
	struct client *client = calloc(1, sizeof(*client));
	SSL *ssl = s->listener;

	listener_renew(s);
	if (!client) {
		SSL_free(ssl);
		return;
	}
	client->ssl = ssl;
	client->peer = *peer;
	cookie_set_peer(ssl, &client->peer);
	LIST_INSERT_HEAD(bucket_of(s, peer), client, bucket);
	LIST_INSERT_HEAD(&s->shaking, client, shaking);
	client->fd = port_connect(&s->port, peer);
	if (client->fd < 0) {
		client_end(s, client, strerror(errno));
		return;
	}
	if (endpoint_talk(peer, ssl, client->fd) || kdtls_tap(ssl)) {
		client_end(s, client, kdtls_error_text());
		return;
	}
	watch(s, client->fd, client);
	client_shake(s, client);
}

/* Reads what waits on the listening socket. */
static void greet(struct server *s)
{
	unsigned char datagram[PORT_DATAGRAM];
	struct endpoint peer;
	ssize_t n;

	while ((n = port_receive(&s->port, datagram, &peer)) >= 0) {
		/*
		 * A known peer's datagram left before its socket was here: a
		 * ClientHello repeated. The answer to the first is on its way,
		 * and is repeated by its own timer.
		 */
		if (!is_known(s, &peer) &&
		    cookie_check(s->listener, &s->port, &peer, datagram, n))
			client_begin(s, &peer);
	}
}

/* Milliseconds to the next repetition of a flight; -1: none is due. */
static int next_timer(struct server *s)
{
	struct client *client;
	struct timeval tv;
	int ms, next = -1;

	LIST_FOREACH(client, &s->shaking, shaking)
	{
		if (!DTLSv1_get_timeout(client->ssl, &tv))
			continue;
		/* Rounded up, or it would be called while not yet due. */
		ms = tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1;
		if (next < 0 || ms < next)
			next = ms;
	}
	return next;
}

static void run_timers(struct server *s)
{
	struct client *client, *next;

	for (client = LIST_FIRST(&s->shaking); client; client = next) {
		next = LIST_NEXT(client, shaking);
		if (DTLSv1_handle_timeout(client->ssl) < 0)
			client_end(s, client, "went silent in the handshake");
	}
}

static void serve(struct server *s)
{
	struct epoll_event events[64];
	struct client *client;
	int i, n;

	while (!s->opt.clients || s->ended < s->opt.clients) {
		n = epoll_wait(s->epoll, events, 64, next_timer(s));
		for (i = 0; i < n; i++) {
			client = events[i].data.ptr;
			if (!client)
				greet(s);
			else if (client->ssl)
				client_shake(s, client);
			else
				client_echo(s, client);
		}
		run_timers(s);
	}
}

int main(int argc, char **argv)
{
	static struct server s;

	parse(&s.opt, argc, argv);
	prepare(&s);
	serve(&s);
	SSL_free(s.listener);
	SSL_CTX_free(s.ctx);
	return s.status;
}
