// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A tunnel: IP packets between two machines, in DTLS records that the kernel
 * makes and opens. Documentation/networking/dtls-tunnel.rst is for its users.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <linux/dtls.h>

#include "../standard.h"
#include "ending.h"
#include "role.h"

static const char usage[] =
	"usage: kdtls-tunnel --config FILE [--check]\n"
	"  --config FILE   a [server] or a [client], see server.conf, client.conf\n"
	"  --check         read it and the files that it names, and end\n"
	"signals: TERM, INT end it; USR1 prints what it has carried\n"
	"exit status: 0 a signal; 1 command line, configuration; 2 no permission;\n"
	"  3 one end refused the other; 4 the kernel has no DTLS (modprobe dtls);\n"
	"  5 no answer; 6 the server gave other addresses; 7 the system failed\n";

struct options {
	const char *config;
	bool check;
};

static void parse(struct options *opt, int argc, char **argv)
{
	static const struct option table[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "c:h", table, NULL)) != -1) {
		switch (c) {
		case 'c':
			opt->config = optarg;
			break;
		case 'C':
			opt->check = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(ENDING_SIGNAL);
		default:
			end_with(ENDING_CONFIG, "%s: what's that? (see --help)",
				 argv[optind - 1]);
		}
	}
	if (optind < argc)
		end_with(ENDING_CONFIG, "%s: what's that? (see --help)",
			 argv[optind]);
	if (!opt->config)
		end_with(ENDING_CONFIG, "--config is wanted (see --help)");
}

/* A socket that's made for the question, and thrown away. */
static int kernel_has_dtls(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	/* Without it nobody knows the option; else the socket lacks a peer. */
	if (setsockopt(fd, IPPROTO_IP, DTLS_SO_ULP, "tls", sizeof("tls")) &&
	    errno == ENOPROTOOPT)
		err = -errno;
	close(fd);
	return err;
}

static enum crypto choose_crypto(enum crypto wanted)
{
	int err;

	if (wanted == CRYPTO_USERSPACE)
		return wanted;
	err = kernel_has_dtls();
	if (!err)
		return wanted;
	if (wanted == CRYPTO_KERNEL)
		end_with(ENDING_NO_DTLS,
			 "crypto = kernel: the kernel has no DTLS (%s): modprobe dtls, or write crypto = auto",
			 strerror(-err));
	say("the kernel has no DTLS (modprobe dtls): crypto in userspace");
	return CRYPTO_USERSPACE;
}

/* A socket a link; select(), for which the usual limit is, isn't used. */
static void raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static void open_device(struct tunnel *t)
{
	const char *name = t->config->device;
	int err = tun_open(&t->tun, name);

	switch (err) {
	case 0:
		return;
	case -EPERM:
	case -EACCES:
		end_with(ENDING_PERMISSION,
			 "%s: no permission to make a tun device: start as root, which is given up then",
			 name);
	case -EEXIST:
		end_with(ENDING_CONFIG,
			 "%s: there is such a device: name another as device",
			 name);
	case -ENOENT:
	case -ENXIO:
		end_with(ENDING_SYSTEM, "/dev/net/tun: %s: modprobe tun",
			 strerror(-err));
	default:
		end_with(ENDING_SYSTEM, "%s: %s", name, strerror(-err));
	}
}

int main(int argc, char **argv)
{
	struct options opt = { 0 };
	struct config config;
	struct tunnel t = { .config = &config };
	char error[512];

	if (!standard_open())
		return ENDING_SYSTEM;
	parse(&opt, argc, argv);
	if (config_read(&config, opt.config, error, sizeof(error)))
		end_with(ENDING_CONFIG, "%s", error);
	t.ctx = tls_context(&config);
	if (opt.check) {
		SSL_CTX_free(t.ctx);
		config_free(&config);
		return ENDING_SIGNAL;
	}
	t.crypto = choose_crypto(config.crypto);
	raise_files();
	loop_open();
	open_device(&t);
	if (config.is_server)
		server_begin(&t);
	else
		client_begin(&t);
	tunnel_run(&t);
	SSL_CTX_free(t.ctx);
	config_free(&config);
	return ENDING_SIGNAL;
}
