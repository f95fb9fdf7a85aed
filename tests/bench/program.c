// SPDX-License-Identifier: GPL-2.0
/* A server and a client of the tunnel, each a process in one of the namespaces. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

/* IPv4 and UDP, header, explicit nonce and tag of a record. */
#define OVERHEAD (28 + 13 + 8 + 16)
#define MTU_MAX  9000 /* of the program's */
#define SECTIONS                                  \
	"[tunnel]\ndevice = tunnel\npsk = keys\n" \
	"ciphers = PSK-AES128-GCM-SHA256\n"       \
	"crypto = %s\nmtu = %d\n%s"

static const char server[] = "[server]\nlisten = 192.0.2.1:4433\n"
			     "address = 198.51.100.1/24\n";
static const char client[] = "[client]\nserver = 192.0.2.1:4433\n";

/* One of the processes, and what it says. */
struct program {
	pid_t pid;
	FILE *said;
};

__attribute__((format(printf, 2, 3))) static int write_file(const char *name,
							    const char *format,
							    ...)
{
	FILE *file = fopen(name, "we");
	va_list args;

	if (!file)
		return -1;
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	return fclose(file);
}

/* Of the same build as this program. */
static int find_program(char path[PATH_MAX])
{
	static const char from_here[] = "../../userspace/kdtls-tunnel";
	ssize_t n =
		readlink("/proc/self/exe", path, PATH_MAX - sizeof(from_here));

	if (n < 0)
		return -1;
	path[n] = '\0';
	strcpy(strrchr(path, '/') + 1, from_here);
	if (!access(path, X_OK))
		return 0;
	/* It isn't the kernel that lacks something. */
	errno = ENOEXEC;
	return -1;
}

static int run_program(struct program *program, const char *path,
		       const char *config)
{
	int ends[2];

	if (pipe(ends))
		return -1;
	program->pid = fork();
	if (program->pid < 0)
		return -1;
	if (!program->pid) {
		/* It mustn't outlive a benchmark that gives up. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl(path, path, "--config", config, NULL);
		_exit(127);
	}
	close(ends[1]);
	program->said = fdopen(ends[0], "r");
	return program->said ? 0 : -1;
}

/* Waits until it says so. What it says instead is for whoever runs the bench. */
static int wait_for(struct program *program, const char *ready)
{
	char line[512];

	while (fgets(line, sizeof(line), program->said)) {
		if (strstr(line, ready))
			return 0;
		fputs(line, stderr);
	}
	errno = EIO;
	return -1;
}

static int start(const struct run *run, struct program *program, int where,
		 const char *config, const char *ready)
{
	char path[PATH_MAX];
	int err;

	if (find_program(path) || link_enter(run->link, where))
		return -1;
	err = run_program(program, path, config);
	if (link_enter(run->link, LINK_NEAR) || err)
		return -1;
	return wait_for(program, ready);
}

int program_join(struct run *run, const char *crypto)
{
	struct program *programs = calloc(2, sizeof(*programs));
	int mtu = mtu_for(run->size) - OVERHEAD;

	run->state = programs;
	if (mtu > MTU_MAX) {
		errno = EOPNOTSUPP;
		return -1;
	}
	/* What udev does at a machine's start, where there is one. */
	if (link_command("modprobe -q tun"))
		return -1;
	if (write_file("keys", "far %032d\n", 1) ||
	    write_file("server.conf", SECTIONS, crypto, mtu, server) ||
	    write_file("client.conf", SECTIONS, crypto, mtu, client))
		return -1;
	if (start(run, &programs[0], LINK_NEAR, "server.conf", "listening on"))
		return -1;
	return start(run, &programs[1], LINK_FAR, "client.conf", "connected to");
}

void program_end(struct run *run)
{
	struct program *programs = run->state;

	for (int i = 1; i >= 0; i--) {
		if (programs[i].pid > 0) {
			kill(programs[i].pid, SIGTERM);
			waitpid(programs[i].pid, NULL, 0);
		}
		if (programs[i].said)
			fclose(programs[i].said);
	}
	free(programs);
}
