/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One run of a scenario, on plain UDP sockets or on attached ones with keys,
 * and what it saw, in lines that can be compared. A sniffer is beside it.
 */
#ifndef SELFTESTS_RUN_H
#define SELFTESTS_RUN_H

#include <stdint.h>
#include <sys/socket.h>

#include "bed.h"
#include "sniffer.h"

enum {
	RUN_LINES = 1000,
	RUN_LINE = 200,
};

struct run {
	struct bed bed; /* @fd and @peer are alike */
	int keyed;
	uint64_t refused; /* records that the scenario means to be refused */
	struct sniffer sniffer;
	unsigned int texts; /* that were sent, long enough to be found */
	unsigned int line_count;
	char lines[RUN_LINES][RUN_LINE];
};

/* A line that isn't the same on a socket with keys, by intent. */
struct difference {
	const char *plain, *keyed;
	const char *why;
	unsigned int families; /* bits, 1 << enum bed_family; 0: all */
};

#define DIFFERS(plain, keyed, why)   \
	{                            \
		plain, keyed, why, 0 \
	}
#define DIFFERS_ON(families, plain, keyed, why) \
	{                                       \
		plain, keyed, why, families     \
	}
#define ON_IPV4 (1U << BED_IPV4 | 1U << BED_MAPPED)
#define ON_IPV6 (1U << BED_IPV6)

/* Functions return -1 with errno set, as system calls do, unless they say. */
int run_begin(struct run *run, enum bed_family family, int keyed);
int run_attach(struct run *run, int fd, int side, unsigned int association);
int run_attach_at(struct run *run, int fd, int side, unsigned int association,
		  uint64_t seq);
void run_close_peer(struct run *run);
int run_end(struct run *run);
ssize_t run_send(struct run *run, int fd, unsigned int id, size_t len,
		 int flags);
size_t run_overhead(const struct run *run);
const char *run_problem(const struct run *run);
const char *run_mismatch(const struct run *plain, const struct run *keyed,
			 const struct difference *differences);

void tell(struct run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void see(struct run *run, long value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void see_text(struct run *run, const void *text, ssize_t len);
void see_message(struct run *run, struct msghdr *msg, ssize_t n);
void see_recv(struct run *run, int fd, size_t len, int flags);
void see_poll(struct run *run, int fd, short events);
void see_option(struct run *run, int fd, int level, int name);
int set_option(int fd, int level, int name, int value);

#endif /* SELFTESTS_RUN_H */
