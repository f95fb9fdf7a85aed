// SPDX-License-Identifier: GPL-2.0
/*
 * By the clock, on two processors: how many datagrams a second one sender, and
 * two on the same socket, get out when nobody reads, and how many a second go
 * from a sender to a reader; with the time and the cycles of their threads.
 */
#include <err.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define SECOND 1000000000ULL

static atomic_int stop;

struct worker {
	pthread_t thread;
	int (*call)(struct run *run);
	struct run *run;
	int cpu;
	int error;
	uint64_t calls, cpu_ns, cycles;
};

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

/* Of the calling thread; -1 where the machine counts none. */
static int open_cycles(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_CPU_CYCLES,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t close_cycles(int fd)
{
	uint64_t cycles = 0;

	if (fd < 0)
		return 0;
	if (read(fd, &cycles, sizeof(cycles)) != sizeof(cycles))
		cycles = 0;
	close(fd);
	return cycles;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *work(void *arg)
{
	struct worker *worker = arg;
	uint64_t begin;
	int cycles;

	pin(worker->cpu);
	cycles = open_cycles();
	begin = now(CLOCK_THREAD_CPUTIME_ID);
	while (!atomic_load(&stop)) {
		if (!worker->call(worker->run)) {
			worker->calls++;
		} else if (errno != EAGAIN && errno != ENOBUFS) {
			worker->error = errno;
			break;
		}
	}
	worker->cpu_ns = now(CLOCK_THREAD_CPUTIME_ID) - begin;
	worker->cycles = close_cycles(cycles);
	return NULL;
}

static void print_row(const char *what, const struct mode *mode,
		      const struct run *run, const struct worker *workers,
		      int count, uint64_t ns)
{
	uint64_t calls = 0, cpu_ns = 0, cycles = 0;
	double datagrams;

	for (int i = 0; i < count; i++) {
		/* Of a sender and a reader, the reader's. */
		calls = strcmp(what, "transfer") ? calls + workers[i].calls :
						   workers[i].calls;
		cpu_ns += workers[i].cpu_ns;
		cycles += workers[i].cycles;
	}
	datagrams = (double)calls * run->batch;
	printf("%s,%s,%s,%zux%u,%.0f,%.0f,", what, mode->name,
	       run->cipher ? run->cipher->name : "-", run->size, run->batch,
	       datagrams * SECOND / (double)ns, (double)cpu_ns / datagrams);
	if (cycles)
		printf("%.0f", (double)cycles / datagrams);
	printf("\n");
	fflush(stdout);
}

static void run_workers(const char *what, const struct mode *mode,
			struct worker *workers, int count)
{
	struct timespec pause = { .tv_sec = 1 };
	uint64_t begin;

	atomic_store(&stop, 0);
	for (int i = 0; i < count; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			err(1, "thread");
	begin = now(CLOCK_MONOTONIC);
	nanosleep(&pause, NULL);
	atomic_store(&stop, 1);
	begin = now(CLOCK_MONOTONIC) - begin;
	for (int i = 0; i < count; i++) {
		pthread_join(workers[i].thread, NULL);
		errno = workers[i].error;
		if (errno)
			err(1, "%s, %s", what, mode->name);
	}
	print_row(what, mode, workers[0].run, workers, count, begin);
}

/* Nobody reads: what doesn't fit the receiver's queue is dropped there. */
static void senders(const struct mode *mode, struct run *run, int count)
{
	struct worker workers[2] = {};

	for (int i = 0; i < count; i++) {
		workers[i].call = mode->send;
		workers[i].run = run;
		workers[i].cpu = i;
	}
	run_workers(count == 1 ? "sender" : "senders", mode, workers, count);
}

static void transfer(const struct mode *mode, struct run *run)
{
	struct worker workers[2] = {
		{ .call = mode->send, .run = run, .cpu = 0 },
		{ .call = mode->recv, .run = run, .cpu = 1 },
	};

	run_workers("transfer", mode, workers, 2);
}

static void drain(const struct mode *mode, struct run *run)
{
	while (!mode->recv(run))
		;
}

/*
 * @rounds: so often, since other load comes and goes
 * Return: 0; -1 if the mode doesn't work here.
 */
int measure_wall(const struct mode *mode, struct run *run, unsigned int rounds)
{
	if (mode->send(run) || limit_wait(run->fd[1], 100000))
		return -1;
	for (unsigned int i = 0; i < rounds; i++) {
		drain(mode, run);
		transfer(mode, run);
		if (!mode->has_state) {
			senders(mode, run, 1);
			senders(mode, run, 2);
		}
	}
	return 0;
}
