// SPDX-License-Identifier: GPL-2.0 OR MIT
/* An echo server: its command line, and what it prints. echo.c is the rest. */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "cookie.h"
#include "echo.h"
#include "standard.h"

static const char usage[] =
	"usage: echo-server --cert FILE --key FILE [OPTIONS]\n"
	"  --cert FILE     certificate chain (PEM)\n"
	"  --key FILE      its private key (PEM)\n"
	"  --address ADDR  where to listen (0.0.0.0); :: for IPv6 and IPv4\n"
	"  --port PORT     likewise (4433); 0: any, it's printed\n"
	"  --cipher LIST   cipher suites, as OpenSSL names them\n"
	"  --psk HEX       a key that its clients know too, for suites that want it;\n"
	"                  whoever is on this machine sees it in ps: for tests\n"
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

static void say_ended(const struct endpoint *peer, const struct kdtls *k,
		      unsigned long long echoed, const char *why)
{
	printf("%s: %s", peer->text, why);
	if (k)
		printf(", %llu records echoed", echoed);
	putchar('\n');
	fflush(stdout);
}

static void say_attached(const struct endpoint *peer, const struct kdtls *k)
{
	print_handover(k, peer->text);
}

static const struct echo_reports reports = {
	.attached = say_attached,
	.ended = say_ended,
};

static void prepare(struct echo_server *s, const struct options *opt)
{
	int err;

	s->ctx = context_new(opt->ciphers, opt->psk);
	if (SSL_CTX_use_certificate_chain_file(s->ctx, opt->cert) != 1)
		die_openssl(STATUS_USAGE, opt->cert);
	if (SSL_CTX_use_PrivateKey_file(s->ctx, opt->key, SSL_FILETYPE_PEM) != 1)
		die_openssl(STATUS_USAGE, opt->key);
	if (!cookie_prepare(s->ctx))
		die_openssl(STATUS_USAGE, "random numbers");
	endpoint_resolve(&s->port.local, opt->address, opt->port,
			 AI_PASSIVE | AI_NUMERICHOST);
	err = echo_open(s);
	if (err)
		die(STATUS_USAGE, "%s: %s", s->port.local.text, strerror(-err));
	printf("listening on %s\n", s->port.local.text);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct echo_server s = { .reports = &reports, .stop = -1 };
	struct options opt;

	if (!standard_open())
		return STATUS_USAGE;
	parse(&opt, argc, argv);
	s.limit = opt.clients;
	s.attach = (struct kdtls_options) {
		.size = sizeof(s.attach),
		.window_bits = opt.window,
		.flags = opt.allow_ccm8 ? KDTLS_ALLOW_CCM_8 : 0,
	};
	prepare(&s, &opt);
	echo_serve(&s);
	echo_close(&s);
	SSL_CTX_free(s.ctx);
	return s.refused ? STATUS_HANDOVER : STATUS_OK;
}
