// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <linux/dtls.h>

#include "kernel.h"
#include "paint.h"
#include "tool.h"

static bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool good;

	if (!file)
		return false;
	good = fgets(line, size, file);
	fclose(file);
	if (good)
		line[strcspn(line, "\n")] = '\0';
	return good;
}

/* Does @list of the kernel's modules have @name.ko, compressed or not? */
static bool is_listed(const char *list, const char *name)
{
	char path[512], line[4096], file[64];
	struct utsname kernel;
	bool found = false;
	FILE *stream;

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/%s", kernel.release, list);
	snprintf(file, sizeof(file), "/%s.ko", name);
	stream = fopen(path, "re");
	if (!stream)
		return false;
	while (!found && fgets(line, sizeof(line), stream)) {
		line[strcspn(line, ":\n")] = '\0';
		found = strstr(line, file);
	}
	fclose(stream);
	return found;
}

void kernel_module(const char *name, struct module_state *state)
{
	char path[256];

	memset(state, 0, sizeof(*state));
	snprintf(path, sizeof(path), "/sys/module/%s", name);
	state->loaded = !access(path, F_OK) ||
			is_listed("modules.builtin", name);
	state->available = state->loaded || is_listed("modules.dep", name);
	snprintf(path, sizeof(path), "/sys/module/%s/version", name);
	if (read_line(path, state->version, sizeof(state->version)))
		tame(state->version);
}

enum attach_hook kernel_hook(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enum attach_hook hook = HOOK_NONE;

	if (fd < 0)
		return hook;
	/* Without it nobody knows the option; else the socket lacks a peer. */
	if (!setsockopt(fd, IPPROTO_UDP, UDP_ULP, DTLS_ULP_NAME,
			sizeof(DTLS_ULP_NAME)) ||
	    errno != ENOPROTOOPT)
		hook = HOOK_KERNEL;
	else if (!setsockopt(fd, IPPROTO_IP, DTLS_SO_ULP, DTLS_ULP_NAME,
			     sizeof(DTLS_ULP_NAME)) ||
		 errno != ENOPROTOOPT)
		hook = HOOK_MODULE;
	close(fd);
	return hook;
}

bool kernel_wants_signatures(void)
{
	char line[64];

	if (read_line("/sys/module/module/parameters/sig_enforce", line,
		      sizeof(line)) &&
	    line[0] == 'Y')
		return true;
	return read_line("/sys/kernel/security/lockdown", line, sizeof(line)) &&
	       !strstr(line, "[none]");
}

/* DKMS has, or had, the module's source; this kernel hasn't got the module. */
static bool has_source(void)
{
	glob_t found = { 0 };
	bool has = !access("/var/lib/dkms/dtls", F_OK) ||
		   !glob("/usr/src/dtls-[0-9]*", 0, NULL, &found);

	globfree(&found);
	return has;
}

static const char *advice_to_build(void)
{
	static char advice[192];
	struct utsname kernel;

	uname(&kernel);
	snprintf(advice, sizeof(advice),
		 "not built for this kernel (for 6.1, 6.12): install linux-headers-%.65s, then dkms autoinstall, modprobe dtls",
		 kernel.release);
	return advice;
}

const char *kernel_module_advice(const struct module_state *state)
{
	if (state->loaded)
		return "load the module anew: modprobe -r dtls, modprobe dtls";
	if (!state->available && has_source())
		return advice_to_build();
	if (!state->available)
		return "install it (package dtls-dkms, or make dkms), then modprobe dtls";
	if (kernel_wants_signatures())
		return "modprobe dtls, signed with a key that this kernel trusts (Secure Boot)";
	return "modprobe dtls";
}

void kernel_want_module(void)
{
	struct module_state dtls;

	kernel_module("dtls", &dtls);
	if (!dtls.loaded && kernel_hook() == HOOK_NONE)
		fail(ENDING_NO_DTLS, "the kernel has no DTLS: %s",
		     kernel_module_advice(&dtls));
}

void kernel_enter(const char *netns)
{
	char path[256];
	int fd;

	if (!netns)
		return;
	if (!*netns || !strcmp(netns, ".") || !strcmp(netns, "..") ||
	    strchr(netns, '/') || strlen(netns) > 200)
		fail(ENDING_USAGE,
		     "--net %s: write a name that ip netns list has", netns);
	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fail(ENDING_USAGE,
		     "--net %s: there's no such namespace (ip netns list)",
		     netns);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(ending_of(errno), "--net %s: %s%s", netns, strerror(errno),
		     errno == EPERM ? ": do it as root" : "");
	close(fd);
}
