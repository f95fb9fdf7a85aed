/* SPDX-License-Identifier: GPL-2.0 */
/* A thread that waits in a system call, while the test goes on. */
#ifndef SELFTESTS_WAITER_H
#define SELFTESTS_WAITER_H

#include <pthread.h>
#include <sys/types.h>

struct waiter {
	long (*call)(void *arg);
	void *arg;
	/* Set once it ended: what @call returned, and errno. */
	long value;
	int err;

	pid_t tid; /* 0 until it runs */
	pthread_t thread;
};

int waiter_begin(struct waiter *waiter, long (*call)(void *arg), void *arg);
int waiter_sleeps(const struct waiter *waiter);
long waiter_end(struct waiter *waiter);

#endif /* SELFTESTS_WAITER_H */
