// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "waiter.h"

static void *waiter_run(void *arg)
{
	struct waiter *waiter = arg;

	__atomic_store_n(&waiter->tid, gettid(), __ATOMIC_RELEASE);
	errno = 0;
	waiter->value = waiter->call(waiter->arg);
	waiter->err = errno;
	return NULL;
}

/* Return: 0 once the thread sleeps in @call; -1 with errno set. */
int waiter_begin(struct waiter *waiter, long (*call)(void *arg), void *arg)
{
	*waiter = (struct waiter) { .call = call, .arg = arg };
	errno = pthread_create(&waiter->thread, NULL, waiter_run, waiter);
	return errno ? -1 : waiter_sleeps(waiter);
}

/* Return: 0 when the thread sleeps. */
int waiter_sleeps(const struct waiter *waiter)
{
	char path[64], state = 0;

	while (state != 'S') {
		pid_t tid = __atomic_load_n(&waiter->tid, __ATOMIC_ACQUIRE);
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
		file = tid ? fopen(path, "r") : NULL;
		if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = 0;
		if (file)
			fclose(file);
		sched_yield();
	}
	return 0;
}

/* Return: what the call returned, with its errno, once it ended. */
long waiter_end(struct waiter *waiter)
{
	pthread_join(waiter->thread, NULL);
	errno = waiter->err;
	return waiter->value;
}
