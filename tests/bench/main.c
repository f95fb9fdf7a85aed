// SPDX-License-Identifier: GPL-2.0
/*
 * bench: measure each combination of mode, cipher and size, and print a row of
 * comma-separated values for it. Runs as root in a guest, see tests/bench/run.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

static const struct mode *const families[] = {
	udp_modes,  openssl_modes, evp_modes, dtls_modes,
	ktls_modes, tunnel_modes,  NULL,
};

/* Where there are cards, sockets have more to do: these are measured last. */
static const struct mode *const families_of_cards[] = { card_modes, NULL };

/* Sizes and batches, as they're named: 1400x40 is 40 of 1400 bytes a call. */
static const struct size {
	const char *name;
	size_t size;
	unsigned int batch, count;
} sizes[] = {
	{ "64", 64, 1, 64 },       { "512", 512, 1, 64 },
	{ "1400", 1400, 1, 64 },   { "16384", 16384, 1, 16 },
	{ "1400x8", 1400, 8, 64 }, { "1400x40", 1400, 40, 80 },
};

static const char *const ciphers[] = {
	"AES-128-GCM",
	"AES-256-GCM",
	"CHACHA20-POLY1305",
	"AES-128-CCM",
};

/* What the command line chose; NULL: all of them. */
static struct {
	const char *modes, *ciphers, *sizes;
	unsigned int rounds;
	const char *maps; /* where to leave what is mapped here */
	int wall;         /* by the clock */
} chosen = { .rounds = 31 };

static struct link wire;
static struct run run;

/* Is @word one of @list, which commas part? */
static int is_in(const char *list, const char *word)
{
	size_t len = strlen(word);

	if (!list)
		return 1;
	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (!strncmp(list, word, len) &&
		    (!list[len] || list[len] == ','))
			return 1;
	}
	return 0;
}

static void set_mtu(const struct size *size)
{
	int mtu = mtu_for(size->size);

	if (link_mtu("near", mtu) || link_enter(&wire, LINK_FAR) ||
	    link_mtu("far", mtu) || link_enter(&wire, LINK_NEAR))
		err(2, "MTU %d", mtu);
}

static void prepare(const char *cipher, const struct size *size)
{
	memset(&run, 0, sizeof(run));
	run.link = &wire;
	run.cipher = cipher_by_name(cipher);
	run.size = size->size;
	run.batch = size->batch;
	run.count = size->count;
	run.fd[0] = -1;
	run.fd[1] = -1;
	for (size_t i = 0; i < run.size * run.batch; i++)
		run.tx[i] = (uint8_t)(i * 7 + i / 251 + 1);
	memset(run.rx, 0, sizeof(run.rx));
}

static int is_unsupported(int error)
{
	return error == EOPNOTSUPP || error == ENOPROTOOPT || error == ENOENT ||
	       error == EPROTONOSUPPORT;
}

static void print_row(const struct mode *mode, const char *cipher,
		      const struct size *size, const struct cost *cost)
{
	printf("%s,%s,%s,%u,", mode->name, cipher, size->name, run.count);
	if (!cost)
		printf(",,not supported\n");
	else if (mode->is_together)
		printf("%.0f,,together\n", cost->tx);
	else
		printf("%.0f,%.0f,\n", cost->tx, cost->rx);
	fflush(stdout);
}

static void measure_one(const struct mode *mode, const char *cipher,
			const struct size *size)
{
	struct cost cost;
	int failed;

	prepare(cipher, size);
	failed = mode->setup(&run);
	if (!failed && chosen.wall)
		failed = measure_wall(mode, &run, chosen.rounds);
	else if (!failed)
		failed = measure(mode, &run, chosen.rounds, &cost);
	if (failed && !is_unsupported(errno))
		err(1, "%s, %s, %s", mode->name, cipher, size->name);
	if (!chosen.wall)
		print_row(mode, cipher, size, failed ? NULL : &cost);
	mode->teardown(&run);
}

static void measure_mode(const struct mode *mode, const struct size *size)
{
	if (!is_in(chosen.modes, mode->name) ||
	    (mode->is_batch && size->batch == 1))
		return;
	if (mode->cipher) {
		measure_one(mode, mode->cipher, size);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ciphers); i++)
		if (is_in(chosen.ciphers, ciphers[i]))
			measure_one(mode, ciphers[i], size);
}

static void measure_sizes(const struct mode *const *from)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (!is_in(chosen.sizes, sizes[i].name))
			continue;
		set_mtu(&sizes[i]);
		for (const struct mode *const *family = from; *family; family++)
			for (const struct mode *mode = *family; mode->name;
			     mode++)
				measure_mode(mode, &sizes[i]);
	}
}

static void measure_replay(void)
{
	static const struct size size = { "1400", 1400, 64, 64 };

	set_mtu(&size);
	for (const struct mode *mode = replay_modes; mode->name; mode++)
		if (is_in(chosen.modes, mode->name))
			measure_one(mode, "AES-128-GCM", &size);
}

/* Of this process, for the addresses that a profile has. */
static void leave_maps(const char *path)
{
	FILE *from = fopen("/proc/self/maps", "r"), *to = fopen(path, "w");
	char line[512];

	if (!from || !to)
		err(2, "%s", path);
	while (fgets(line, sizeof(line), from))
		fputs(line, to);
	fclose(from);
	fclose(to);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "modes", required_argument, NULL, 'm' },
		{ "ciphers", required_argument, NULL, 'c' },
		{ "sizes", required_argument, NULL, 's' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "maps", required_argument, NULL, 'p' },
		{ "wall", no_argument, NULL, 'w' },
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'm')
			chosen.modes = optarg;
		else if (option == 'c')
			chosen.ciphers = optarg;
		else if (option == 's')
			chosen.sizes = optarg;
		else if (option == 'r')
			chosen.rounds = (unsigned int)atoi(optarg);
		else if (option == 'p')
			chosen.maps = optarg;
		else if (option == 'w')
			chosen.wall = 1;
		else
			exit(2);
	}
}

static void count_instructions(void)
{
	if (bed_pin_cpu() || mlockall(MCL_CURRENT | MCL_FUTURE))
		err(2, "pin and lock");
	printf("mode,cipher,size,datagrams,tx,rx,note\n");
	printf("calibration,-,-,,%.3f,,ticks an instruction\n",
	       ticks_per_instruction());
	measure_sizes(families);
	measure_replay();
	if (is_in(chosen.modes, "memory"))
		measure_memory();
	measure_sizes(families_of_cards);
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	if (link_open(&wire))
		err(2, "link");
	if (chosen.wall) {
		printf("what,mode,cipher,size,a_second,cpu_ns,cycles\n");
		measure_sizes(families);
	} else {
		count_instructions();
	}
	if (chosen.maps)
		leave_maps(chosen.maps);
	/* Its address would be in the way of what comes after. */
	if (link_delete())
		err(2, "link");
	return 0;
}
