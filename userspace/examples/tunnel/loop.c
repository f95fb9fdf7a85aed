// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "ending.h"
#include "loop.h"

#define EVENTS_A_TURN 64

/**
 * struct loop - the loop
 * @epoll: what's watched
 * @events: of this turn
 * @count: how many of them there are
 * @now: time of this turn
 * @signals: a file that tells of them
 * @on_signal: for that
 * @ends: a signal asked for it
 * @report: likewise
 */
static struct loop {
	int epoll;
	struct epoll_event events[EVENTS_A_TURN];
	int count;
	uint64_t now;
	int signals;
	struct source on_signal;
	bool ends;
	bool report;
} loop;

static void take_signal(struct source *source)
{
	struct signalfd_siginfo info;

	(void)source;
	if (read(loop.signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1)
		loop.report = true;
	else
		loop.ends = true;
}

void loop_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	/* A log that nobody reads any more is no reason to end. */
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	loop.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	loop.on_signal.ready = take_signal;
	if (loop.signals < 0 || loop.epoll < 0 ||
	    loop_watch(&loop.on_signal, loop.signals))
		end_with(ENDING_SYSTEM, "epoll: %s", strerror(errno));
	loop_read_time();
}

int loop_watch(struct source *source, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	return epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

void loop_forget(struct source *source, int fd)
{
	int i;

	epoll_ctl(loop.epoll, EPOLL_CTL_DEL, fd, NULL);
	/* It may be among those that were ready in this turn. */
	for (i = 0; i < loop.count; i++)
		if (loop.events[i].data.ptr == source)
			loop.events[i].data.ptr = NULL;
}

void loop_read_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	loop.now = ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

uint64_t loop_now(void)
{
	return loop.now;
}

bool loop_turn(uint64_t until)
{
	struct source *source;
	uint64_t ms = until > loop.now ? until - loop.now : 0;
	int wait = ms < INT_MAX ? ms : INT_MAX;
	int i;

	loop.count = epoll_wait(loop.epoll, loop.events, EVENTS_A_TURN, wait);
	loop_read_time();
	for (i = 0; i < loop.count; i++) {
		source = loop.events[i].data.ptr;
		if (source)
			source->ready(source);
	}
	loop.count = 0;
	return !loop.ends;
}

bool loop_report_wanted(void)
{
	bool report = loop.report;

	loop.report = false;
	return report;
}
