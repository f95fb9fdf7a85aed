/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Which processes have a socket open, as far as /proc may be read. */
#ifndef KDTLS_TOOL_PROCESSES_H
#define KDTLS_TOOL_PROCESSES_H

#include <stddef.h>

/**
 * struct holder - a descriptor of a process
 * @inode: the socket's
 * @pid: whose
 * @fd: which
 * @name: the process's, as it calls itself
 */
struct holder {
	unsigned int inode;
	unsigned int pid;
	unsigned int fd;
	char name[32];
};

/* All of sockets, in an array to be freed; sorted by inode. NULL: no memory. */
struct holder *processes_get(size_t *count);

#endif
