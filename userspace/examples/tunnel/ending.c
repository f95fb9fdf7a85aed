// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "ending.h"

#define STRANGERS_A_SECOND 10

/* Whole, so that lines of several processes on one terminal don't mix. */
static void print_line(const char *prefix, const char *format, va_list ap)
{
	char line[512];
	int n = snprintf(line, sizeof(line), "%s", prefix);

	n += vsnprintf(line + n, sizeof(line) - n, format, ap);
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n] = '\n';
	/* There's nobody else to tell if that fails. */
	if (write(STDERR_FILENO, line, n + 1) < 0)
		return;
}

void say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_line("", format, ap);
	va_end(ap);
}

void say_of_strangers(const char *format, ...)
{
	static unsigned int said, unsaid;
	static time_t second;
	struct timespec now;
	va_list ap;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != second) {
		if (unsaid)
			say("%u more of these", unsaid);
		second = now.tv_sec;
		said = 0;
		unsaid = 0;
	}
	if (said++ >= STRANGERS_A_SECOND) {
		unsaid++;
		return;
	}
	va_start(ap, format);
	print_line("", format, ap);
	va_end(ap);
}

void end_with(enum ending ending, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	print_line("kdtls-tunnel: ", format, ap);
	va_end(ap);
	exit(ending);
}

enum ending ending_of(int error)
{
	return error == EPERM || error == EACCES ? ENDING_PERMISSION :
						   ENDING_SYSTEM;
}

void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (!path || strlen(path) >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, strlen(path));
	/* An abstract one. */
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Who asked to be told and doesn't listen has itself to blame. */
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		   (struct sockaddr *)&to,
		   offsetof(struct sockaddr_un, sun_path) + strlen(path)) < 0)
		say("the service manager isn't there: %s", strerror(errno));
	close(fd);
}
