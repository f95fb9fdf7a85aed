// SPDX-License-Identifier: GPL-2.0
/*
 * What an attached socket with a key for each direction and the default window
 * takes beyond the plain UDP socket that it was: of many of them, by what
 * /proc/meminfo says before the attach and after the keys.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"

#define SOCKETS 10000

/* kB */
struct meminfo {
	long slab, percpu, vmalloc, free;
};

static long field(const char *line, const char *name, long value)
{
	size_t len = strlen(name);

	if (!strncmp(line, name, len) && line[len] == ':')
		return atol(line + len + 1);
	return value;
}

static struct meminfo read_meminfo(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	struct meminfo info = {};
	char line[256];

	if (!file)
		err(1, "/proc/meminfo");
	while (fgets(line, sizeof(line), file)) {
		info.slab = field(line, "Slab", info.slab);
		info.percpu = field(line, "Percpu", info.percpu);
		info.vmalloc = field(line, "VmallocUsed", info.vmalloc);
		info.free = field(line, "MemFree", info.free);
	}
	fclose(file);
	return info;
}

/* A cache of the slab allocator's, and what it holds. */
struct cache {
	char name[64];
	long bytes;
};

#define CACHES_MAX 512

struct caches {
	struct cache cache[CACHES_MAX];
	int count;
};

/* Slabs are counted, not objects: what's free in them is taken, too. */
static void read_caches(struct caches *caches)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	struct cache *cache = caches->cache;
	char line[256];
	long pages, slabs;

	caches->count = 0;
	while (file && fgets(line, sizeof(line), file) &&
	       caches->count < CACHES_MAX) {
		if (sscanf(line,
			   "%63s %*d %*d %*d %*d %ld : tunables %*d %*d %*d : "
			   "slabdata %*d %ld",
			   cache->name, &pages, &slabs) != 3)
			continue;
		cache->bytes = pages * slabs * sysconf(_SC_PAGESIZE);
		cache++;
		caches->count++;
	}
	if (file)
		fclose(file);
}

static long bytes_before(const struct caches *before, const char *name)
{
	for (int i = 0; i < before->count; i++)
		if (!strcmp(before->cache[i].name, name))
			return before->cache[i].bytes;
	return 0;
}

/* Those that a socket takes a word of at least. */
static void print_caches(const struct caches *before, const struct caches *after)
{
	for (int i = 0; i < after->count; i++) {
		const struct cache *cache = &after->cache[i];
		long bytes = cache->bytes - bytes_before(before, cache->name);

		if (bytes / SOCKETS >= 8)
			printf("memory in %s,AES-128-GCM,-,%d,%ld,,bytes a "
			       "socket\n",
			       cache->name, SOCKETS, bytes / SOCKETS);
	}
}

static void open_all(int *fd, int peer)
{
	struct rlimit limit = { SOCKETS + 100, SOCKETS + 100 };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		err(1, "RLIMIT_NOFILE");
	for (int i = 0; i < SOCKETS; i++) {
		fd[i] = bed_socket(BED_IPV4, SOCK_DGRAM, 0);
		if (fd[i] < 0 || bed_bind(fd[i], BED_IPV4) ||
		    bed_connect(fd[i], peer))
			err(1, "socket %d", i);
	}
}

static void attach_all(const int *fd, const struct secret *secret)
{
	for (int i = 0; i < SOCKETS; i++)
		if (dtls_attach(fd[i]) ||
		    dtls_key(fd[i], TLS_TX, secret, 1, 0) ||
		    dtls_key(fd[i], TLS_RX, secret, 1, 0))
			err(1, "attached socket %d", i);
}

/* What the first ones need once for all is no socket's cost. */
static void warm_up(const struct secret *secret)
{
	int fd[2];

	if (bed_pair(BED_IPV4, fd) || dtls_attach(fd[0]) ||
	    dtls_key(fd[0], TLS_TX, secret, 1, 0) ||
	    dtls_key(fd[0], TLS_RX, secret, 1, 0))
		err(1, "attached socket");
	close(fd[0]);
	close(fd[1]);
}

static void print_row(const char *name, long kilobytes)
{
	printf("memory%s,AES-128-GCM,-,%d,%.0f,,bytes a socket\n", name,
	       SOCKETS, 1024.0 * (double)kilobytes / SOCKETS);
}

void measure_memory(void)
{
	static int fd[SOCKETS];
	static struct caches caches_before, caches_after;
	struct meminfo before, after;
	struct secret secret;
	int peer = bed_socket(BED_IPV4, SOCK_DGRAM, 0);

	secret_make(&secret, cipher_by_name("AES-128-GCM"), 1);
	if (bed_bind(peer, BED_IPV4))
		err(1, "socket");
	warm_up(&secret);
	open_all(fd, peer);
	read_caches(&caches_before);
	before = read_meminfo();
	attach_all(fd, &secret);
	after = read_meminfo();
	read_caches(&caches_after);
	for (int i = 0; i < SOCKETS; i++)
		close(fd[i]);
	close(peer);
	print_row("", after.slab + after.percpu + after.vmalloc - before.slab -
			      before.percpu - before.vmalloc);
	print_row("-slab", after.slab - before.slab);
	print_row("-percpu", after.percpu - before.percpu);
	print_row("-vmalloc", after.vmalloc - before.vmalloc);
	print_row("-free", before.free - after.free);
	print_caches(&caches_before, &caches_after);
}
